// SPDX-License-Identifier: MIT
package com.mobivate;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * A NUL-terminated text in UTF-8, outside the heap, where no collector moves it. It is wiped when it is closed, or
 * collected: an executor may drop a call that never began.
 */
final class NativeText implements AutoCloseable {
    private static final byte NOT_UTF_8 = (byte) 0xff;

    private final Memory memory;
    private final long size;
    private final Cleaner.Cleanable wiping;

    NativeText(Memory memory, long size) {
        this.memory = memory;
        this.size = size;
        memory.setByte(size, (byte) 0);
        wiping = Client.CLEANER.register(this, () -> {
            memory.clear();
            memory.close();
        });
    }

    static NativeText of(byte[] text) {
        Memory memory = new Memory(text.length + 1L);
        memory.write(0, text, 0, text.length);
        return new NativeText(memory, text.length);
    }

    /** A copy of the memory's beginning, byte by byte: an array would be on the heap. */
    static NativeText of(Memory text, int size) {
        Memory memory = new Memory(size + 1L);
        for (int at = 0; at < size; ++at) {
            memory.setByte(at, text.getByte(at));
        }
        return new NativeText(memory, size);
    }

    static NativeText of(char[] text) {
        return of(CharBuffer.wrap(text));
    }

    static NativeText of(CharSequence text) {
        CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
        Memory memory = new Memory((long) (text.length() * (double) encoder.maxBytesPerChar()) + 1);
        ByteBuffer bytes = memory.getByteBuffer(0, memory.size());
        CoderResult result = encoder.encode(CharBuffer.wrap(text), bytes, true);
        if (result.isError()) {
            // Half a character: the library gets a byte to refuse instead.
            bytes.put(0, NOT_UTF_8);
            return new NativeText(memory, 1);
        }
        return new NativeText(memory, bytes.position());
    }

    Pointer pointer() {
        return memory;
    }

    MobivateLibrary.SizeT size() {
        return new MobivateLibrary.SizeT(size);
    }

    @Override
    public void close() {
        wiping.clean();
    }
}
