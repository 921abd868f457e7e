// SPDX-License-Identifier: MIT
package com.mobivate;

import static com.mobivate.Standin.PASSWORD;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.google.gson.JsonObject;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Structure;
import java.io.IOException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TestWatcher;

/** Ten thousand calls leave no memory and no descriptor behind. */
public class LeaksTest {
    @Rule
    public final TestWatcher skipped = new Standin.Skipped();

    private static final String USUAL = "leaks-java@example.com";
    private static final String LONG = "leaks-long-java@example.com";

    /** What malloc has handed out. */
    public interface LibC extends Library {
        MallocState mallinfo2();

        /** {@code struct mallinfo2}. */
        @Structure.FieldOrder({
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost"
        })
        final class MallocState extends Structure implements Structure.ByValue {
            public long arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
        }
    }

    private static final class Sizes {
        final long descriptors;
        final long heap;
        final long malloc;
        final long resident;

        Sizes() throws IOException, InterruptedException {
            // What is collected lets go of more, when it is taken off its queue.
            for (int turn = 0; turn < 5; ++turn) {
                collect();
            }
            heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
            LibC.MallocState state = Native.load("c", LibC.class).mallinfo2();
            malloc = state.uordblks + state.hblkhd;
            // Anonymous pages alone: those of files come and go with what else runs.
            String status = Files.readString(Path.of("/proc/self/status"));
            resident = Long.parseLong(status.replaceAll("(?s).*RssAnon:\\s+(\\d+).*", "$1")) * 1024;
            try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
                descriptors = open.count();
            }
        }

        private static void collect() throws InterruptedException {
            ReferenceQueue<Object> queue = new ReferenceQueue<>();
            WeakReference<Object> last = new WeakReference<>(new Object(), queue);
            System.gc();
            assertSame(last, queue.remove());
            Memory.purge(); // JNA's own list of what was collected.
        }

        @Override
        public String toString() {
            return descriptors + " descriptors, " + heap + " bytes of heap, " + malloc + " of malloc, "
                    + resident + " resident";
        }
    }

    /** Calls on a client of their own: created, refused, cancelled, with a long key, and closed meanwhile. */
    private static void hundredCalls() throws MobivateException {
        try (Client client = Standin.clientOverHttp()) {
            for (int turn = 0; turn < 100; ++turn) {
                switch (turn % 10) {
                    case 6:
                        Thread.currentThread().interrupt();
                        assertThrows(MobivateException.class, () -> client.createKey(USUAL, PASSWORD));
                        assertTrue(Thread.interrupted());
                        break;
                    case 7:
                        try (ApiKey key = client.createKey(LONG, PASSWORD)) {
                            assertEquals(4096, key.toByteArray().length);
                        }
                        break;
                    case 8:
                        assertThrows(MobivateException.class, () -> client.createKey(USUAL, "wrong"));
                        break;
                    default:
                        try (ApiKey key = client.createKey(USUAL, PASSWORD)) {
                            assertEquals(36, key.toByteArray().length);
                        }
                }
            }
        }
        CompletableFuture<ApiKey> pending;
        try (Client client = Standin.clientOverHttp()) {
            pending = client.createKeyAsync(USUAL, PASSWORD.toCharArray());
        }
        try (ApiKey key = pending.join()) {
            assertEquals(36, key.toByteArray().length);
        } catch (CompletionException closed) {
            // Before it began, or while it was running.
        }
    }

    @Test
    public void tenThousandCallsLeaveNothing() throws Exception {
        Standin.createAccount(USUAL, PASSWORD, new JsonObject());
        JsonObject scenario = new JsonObject();
        scenario.addProperty("key", "k".repeat(4096));
        Standin.createAccount(LONG, PASSWORD, scenario);
        for (int turn = 0; turn < 30; ++turn) {
            hundredCalls();
        }
        Sizes before = new Sizes();
        for (int turn = 0; turn < 70; ++turn) {
            hundredCalls();
        }
        Sizes after = new Sizes();
        System.out.println("\nbefore: " + before + "\nafter:  " + after);
        // Room for what the class loader keeps meanwhile, not for 60 bytes of each of the 7000 calls; and
        // outside of the heap for what the compiler needs now and then, not for 600. Its pages
        // come in larger steps: not for one of each call.
        // One may be open for the JVM's own purposes, or for the last call; not one for each of 70 clients.
        assertTrue("descriptors", after.descriptors - before.descriptors <= 10);
        assertTrue("heap", after.heap - before.heap < 400 * 1024);
        assertTrue("malloc", after.malloc - before.malloc < 4 * 1024 * 1024);
        assertTrue("resident", after.resident - before.resident < 16 * 1024 * 1024);
    }
}
