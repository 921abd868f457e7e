// SPDX-License-Identifier: MIT
package com.mobivate;

import com.mobivate.MobivateLibrary.ClientPointer;
import com.mobivate.MobivateLibrary.SizeT;
import com.mobivate.MobivateLibrary.SizeTByReference;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Creates API keys for Mobivate accounts, one call at a time, and keeps its connection for the next one.
 *
 * <p>A call blocks its thread. It ends within 50 ms, with a {@link MobivateException} whose status is {@link
 * Status#CANCELLED}, when the thread is interrupted (the interrupt status stays set) or the client is closed.
 *
 * <p>Instances may be used by several threads; a second call at the same time fails with {@link Status#BUSY}.
 */
public final class Client implements AutoCloseable {
    static final Cleaner CLEANER = Cleaner.create();

    /** Holds the longest key there is and its NUL, so that none is left for mbv_take_key. */
    static final int KEY_CAPACITY = 4097;

    private static final String BUSY =
            "The client is in a call on another thread; that call will say whether the old key still works.";

    private final MobivateLibrary library = LibraryLoader.load();
    private final ClientPointer pointer;
    private final Cleaner.Cleanable freeing;

    /** Guards what follows, and every use of the library but the call itself and what is asked after it. */
    private final Object lock = new Object();

    private Call running;
    private boolean closed;

    /**
     * Makes a client with every option at its default.
     *
     * @throws UnsatisfiedLinkError libmobivate is missing, or its version is not 1.x
     */
    public Client() {
        MobivateLibrary functions = library;
        ClientPointer client = functions.mbv_new();
        if (client == null) {
            throw new OutOfMemoryError("Out of memory for a client.");
        }
        pointer = client;
        freeing = CLEANER.register(this, () -> functions.mbv_free(client));
    }

    /**
     * Sets where the service is.
     *
     * @param baseUrl default {@code https://api.mobivatebulksms.com}; {@code http://} is for loopback only
     * @throws IllegalArgumentException it is invalid; the message says why
     */
    public void setBaseUrl(String baseUrl) {
        setOption("base_url", baseUrl);
    }

    /**
     * Sets how long a whole call may take.
     *
     * @param timeout rounded up to whole milliseconds; default 30 s
     * @throws IllegalArgumentException it is invalid; the message says why
     */
    public void setTimeout(Duration timeout) {
        setOption("timeout_ms", milliseconds(timeout));
    }

    /**
     * Sets how long it may take to resolve, connect and shake hands.
     *
     * @param timeout rounded up to whole milliseconds; default 10 s
     * @throws IllegalArgumentException it is invalid; the message says why
     */
    public void setConnectTimeout(Duration timeout) {
        setOption("connect_timeout_ms", milliseconds(timeout));
    }

    /**
     * Sets which certificates to trust, in place of the system's.
     *
     * @param file a PEM file
     * @throws IllegalArgumentException it is invalid; the message says why
     */
    public void setCaFile(Path file) {
        setOption("ca_file", file.toString());
    }

    /**
     * Sets which certificates to trust, in place of the system's.
     *
     * @param directory holds certificates that are hashed as by {@code openssl rehash}
     * @throws IllegalArgumentException it is invalid; the message says why
     */
    public void setCaDirectory(Path directory) {
        setOption("ca_dir", directory.toString());
    }

    /**
     * Sets the proxy.
     *
     * @param proxy an http, https, socks4, socks4a, socks5 or socks5h URL, or empty for none at all; default:
     *     the environment's ({@code https_proxy}, {@code all_proxy}, {@code no_proxy}), as with curl
     * @throws IllegalArgumentException it is invalid; the message says why
     */
    public void setProxy(String proxy) {
        setOption("proxy", proxy);
    }

    /**
     * Sets the {@code User-Agent} header.
     *
     * @param userAgent default {@code libmobivate/VERSION}
     * @throws IllegalArgumentException it is invalid; the message says why
     */
    public void setUserAgent(String userAgent) {
        setOption("user_agent", userAgent);
    }

    /**
     * Sets an option by the name that it has in {@code mobivate.h}, for the calls that follow.
     *
     * @param name such as {@code timeout_ms}
     * @param value its value
     * @throws IllegalArgumentException it is invalid; the message says why
     * @throws IllegalStateException the client is closed, or in a call
     */
    public void setOption(String name, String value) {
        if (name.indexOf('\0') >= 0 || value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("The option " + name.replace("\0", "\\0") + " contains a NUL.");
        }
        try (NativeText nameText = NativeText.of(name);
                NativeText valueText = NativeText.of(value)) {
            synchronized (lock) {
                if (closed) {
                    throw closed();
                }
                if (running != null) {
                    throw new IllegalStateException(BUSY);
                }
                if (library.mbv_set(pointer, nameText.pointer(), valueText.pointer()) != Status.OK) {
                    throw new IllegalArgumentException(text(library::mbv_error_message));
                }
            }
        }
    }

    /**
     * Creates an API key for an account, which revokes the old one. Sends at most one request.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise; a string cannot be wiped
     * @return the key, to be closed
     * @throws MobivateException there is no new key; it says whether the old one still works
     * @throws IllegalStateException the client is closed
     */
    public ApiKey createKey(String username, String password) throws MobivateException {
        try (NativeText name = NativeText.of(username);
                NativeText secret = NativeText.of(password)) {
            return create(new Call(), name, secret);
        }
    }

    /**
     * The same with a password that the caller can wipe.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise, once encoded
     * @return the key, to be closed
     * @throws MobivateException there is no new key; it says whether the old one still works
     * @throws IllegalStateException the client is closed
     */
    public ApiKey createKey(String username, char[] password) throws MobivateException {
        try (NativeText name = NativeText.of(username);
                NativeText secret = NativeText.of(password)) {
            return create(new Call(), name, secret);
        }
    }

    /**
     * The same with a password that the caller can wipe.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise
     * @return the key, to be closed
     * @throws MobivateException there is no new key; it says whether the old one still works
     * @throws IllegalStateException the client is closed
     */
    public ApiKey createKey(String username, byte[] password) throws MobivateException {
        try (NativeText name = NativeText.of(username);
                NativeText secret = NativeText.of(password)) {
            return create(new Call(), name, secret);
        }
    }

    /**
     * Creates a key in a daemon thread of its own.
     *
     * <p>The future fails with the {@link MobivateException}, or with an {@link IllegalStateException} where
     * the client is closed. {@link CompletableFuture#cancel} ends the call, and returns when it has ended:
     * the {@link CancellationException} says in its message whether the old key still works, and its cause is the
     * {@link MobivateException}. A future that is completed by somebody else, by {@link
     * CompletableFuture#orTimeout} for example, ends the call too, and its key state is lost: {@link
     * #setTimeout} keeps it. Cancelling a future that depends on this one does not end the call.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise, once encoded; it is copied before this returns, and may be wiped at once
     * @return the key, to be closed
     */
    public CompletableFuture<ApiKey> createKeyAsync(String username, char[] password) {
        return createKeyAsync(username, password, task -> {
            Thread thread = new Thread(task, "mobivate");
            thread.setDaemon(true);
            thread.start();
        });
    }

    /**
     * The same by an executor, one of whose threads is blocked during the call.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise, once encoded; it is copied before this returns, and may be wiped at once
     * @param executor runs the call
     * @return the key, to be closed
     */
    public CompletableFuture<ApiKey> createKeyAsync(String username, char[] password, Executor executor) {
        PendingKey pending = new PendingKey(NativeText.of(username), NativeText.of(password));
        try {
            executor.execute(pending::run);
        } catch (RuntimeException | Error error) {
            pending.completeExceptionally(error);
            throw error;
        }
        return pending;
    }

    /**
     * Closes the connection and wipes what the client holds. A call on another thread is cancelled, and has ended
     * when this returns. Closing twice is fine.
     */
    @Override
    public void close() {
        boolean interrupted = false;
        synchronized (lock) {
            closed = true;
            if (running != null) {
                library.mbv_cancel(pointer);
            }
            while (running != null) {
                try {
                    lock.wait();
                } catch (InterruptedException error) {
                    interrupted = true; // The wait is short, and there is nothing that could be done sooner.
                }
            }
        }
        freeing.clean();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private ApiKey create(Call call, NativeText username, NativeText password) throws MobivateException {
        Memory key = new Memory(KEY_CAPACITY);
        boolean created = false;
        try {
            begin(call);
            try (SizeTByReference size = new SizeTByReference()) {
                int result;
                call.enter();
                try {
                    result = library.mbv_create_key(
                            pointer,
                            username.pointer(),
                            username.size(),
                            password.pointer(),
                            password.size(),
                            key,
                            new SizeT(KEY_CAPACITY),
                            size);
                } finally {
                    call.leave();
                }
                if (result != Status.OK) {
                    throw failure(Status.of(result));
                }
                created = true;
                return new ApiKey(key, (int) size.value());
            } finally {
                end();
                Reference.reachabilityFence(this);
            }
        } finally {
            if (!created) {
                key.clear();
                key.close();
            }
        }
    }

    private void begin(Call call) throws MobivateException {
        synchronized (lock) {
            if (closed) {
                throw closed();
            }
            if (running != null) {
                // The library would not know yet: that call may not have reached it.
                throw new MobivateException(BUSY, Status.BUSY, KeyState.UNKNOWN);
            }
            running = call;
            // What cancelled an earlier call must not cancel this one; what cancelled this one before it began must.
            library.mbv_uncancel(pointer);
            if (call.cancelled) {
                library.mbv_cancel(pointer);
            }
        }
    }

    private void end() {
        synchronized (lock) {
            running = null;
            lock.notifyAll();
        }
    }

    /** What the library says about the call that has just failed. */
    private MobivateException failure(Status status) {
        return new MobivateException(
                text(library::mbv_error_message),
                status,
                KeyState.of(library.mbv_key_state(pointer)),
                library.mbv_http_status(pointer),
                library.mbv_server_code(pointer),
                text(library::mbv_server_message),
                library.mbv_retry_after_ms(pointer));
    }

    /** Never less than was asked for; what no number can hold, the library refuses by the option's name. */
    private static String milliseconds(Duration time) {
        try {
            return Long.toString(time.plusNanos(999_999).toMillis());
        } catch (ArithmeticException tooLong) {
            return Long.toString(time.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE);
        }
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("The client is closed.");
    }

    /** A function of the library that hands out a text. */
    private interface Getter {
        SizeT get(ClientPointer client, Pointer buffer, SizeT capacity);
    }

    private String text(Getter getter) {
        int size = getter.get(pointer, null, new SizeT(0)).intValue();
        try (Memory buffer = new Memory(size + 1L)) {
            getter.get(pointer, buffer, new SizeT(size + 1L));
            return new String(buffer.getByteArray(0, size), StandardCharsets.UTF_8);
        }
    }

    /** One call, which can be cancelled. An interrupt of its thread closes it, as it closes any channel. */
    private final class Call extends AbstractInterruptibleChannel {
        private boolean cancelled;

        void enter() {
            begin();
        }

        void leave() {
            try {
                end(true);
            } catch (IOException error) {
                // The thread was interrupted: the call's status says how it ended.
            }
        }

        /** Ends this call and no other: before it begins, while it runs, or not at all when it has ended. */
        void cancel() {
            synchronized (lock) {
                cancelled = true;
                if (running == this) {
                    library.mbv_cancel(pointer);
                }
            }
        }

        @Override
        protected void implCloseChannel() {
            cancel();
        }
    }

    /** A key that is being created by an executor. */
    private final class PendingKey extends CompletableFuture<ApiKey> {
        private final Call call = new Call();
        private final NativeText username;
        private final NativeText password;
        private final AtomicBoolean claimed = new AtomicBoolean();
        private volatile boolean toBeCancelled;

        PendingKey(NativeText username, NativeText password) {
            this.username = username;
            this.password = password;
            whenComplete((key, error) -> giveUp()); // Whoever has completed it.
        }

        void run() {
            if (!claimed.compareAndSet(false, true)) {
                return;
            }
            try (username;
                    password) {
                ApiKey key = create(call, username, password);
                if (!complete(key)) {
                    key.close();
                }
            } catch (MobivateException error) {
                boolean cancelled = toBeCancelled && error.status() == Status.CANCELLED;
                completeExceptionally(cancelled ? cancellation(error) : error);
            } catch (RuntimeException | Error error) {
                completeExceptionally(error);
            }
        }

        /** Ends the call, or keeps it from beginning; returns whether it had not begun. */
        private boolean giveUp() {
            boolean unclaimed = claimed.compareAndSet(false, true);
            if (unclaimed) {
                username.close();
                password.close();
            }
            call.cancel();
            return unclaimed;
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            toBeCancelled = true;
            if (giveUp()) {
                completeExceptionally(cancellation(new MobivateException(
                        "The call was cancelled before it began. The old key still works.",
                        Status.CANCELLED,
                        KeyState.UNCHANGED)));
            }
            handle((key, error) -> key).join(); // Within 50 ms.
            return isCancelled();
        }

        private CancellationException cancellation(MobivateException error) {
            CancellationException cancellation = new CancellationException(error.getMessage());
            cancellation.initCause(error);
            return cancellation;
        }
    }
}
