// SPDX-License-Identifier: MIT
package com.mobivate;

import static com.mobivate.Standin.PASSWORD;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.sun.jna.Memory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TestWatcher;

/** What a client does that is the language's own. */
public class ClientTest {
    @Rule
    public final TestWatcher skipped = new Standin.Skipped();

    private static final char[] SECRET = PASSWORD.toCharArray();
    private static final String CLOSED = "The client is closed.";

    /** A call that is at the stand-in and stays there, on a client of its own. */
    private static final class Stalled implements AutoCloseable {
        final String username = Standin.newAccount(Standin.STALLS);
        final Client client = Standin.client();
        final CompletableFuture<ApiKey> key;

        Stalled() throws Exception {
            client.setTimeout(Duration.ofMinutes(10));
            key = client.createKeyAsync(username, SECRET);
            Standin.account(username, 1);
        }

        @Override
        public void close() {
            client.close();
        }
    }

    private static MobivateException failureOf(CompletableFuture<ApiKey> future) throws InterruptedException {
        ExecutionException error = assertThrows(ExecutionException.class, future::get);
        return (MobivateException) error.getCause();
    }

    /** Waits until the other end has seen a client's connection end. */
    private static int closedConnections(JsonObject relay, int milliseconds) throws Exception {
        String path = "/standin/relays/" + relay.get("id").getAsString();
        JsonObject facts = Standin.control("GET", path + "?closed=1&timeout_ms=" + milliseconds, null);
        return facts.get("closed").getAsInt();
    }

    private static JsonObject newRelay() throws Exception {
        return Standin.control("POST", "/standin/relays", Standin.json("{'target': 'http'}"));
    }

    @Test
    public void takesPasswordsOfThreeKinds() throws Exception {
        String username = Standin.newAccount();
        try (Client client = Standin.client()) {
            try (ApiKey key = client.createKey(username, PASSWORD)) {
                assertEquals(Standin.validKey(username), key.asString());
            }
            try (ApiKey key = client.createKey(username, SECRET)) {
                assertEquals(Standin.validKey(username), key.asString());
            }
            byte[] bytes = PASSWORD.getBytes(StandardCharsets.UTF_8);
            try (ApiKey key = client.createKey(username, bytes)) {
                assertEquals(Standin.validKey(username), key.asString());
            }
            assertEquals(PASSWORD, new String(SECRET)); // The caller's to wipe, and nobody else's.
            assertEquals(PASSWORD, new String(bytes, StandardCharsets.UTF_8));
        }
    }

    @Test
    public void askingChangesNothing() throws Exception {
        String username = Standin.newAccount();
        byte[] bytes = PASSWORD.getBytes(StandardCharsets.UTF_8);
        try (Client client = Standin.client();
                ApiKey old = client.getKey(username, SECRET)) {
            assertEquals(Standin.validKey(username), old.asString());
            assertTrue(client.testKey(old));
            try (ApiKey created = client.createKey(username, SECRET);
                    ApiKey text = client.getKey(username, PASSWORD);
                    ApiKey asBytes = client.getKey(username, bytes);
                    ApiKey later = client.getKeyAsync(username, SECRET).get()) {
                for (ApiKey key : List.of(created, text, asBytes, later)) {
                    assertEquals(Standin.validKey(username), key.asString());
                }
                assertFalse(client.testKey(old));
                assertTrue(client.testKey(created));
                assertTrue(client.testKey(created.asString()));
                assertTrue(client.testKey(created.toByteArray()));
                assertTrue(client.testKey(created.asString().toCharArray()));
                assertTrue(client.testKeyAsync(created.asString().toCharArray()).get());
            }
            assertFalse(client.testKeyAsync(old.asString().toCharArray()).get());
            assertEquals(1, Standin.requests(username));
            MobivateException error =
                    assertThrows(MobivateException.class, () -> client.getKey(username, "wrong"));
            assertEquals(Status.CREDENTIALS, error.status());
            assertEquals(KeyState.UNCHANGED, error.keyState());
            error = assertThrows(MobivateException.class, () -> client.testKey("half a \ud83d character"));
            assertEquals(Status.INVALID_ARGUMENT, error.status());
        }
    }

    @Test
    public void aTestThatHasNotBegunIsCancelledWithoutAWordOfAnOldKey() {
        try (Client client = Standin.client()) {
            CompletableFuture<Boolean> future = client.testKeyAsync(SECRET, task -> {});
            assertTrue(future.cancel(false));
            CancellationException error = assertThrows(CancellationException.class, future::join);
            assertEquals("The call was cancelled before it began.", error.getMessage());
        }
    }

    @Test
    public void halfACharacterIsNotReplaced() {
        try (Client client = Standin.client()) {
            MobivateException error = assertThrows(
                    MobivateException.class, () -> client.createKey("nobody", "half a \ud83d character"));
            assertEquals("The password is not UTF-8 at byte 0. The old key still works.", error.getMessage());
            assertEquals(Status.INVALID_ARGUMENT, error.status());
        }
    }

    @Test
    public void anExceptionCarriesEverything() throws Exception {
        String username = Standin.newAccount(Standin.json(
                "{'status': 429, 'headers': [['Retry-After', '7']], "
                        + "'body': {'code': 4290, 'message': 'Slow down'}}"));
        try (Client client = Standin.client()) {
            MobivateException error =
                    assertThrows(MobivateException.class, () -> client.createKey(username, PASSWORD));
            assertEquals(Status.RATE_LIMITED, error.status());
            assertEquals(KeyState.UNCHANGED, error.keyState());
            assertEquals(OptionalInt.of(429), error.httpStatus());
            assertEquals(OptionalInt.of(4290), error.serverCode());
            assertEquals(Optional.of("Slow down"), error.serverMessage());
            assertEquals(Optional.of(Duration.ofSeconds(7)), error.retryAfter());
            assertTrue(error.toString(), error.toString().endsWith("Slow down. The old key still works."));
        }
    }

    @Test
    public void whatAnExceptionDoesNotHaveIsEmpty() {
        try (Client client = Standin.client()) {
            client.setBaseUrl("https://"
                    + Standin.facts().getAsJsonObject("hosts").get("refused").getAsString());
            MobivateException error =
                    assertThrows(MobivateException.class, () -> client.createKey("nobody", PASSWORD));
            assertEquals(Status.CONNECT, error.status());
            assertEquals(OptionalInt.empty(), error.httpStatus());
            assertEquals(OptionalInt.empty(), error.serverCode());
            assertEquals(Optional.empty(), error.serverMessage());
            assertEquals(Optional.empty(), error.retryAfter());
        }
    }

    @Test
    public void aKeyIsWipedWhenItIsClosed() throws Exception {
        String username = Standin.newAccount();
        try (Client client = Standin.client()) {
            ApiKey key = client.createKey(username, SECRET);
            byte[] bytes = key.toByteArray();
            assertEquals(Standin.validKey(username), new String(bytes, StandardCharsets.UTF_8));
            assertEquals("ApiKey[36 bytes]", key.toString());
            Arrays.fill(bytes, (byte) 0);
            assertEquals(Standin.validKey(username), key.asString()); // Of its own.
            key.close();
            key.close();
            assertThrows(IllegalStateException.class, key::asString);
            assertThrows(IllegalStateException.class, key::toByteArray);
            assertThrows(IllegalStateException.class, () -> client.testKey(key));
            assertEquals("ApiKey[36 bytes]", key.toString());
        }
    }

    @Test
    public void aClosedClientSaysSoAndMayBeClosedAgain() {
        Client client = Standin.newClient();
        client.close();
        client.close();
        List<IllegalStateException> errors = List.of(
                assertThrows(IllegalStateException.class, () -> client.createKey("nobody", PASSWORD)),
                assertThrows(IllegalStateException.class, () -> client.getKey("nobody", SECRET)),
                assertThrows(IllegalStateException.class, () -> client.testKey("key")),
                assertThrows(IllegalStateException.class, () -> client.setTimeout(Duration.ofSeconds(1))),
                (IllegalStateException) assertThrows(
                                CompletionException.class,
                                client.createKeyAsync("nobody", SECRET)::join)
                        .getCause());
        for (IllegalStateException error : errors) {
            assertEquals(CLOSED, error.getMessage());
        }
    }

    @Test
    public void closingDuringACallEndsIt() throws Exception {
        try (Stalled stalled = new Stalled()) {
            stalled.client.close();
            MobivateException error = failureOf(stalled.key);
            assertEquals(Status.CANCELLED, error.status());
            assertEquals(KeyState.UNKNOWN, error.keyState());
        }
    }

    @Test
    public void closingFromSeveralThreadsDuringCallsIsSafe() throws Exception {
        String username = Standin.newAccount();
        for (int turn = 0; turn < 50; ++turn) {
            Client client = Standin.clientOverHttp();
            CountDownLatch begun = new CountDownLatch(1);
            List<Thread> closers = List.of(new Thread(client::close), new Thread(client::close));
            Thread caller = new Thread(() -> {
                try {
                    while (true) {
                        client.createKey(username, SECRET).close();
                        begun.countDown();
                    }
                } catch (MobivateException | IllegalStateException error) {
                    begun.countDown();
                }
            });
            caller.start();
            begun.await();
            closers.forEach(Thread::start);
            for (Thread closer : closers) {
                closer.join();
            }
            caller.join();
            assertThrows(IllegalStateException.class, () -> client.createKey(username, SECRET));
        }
    }

    @Test
    public void aForgottenClientIsFreed() throws Exception {
        JsonObject relay = newRelay();
        String username = Standin.newAccount();
        Client client = Standin.newClient();
        client.setBaseUrl(relay.get("url").getAsString());
        client.createKey(username, SECRET).close();
        assertEquals(0, closedConnections(relay, 0));
        client = null;
        int closed = 0;
        for (int turn = 0; turn < 100 && closed == 0; ++turn) {
            System.gc();
            closed = closedConnections(relay, 100);
        }
        assertEquals(1, closed);
    }

    @Test
    public void aClientInACallIsNotFreedWhenItIsForgotten() throws Exception {
        String username = Standin.newAccount(Standin.json("{'delay_ms': {'before_answer': 300}}"));
        ReferenceQueue<Client> queue = new ReferenceQueue<>();
        Client client = Standin.client();
        PhantomReference<Client> forgotten = new PhantomReference<>(client, queue);
        CompletableFuture<ApiKey> pending = client.createKeyAsync(username, SECRET);
        client = null;
        Standin.account(username, 1);
        System.gc();
        assertNull(queue.poll());
        try (ApiKey key = pending.get()) {
            assertEquals(Standin.validKey(username), key.asString());
        }
        pending = null;
        for (int turn = 0; turn < 100 && !forgotten.refersTo(null); ++turn) {
            System.gc();
            queue.remove(100);
        }
        assertTrue(forgotten.refersTo(null));
    }

    @Test
    public void aClientInACallTakesNoOtherCallAndNoOption() throws Exception {
        try (Stalled stalled = new Stalled()) {
            MobivateException error =
                    assertThrows(MobivateException.class, () -> stalled.client.createKey("nobody", PASSWORD));
            assertEquals(Status.BUSY, error.status());
            assertEquals(KeyState.UNKNOWN, error.keyState());
            assertTrue(error.getMessage().contains("another thread"));
            IllegalStateException refused =
                    assertThrows(IllegalStateException.class, () -> stalled.client.setProxy(""));
            assertTrue(refused.getMessage().contains("another thread"));
            assertFalse(stalled.key.isDone());
        }
    }

    @Test
    public void anInterruptEndsTheCallAndStaysSet() throws Exception {
        String username = Standin.newAccount(Standin.STALLS);
        try (Client client = Standin.client()) {
            List<Object> found = new ArrayList<>();
            Thread thread = new Thread(() -> {
                MobivateException error =
                        assertThrows(MobivateException.class, () -> client.createKey(username, PASSWORD));
                found.addAll(List.of(error.status(), error.keyState(), Thread.interrupted()));
            });
            thread.start();
            Standin.account(username, 1);
            thread.interrupt();
            thread.join();
            assertEquals(List.of(Status.CANCELLED, KeyState.UNKNOWN, true), found);
        }
    }

    @Test
    public void anInterruptedThreadSendsNothing() throws Exception {
        String username = Standin.newAccount();
        try (Client client = Standin.client()) {
            Thread.currentThread().interrupt();
            MobivateException error =
                    assertThrows(MobivateException.class, () -> client.createKey(username, PASSWORD));
            assertTrue(Thread.interrupted());
            assertEquals(Status.CANCELLED, error.status());
            assertEquals(KeyState.UNCHANGED, error.keyState());
            assertEquals(0, Standin.requests(username));
            // The next call is another one.
            client.createKey(username, PASSWORD).close();
            assertEquals(1, Standin.requests(username));
        }
    }

    @Test
    public void anInterruptBetweenTwoCallsEndsTheSecondOneOnlyWhereItStands() throws Exception {
        String username = Standin.newAccount();
        try (Client client = Standin.clientOverHttp()) {
            for (int turn = 0; turn < 200; ++turn) {
                // Interrupts that come at any moment: of this thread they end its calls, and nobody else's.
                Thread caller = new Thread(() -> {
                    try {
                        client.createKey(username, SECRET).close();
                    } catch (MobivateException error) {
                        assertEquals(Status.CANCELLED, error.status());
                    }
                });
                caller.start();
                caller.interrupt();
                caller.join();
                try (ApiKey key = client.createKey(username, SECRET)) {
                    assertEquals(36, key.toByteArray().length);
                }
            }
        }
    }

    @Test
    public void aFutureIsCancelledWithItsKeyState() throws Exception {
        try (Stalled stalled = new Stalled()) {
            assertTrue(stalled.key.cancel(true));
            assertTrue(stalled.key.isDone());
            assertTrue(stalled.key.isCancelled());
            CancellationException error = assertThrows(CancellationException.class, stalled.key::get);
            assertTrue(error.getMessage(), error.getMessage().contains("The old key may be revoked"));
            MobivateException cause = (MobivateException) error.getCause();
            assertEquals(Status.CANCELLED, cause.status());
            assertEquals(KeyState.UNKNOWN, cause.keyState());
            // The client goes on.
            try (ApiKey key = stalled.client.createKey(Standin.newAccount(), SECRET)) {
                assertEquals(36, key.toByteArray().length);
            }
            assertTrue(stalled.key.cancel(true));
        }
    }

    @Test
    public void aFutureThatHasItsKeyIsNotCancelled() throws Exception {
        try (Client client = Standin.client()) {
            CompletableFuture<ApiKey> future = client.createKeyAsync(Standin.newAccount(), SECRET);
            try (ApiKey key = future.get()) {
                assertFalse(future.cancel(true));
                assertSame(key, future.get());
                assertEquals(36, key.toByteArray().length);
            }
        }
    }

    @Test
    public void aFutureThatHasNotBegunIsCancelledAtOnceAndSendsNothing() throws Exception {
        String username = Standin.newAccount();
        try (Client client = Standin.client()) {
            List<Runnable> later = new ArrayList<>();
            CompletableFuture<ApiKey> future = client.createKeyAsync(username, SECRET, later::add);
            assertTrue(future.cancel(false));
            CancellationException error = assertThrows(CancellationException.class, future::join);
            assertTrue(error.getMessage(), error.getMessage().endsWith("The old key still works."));
            later.get(0).run();
            assertEquals(0, Standin.requests(username));
        }
    }

    @Test
    public void aFutureEndsItsOwnCallAndNoLaterOne() throws Exception {
        String username = Standin.newAccount(Standin.json("{'delay_ms': {'before_answer': 200}}"));
        try (Client client = Standin.client()) {
            CompletableFuture<ApiKey> first = client.createKeyAsync(username, SECRET);
            first.get().close();
            CompletableFuture<ApiKey> second = client.createKeyAsync(username, SECRET);
            Standin.account(username, 2);
            assertFalse(first.cancel(true));
            try (ApiKey key = second.get()) {
                assertEquals(Standin.validKey(username), key.asString());
            }
        }
    }

    @Test
    public void aFutureThatIsCompletedAsItsCallBeginsSendsNothing() throws Exception {
        String username = Standin.newAccount();
        try (Client client = Standin.client()) {
            Field lock = Client.class.getDeclaredField("lock");
            lock.setAccessible(true);
            List<Thread> threads = new ArrayList<>();
            CompletableFuture<ApiKey> future;
            synchronized (lock.get(client)) {
                future = client.createKeyAsync(username, SECRET, task -> {
                    threads.add(new Thread(task));
                    threads.get(0).start();
                });
                while (threads.get(0).getState() != Thread.State.BLOCKED) {
                    Thread.onSpinWait();
                }
                future.complete(null);
            }
            threads.get(0).join();
            assertNull(future.get());
            assertEquals(0, Standin.requests(username));
        }
    }

    @Test
    public void aFutureThatTimesOutEndsItsCall() throws Exception {
        try (Stalled stalled = new Stalled()) {
            CompletableFuture<ApiKey> key = stalled.key.orTimeout(1, TimeUnit.MILLISECONDS);
            ExecutionException error = assertThrows(ExecutionException.class, key::get);
            assertTrue(error.getCause() instanceof TimeoutException);
            // Where the call went on, this would find the client busy for ten minutes.
            String username = Standin.newAccount();
            for (boolean created = false; !created; ) {
                try {
                    stalled.client.createKey(username, SECRET).close();
                    created = true;
                } catch (MobivateException busy) {
                    assertEquals(Status.BUSY, busy.status());
                    Thread.onSpinWait();
                }
            }
        }
    }

    @Test
    public void aFuturesPasswordMayBeWipedAtOnce() throws Exception {
        String username = Standin.newAccount();
        try (Client client = Standin.client()) {
            char[] password = PASSWORD.toCharArray();
            List<Runnable> later = new ArrayList<>();
            CompletableFuture<ApiKey> future = client.createKeyAsync(username, password, later::add);
            Arrays.fill(password, '\0');
            later.get(0).run();
            try (ApiKey key = future.get()) {
                assertEquals(Standin.validKey(username), key.asString());
            }
        }
    }

    @Test
    public void anExecutorThatRefusesIsHeard() {
        try (Client client = Standin.client()) {
            Executor refuses = task -> {
                throw new RejectedExecutionException();
            };
            assertThrows(
                    RejectedExecutionException.class, () -> client.createKeyAsync("nobody", SECRET, refuses));
            Executor refusesLate = task -> {
                task.run();
                throw new RejectedExecutionException();
            };
            assertThrows(
                    RejectedExecutionException.class, () -> client.createKeyAsync("", SECRET, refusesLate));
        }
    }

    @Test
    public void optionsAreRefusedByName() {
        try (Client client = Standin.newClient()) {
            client.setConnectTimeout(Duration.ofSeconds(5));
            client.setCaDirectory(Path.of("/"));
            client.setUserAgent("test/1");
            IllegalArgumentException error = assertThrows(
                    IllegalArgumentException.class, () -> client.setTimeout(Duration.ZERO));
            assertTrue(error.getMessage(), error.getMessage().startsWith("The option timeout_ms must be"));
            for (Duration time : List.of(Duration.ofSeconds(Long.MAX_VALUE), Duration.ofSeconds(Long.MIN_VALUE))) {
                error = assertThrows(IllegalArgumentException.class, () -> client.setConnectTimeout(time));
                assertTrue(error.getMessage(), error.getMessage().startsWith("The option connect_timeout_ms must be"));
            }
            error = assertThrows(IllegalArgumentException.class, () -> client.setProxy("a\0b"));
            assertEquals("The option proxy contains a NUL.", error.getMessage());
            assertThrows(IllegalArgumentException.class, () -> client.setOption("proxy\0", ""));
        }
    }

    @Test
    public void aTimeoutIsNeverShorterThanAskedFor() {
        try (Client client = Standin.newClient()) {
            // Cut to whole milliseconds, both would be 0, which is refused.
            client.setTimeout(Duration.ofNanos(1));
            client.setConnectTimeout(Duration.ofNanos(999_999));
            // And this would be the longest that there may be.
            assertThrows(
                    IllegalArgumentException.class,
                    () -> client.setTimeout(Duration.ofMillis(Integer.MAX_VALUE).plusNanos(1)));
        }
    }

    @Test
    public void aTextThatIsDroppedIsWiped() throws Exception {
        // Memory that outlives the text in it, to look at.
        try (Memory memory = new Memory(64)) {
            memory.setMemory(0, 64, (byte) 'p');
            new NativeText((Memory) memory.share(0, 33), 32);
            byte[] wiped = new byte[33];
            for (int turn = 0; turn < 200 && !Arrays.equals(wiped, memory.getByteArray(0, 33)); ++turn) {
                System.gc();
                Thread.sleep(10); // Nobody is told when a Cleaner has run.
            }
            assertArrayEquals(wiped, memory.getByteArray(0, 33));
            assertEquals('p', memory.getByte(33));
        }
    }

    @Test
    public void whatAnExecutorDropsIsDropped() throws Exception {
        try (Client client = Standin.newClient()) {
            CompletableFuture<ApiKey> future = client.createKeyAsync("nobody", SECRET, task -> {});
            Field operation = future.getClass().getDeclaredField("operation");
            operation.setAccessible(true);
            Field field = operation.get(future).getClass().getDeclaredField("password");
            field.setAccessible(true);
            WeakReference<Object> password = new WeakReference<>(field.get(operation.get(future)));
            assertFalse(password.refersTo(null));
            future = null;
            for (int turn = 0; turn < 100 && !password.refersTo(null); ++turn) {
                System.gc();
            }
            assertTrue(password.refersTo(null));
        }
    }

    private static Object copy(Object object) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream output = new ObjectOutputStream(bytes)) {
            output.writeObject(object);
        }
        return new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    }

    @Test
    public void anExceptionIsWholeAfterSerialisation() throws Exception {
        for (KeyState state : KeyState.values()) {
            MobivateException error = new MobivateException("text", Status.REJECTED, state, 403, 7, "No", 7000);
            CompletionException wrapped = new CompletionException(error);
            for (Object sent : List.of(copy(error), ((Throwable) copy(wrapped)).getCause())) {
                MobivateException found = (MobivateException) sent;
                assertEquals("text", found.getMessage());
                assertEquals(Status.REJECTED, found.status());
                assertEquals(state, found.keyState());
                assertEquals(OptionalInt.of(403), found.httpStatus());
                assertEquals(OptionalInt.of(7), found.serverCode());
                assertEquals(Optional.of("No"), found.serverMessage());
                assertEquals(Optional.of(Duration.ofSeconds(7)), found.retryAfter());
            }
        }
    }

    @Test
    public void aKeyStateThatWasLostIsUnknown() throws Exception {
        MobivateException error = (MobivateException) copy(new MobivateException("text", null, null, 0, 0, null, -1));
        assertEquals(KeyState.UNKNOWN, error.keyState());
        assertEquals(Status.INTERNAL, error.status());
        assertEquals(Optional.empty(), error.serverMessage());
        assertEquals(KeyState.UNKNOWN, KeyState.of(KeyState.values().length));
        assertEquals(KeyState.UNKNOWN, KeyState.of(-1));
    }

    @Test
    public void otherThreadsRunOnDuringACall() throws Exception {
        try (Stalled stalled = new Stalled()) {
            for (int turn = 0; turn < 20; ++turn) {
                CompletableFuture<Integer> other = CompletableFuture.supplyAsync(() -> 42);
                assertEquals(Integer.valueOf(42), other.get());
                System.gc(); // A collection needs every thread's consent.
            }
            assertFalse(stalled.key.isDone());
        }
    }

    @Test
    public void clientsOnSeveralThreads() throws Exception {
        List<CompletableFuture<ApiKey>> futures = new ArrayList<>();
        List<Client> clients = new ArrayList<>();
        String username = Standin.newAccount();
        for (int index = 0; index < 50; ++index) {
            Client client = Standin.clientOverHttp();
            clients.add(client);
            futures.add(client.createKeyAsync(username, SECRET));
        }
        List<String> keys = new ArrayList<>();
        for (CompletableFuture<ApiKey> future : futures) {
            try (ApiKey key = future.get()) {
                keys.add(key.asString());
            }
        }
        clients.forEach(Client::close);
        assertEquals(50, new HashSet<>(keys).size());
        assertEquals(50, Standin.requests(username));
        assertTrue(keys.contains(Standin.validKey(username)));
    }

    @Test
    public void aClientGoesFromThreadToThread() throws Exception {
        String username = Standin.newAccount();
        byte[][] keys = new byte[2][];
        try (Client client = Standin.client()) {
            for (int index = 0; index < keys.length; ++index) {
                try (ApiKey key = client.createKeyAsync(username, SECRET).get()) {
                    keys[index] = key.toByteArray();
                }
            }
        }
        assertNotNull(keys[0]);
        assertArrayEquals(Standin.validKey(username).getBytes(StandardCharsets.UTF_8), keys[1]);
        JsonArray connections = Standin.account(username, 2).getAsJsonArray("connections");
        assertEquals(2, connections.size());
        assertEquals(connections.get(0), connections.get(1));
    }
}
