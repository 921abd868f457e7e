// SPDX-License-Identifier: MIT
package com.mobivate;

/** What went wrong: the statuses of {@code mobivate.h}, without their {@code MBV_ERR_}. */
public enum Status {
    /** A text that is empty, not UTF-8 or too long. Nothing was sent. */
    INVALID_ARGUMENT(-1),

    /** An allocation failed in the library. */
    NO_MEMORY(-2),

    /** The client is in a call on another thread. */
    BUSY(-3),

    /** The thread was interrupted, the future cancelled, or the client closed. */
    CANCELLED(-4),

    /** The time allowed for the call, or for connecting, has passed. */
    TIMEOUT(-5),

    /** The host's or the proxy's name was not found. */
    RESOLVE(-6),

    /** Refused, unreachable, or refused by the proxy. */
    CONNECT(-7),

    /** The TLS handshake failed, or the certificate is not trusted. */
    TLS(-8),

    /** The connection broke. */
    TRANSPORT(-9),

    /** The server refused the user name or password (401). */
    CREDENTIALS(-10),

    /** The server asks to slow down (429); see {@link MobivateException#retryAfter()}. */
    RATE_LIMITED(-11),

    /** The server refused for another reason (any other 4xx). */
    REJECTED(-12),

    /** The server failed (5xx). */
    SERVER(-13),

    /** An answer that the service does not document. */
    PROTOCOL(-14),

    /** Never seen here: the buffer holds a key of any size. */
    BUFFER_TOO_SMALL(-15),

    /** A bug in the library. */
    INTERNAL(-99);

    /** {@code MBV_OK}: no exception. */
    static final int OK = 0;

    private final int value;

    Status(int value) {
        this.value = value;
    }

    /**
     * The status as {@code mobivate.h} defines it.
     *
     * @return the number
     */
    public int value() {
        return value;
    }

    static Status of(int value) {
        for (Status status : values()) {
            if (status.value == value) {
                return status;
            }
        }
        return INTERNAL;
    }
}
