// SPDX-License-Identifier: MIT
package com.mobivate;

import com.sun.jna.Memory;
import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An API key, outside the Java heap, where no collector copies it. It is wiped when it is closed, or collected.
 *
 * <p>Instances may be used by several threads.
 */
public final class ApiKey implements AutoCloseable {
    private final Cleaner.Cleanable wiping;
    private final int size;
    private Memory memory;

    /** Takes over the memory, whose first bytes are the key. */
    ApiKey(Memory memory, int size) {
        this.memory = memory;
        this.size = size;
        wiping = Client.CLEANER.register(this, () -> {
            memory.clear();
            memory.close();
        });
    }

    /**
     * The key as a string, which cannot be wiped.
     *
     * @return the key
     * @throws IllegalStateException the key is closed
     */
    public String asString() {
        byte[] bytes = toByteArray();
        try {
            return new String(bytes, StandardCharsets.UTF_8);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /**
     * The key as bytes of UTF-8, a new array each time, for the caller to wipe.
     *
     * @return the key
     * @throws IllegalStateException the key is closed
     */
    public synchronized byte[] toByteArray() {
        if (memory == null) {
            throw new IllegalStateException("The key is closed.");
        }
        return memory.getByteArray(0, size);
    }

    /** A copy that never was on the heap. */
    synchronized NativeText toNativeText() {
        if (memory == null) {
            throw new IllegalStateException("The key is closed.");
        }
        return NativeText.of(memory, size);
    }

    /** Wipes the key. Closing twice is fine. */
    @Override
    public synchronized void close() {
        memory = null;
        wiping.clean();
    }

    /** The size of the key, and nothing else of it. */
    @Override
    public String toString() {
        return "ApiKey[" + size + " bytes]";
    }
}
