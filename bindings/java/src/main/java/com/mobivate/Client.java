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
 * Creates API keys for Mobivate accounts, asks for them and tests them, one call at a time, and keeps its connection for the next one.
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

    private static final String BUSY = "The client is in a call on another thread.";

    private static final Executor THREAD_OF_ITS_OWN = task -> {
        Thread thread = new Thread(task, "mobivate");
        thread.setDaemon(true);
        thread.start();
    };

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
     * @throws UnsatisfiedLinkError libmobivate is missing, older than 1.1, or not version 1
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
        return run(creating(NativeText.of(username), NativeText.of(password)));
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
        return run(creating(NativeText.of(username), NativeText.of(password)));
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
        return run(creating(NativeText.of(username), NativeText.of(password)));
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
        return createKeyAsync(username, password, THREAD_OF_ITS_OWN);
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
        return start(creating(NativeText.of(username), NativeText.of(password)), executor);
    }

    /**
     * Asks for the API key that an account has now, and changes none: after {@link KeyState#UNKNOWN} it settles which
     * key is valid. Sends at most one request.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise; a string cannot be wiped
     * @return the key, to be closed
     * @throws MobivateException the service did not hand over a key
     * @throws IllegalStateException the client is closed
     */
    public ApiKey getKey(String username, String password) throws MobivateException {
        return run(asking(NativeText.of(username), NativeText.of(password)));
    }

    /**
     * The same with a password that the caller can wipe.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise, once encoded
     * @return the key, to be closed
     * @throws MobivateException the service did not hand over a key
     * @throws IllegalStateException the client is closed
     */
    public ApiKey getKey(String username, char[] password) throws MobivateException {
        return run(asking(NativeText.of(username), NativeText.of(password)));
    }

    /**
     * The same with a password that the caller can wipe.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise
     * @return the key, to be closed
     * @throws MobivateException the service did not hand over a key
     * @throws IllegalStateException the client is closed
     */
    public ApiKey getKey(String username, byte[] password) throws MobivateException {
        return run(asking(NativeText.of(username), NativeText.of(password)));
    }

    /**
     * Asks for the key in a daemon thread of its own. The future is like that of {@link #createKeyAsync(String, char[])}.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise, once encoded; it is copied before this returns, and may be wiped at once
     * @return the key, to be closed
     */
    public CompletableFuture<ApiKey> getKeyAsync(String username, char[] password) {
        return getKeyAsync(username, password, THREAD_OF_ITS_OWN);
    }

    /**
     * The same by an executor, one of whose threads is blocked during the call.
     *
     * @param username at most 65536 bytes of UTF-8
     * @param password likewise, once encoded; it is copied before this returns, and may be wiped at once
     * @param executor runs the call
     * @return the key, to be closed
     */
    public CompletableFuture<ApiKey> getKeyAsync(String username, char[] password, Executor executor) {
        return start(asking(NativeText.of(username), NativeText.of(password)), executor);
    }

    /**
     * Asks whether the service accepts an API key. Changes nothing, and sends at most one request.
     *
     * @param key as it was handed over; it stays open
     * @return true where the service accepts it, false where it refuses it
     * @throws MobivateException neither is known
     * @throws IllegalStateException the client or the key is closed
     */
    public boolean testKey(ApiKey key) throws MobivateException {
        return run(testing(key.toNativeText()));
    }

    /**
     * The same with a string, which cannot be wiped.
     *
     * @param key 1 to 4096 characters of printable ASCII without spaces
     * @return true where the service accepts it, false where it refuses it
     * @throws MobivateException neither is known
     * @throws IllegalStateException the client is closed
     */
    public boolean testKey(String key) throws MobivateException {
        return run(testing(NativeText.of(key)));
    }

    /**
     * The same with a key that the caller can wipe.
     *
     * @param key 1 to 4096 characters of printable ASCII without spaces
     * @return true where the service accepts it, false where it refuses it
     * @throws MobivateException neither is known
     * @throws IllegalStateException the client is closed
     */
    public boolean testKey(char[] key) throws MobivateException {
        return run(testing(NativeText.of(key)));
    }

    /**
     * The same with a key that the caller can wipe.
     *
     * @param key 1 to 4096 bytes of printable ASCII without spaces
     * @return true where the service accepts it, false where it refuses it
     * @throws MobivateException neither is known
     * @throws IllegalStateException the client is closed
     */
    public boolean testKey(byte[] key) throws MobivateException {
        return run(testing(NativeText.of(key)));
    }

    /**
     * Tests a key in a daemon thread of its own. The future is like that of {@link #createKeyAsync(String, char[])}.
     *
     * @param key 1 to 4096 characters of printable ASCII without spaces; it is copied before this returns, and may be
     *     wiped at once
     * @return true where the service accepts it, false where it refuses it
     */
    public CompletableFuture<Boolean> testKeyAsync(char[] key) {
        return testKeyAsync(key, THREAD_OF_ITS_OWN);
    }

    /**
     * The same by an executor, one of whose threads is blocked during the call.
     *
     * @param key 1 to 4096 characters of printable ASCII without spaces; it is copied before this returns, and may be
     *     wiped at once
     * @param executor runs the call
     * @return true where the service accepts it, false where it refuses it
     */
    public CompletableFuture<Boolean> testKeyAsync(char[] key, Executor executor) {
        return start(testing(NativeText.of(key)), executor);
    }

    /**
     * Closes the connection and wipes what the client holds. A call on another thread is cancelled, and ends within
     * 50 ms. Closing twice is fine.
     */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            if (running == null) {
                freeing.clean();
            } else {
                library.mbv_cancel(pointer); // The call frees the client, once it has asked how it ended.
            }
        }
    }

    private Operation<ApiKey> creating(NativeText username, NativeText password) {
        return new KeyOperation(library::mbv_create_key, " The old key still works.", username, password);
    }

    private Operation<ApiKey> asking(NativeText username, NativeText password) {
        return new KeyOperation(library::mbv_get_key, "", username, password);
    }

    private Operation<Boolean> testing(NativeText key) {
        return new TestOperation(key);
    }

    private <T> T run(Operation<T> operation) throws MobivateException {
        try (operation) {
            return operation.run(new Call());
        }
    }

    private <T> CompletableFuture<T> start(Operation<T> operation, Executor executor) {
        Pending<T> pending = new Pending<>(operation);
        try {
            executor.execute(pending::run);
        } catch (RuntimeException | Error error) {
            pending.completeExceptionally(error);
            throw error;
        }
        return pending;
    }

    /** What a call asks of the library, with its texts, which are wiped when it is closed. */
    private abstract class Operation<T> implements AutoCloseable {
        /** What is true of the old key before anything is sent; empty where the operation cannot change it. */
        final String unsent;

        private final NativeText[] texts;

        Operation(String unsent, NativeText... texts) {
            this.unsent = unsent;
            this.texts = texts;
        }

        /** Calls the library, and returns the status. */
        abstract int call();

        abstract boolean isAnswer(int status);

        /** What comes of a status that is an answer. */
        abstract T result(int status);

        /** Closes a result that nobody takes. */
        abstract void drop(T result);

        T run(Call call) throws MobivateException {
            begin(call);
            try {
                int status;
                call.enter();
                try {
                    status = call();
                } finally {
                    call.leave();
                }
                if (!isAnswer(status)) {
                    throw failure(Status.of(status));
                }
                return result(status);
            } finally {
                end();
                Reference.reachabilityFence(Client.this);
            }
        }

        @Override
        public void close() {
            for (NativeText text : texts) {
                text.close();
            }
        }
    }

    /** A function of the library that hands over a key. */
    private interface KeyFunction {
        int call(
                ClientPointer client,
                Pointer username,
                SizeT usernameSize,
                Pointer password,
                SizeT passwordSize,
                Pointer key,
                SizeT keyCapacity,
                SizeTByReference keySize);
    }

    private final class KeyOperation extends Operation<ApiKey> {
        private final KeyFunction function;
        private final NativeText username;
        private final NativeText password;
        private Memory key;
        private int size;

        KeyOperation(KeyFunction function, String unsent, NativeText username, NativeText password) {
            super(unsent, username, password);
            this.function = function;
            this.username = username;
            this.password = password;
        }

        @Override
        int call() {
            key = new Memory(KEY_CAPACITY);
            try (SizeTByReference keySize = new SizeTByReference()) {
                int status = function.call(
                        pointer,
                        username.pointer(),
                        username.size(),
                        password.pointer(),
                        password.size(),
                        key,
                        new SizeT(KEY_CAPACITY),
                        keySize);
                size = (int) keySize.value();
                return status;
            }
        }

        @Override
        boolean isAnswer(int status) {
            return status == Status.OK;
        }

        @Override
        ApiKey result(int status) {
            ApiKey handedOver = new ApiKey(key, size);
            key = null;
            return handedOver;
        }

        @Override
        void drop(ApiKey result) {
            result.close();
        }

        @Override
        public void close() {
            super.close();
            if (key != null) {
                key.clear();
                key.close();
            }
        }
    }

    private final class TestOperation extends Operation<Boolean> {
        private final NativeText key;

        TestOperation(NativeText key) {
            super("", key);
            this.key = key;
        }

        @Override
        int call() {
            return library.mbv_test_key(pointer, key.pointer(), key.size());
        }

        @Override
        boolean isAnswer(int status) {
            return status == Status.OK || status == Status.CREDENTIALS.value();
        }

        @Override
        Boolean result(int status) {
            return status == Status.OK;
        }

        @Override
        void drop(Boolean result) {}
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
            if (closed) {
                freeing.clean();
            }
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

    /** A call that is being made by an executor. */
    private final class Pending<T> extends CompletableFuture<T> {
        private final Call call = new Call();
        private final Operation<T> operation;
        private final AtomicBoolean claimed = new AtomicBoolean();
        private volatile boolean toBeCancelled;

        Pending(Operation<T> operation) {
            this.operation = operation;
            whenComplete((result, error) -> giveUp()); // Whoever has completed it.
        }

        void run() {
            if (!claimed.compareAndSet(false, true)) {
                return;
            }
            try (operation) {
                T result = operation.run(call);
                if (!complete(result)) {
                    operation.drop(result);
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
                operation.close();
            }
            call.cancel();
            return unclaimed;
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            toBeCancelled = true;
            if (giveUp()) {
                completeExceptionally(cancellation(new MobivateException(
                        "The call was cancelled before it began." + operation.unsent,
                        Status.CANCELLED,
                        KeyState.UNCHANGED)));
            }
            handle((result, error) -> result).join(); // Within 50 ms.
            return isCancelled();
        }

        private CancellationException cancellation(MobivateException error) {
            CancellationException cancellation = new CancellationException(error.getMessage());
            cancellation.initCause(error);
            return cancellation;
        }
    }
}
