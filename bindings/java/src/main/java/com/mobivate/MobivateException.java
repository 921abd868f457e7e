// SPDX-License-Identifier: MIT
package com.mobivate;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A call failed. The message says why, and where a key was to be created, whether the old one still works; it never
 * contains a password or a key.
 */
public final class MobivateException extends Exception {
    private static final long serialVersionUID = 1;

    private final Status status;
    private final KeyState keyState;
    private final int httpStatus;
    private final int serverCode;
    private final String serverMessage;
    private final long retryAfterMillis;

    MobivateException(
            String message,
            Status status,
            KeyState keyState,
            int httpStatus,
            int serverCode,
            String serverMessage,
            long retryAfterMillis) {
        super(message);
        this.status = status;
        this.keyState = keyState;
        this.httpStatus = httpStatus;
        this.serverCode = serverCode;
        this.serverMessage = serverMessage;
        this.retryAfterMillis = retryAfterMillis;
    }

    /** A failure of this binding's own. */
    MobivateException(String message, Status status, KeyState keyState) {
        this(message, status, keyState, 0, 0, "", -1);
    }

    /**
     * What went wrong.
     *
     * @return the status
     */
    public Status status() {
        return status == null ? Status.INTERNAL : status; // Lost in serialisation.
    }

    /**
     * Whether the account's old key still works: {@link KeyState#UNCHANGED} after a call that does not create one.
     *
     * @return the state; {@link KeyState#UNKNOWN} where serialisation has lost it
     */
    public KeyState keyState() {
        return keyState == null ? KeyState.UNKNOWN : keyState;
    }

    /**
     * The status code of the answer.
     *
     * @return 100 to 999, or nothing where no answer came
     */
    public OptionalInt httpStatus() {
        return httpStatus == 0 ? OptionalInt.empty() : OptionalInt.of(httpStatus);
    }

    /**
     * The member {@code code} of the answer's JSON body.
     *
     * @return the code, or nothing where the answer had none
     */
    public OptionalInt serverCode() {
        return serverCode == 0 ? OptionalInt.empty() : OptionalInt.of(serverCode);
    }

    /**
     * The member {@code message} of the answer's JSON body, every occurrence of a secret blanked.
     *
     * @return the message, or nothing where the answer had none
     */
    public Optional<String> serverMessage() {
        return Optional.ofNullable(serverMessage).filter(text -> !text.isEmpty());
    }

    /**
     * How long the server asked to wait.
     *
     * @return the time, or nothing where the server did not say
     */
    public Optional<Duration> retryAfter() {
        return retryAfterMillis < 0 ? Optional.empty() : Optional.of(Duration.ofMillis(retryAfterMillis));
    }
}
