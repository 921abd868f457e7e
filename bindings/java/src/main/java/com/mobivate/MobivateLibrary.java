// SPDX-License-Identifier: MIT
package com.mobivate;

import com.sun.jna.IntegerType;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.PointerType;
import com.sun.jna.ptr.ByReference;

/** The functions of {@code mobivate.h} that are used here. */
interface MobivateLibrary extends Library {
    ClientPointer mbv_new();

    void mbv_free(ClientPointer client);

    int mbv_set(ClientPointer client, Pointer option, Pointer value);

    int mbv_create_key(
            ClientPointer client,
            Pointer username,
            SizeT usernameSize,
            Pointer password,
            SizeT passwordSize,
            Pointer key,
            SizeT keyCapacity,
            SizeTByReference keySize);

    int mbv_get_key(
            ClientPointer client,
            Pointer username,
            SizeT usernameSize,
            Pointer password,
            SizeT passwordSize,
            Pointer key,
            SizeT keyCapacity,
            SizeTByReference keySize);

    int mbv_test_key(ClientPointer client, Pointer key, SizeT keySize);

    SizeT mbv_error_message(ClientPointer client, Pointer buffer, SizeT capacity);

    int mbv_key_state(ClientPointer client);

    int mbv_http_status(ClientPointer client);

    int mbv_server_code(ClientPointer client);

    SizeT mbv_server_message(ClientPointer client, Pointer buffer, SizeT capacity);

    long mbv_retry_after_ms(ClientPointer client);

    void mbv_cancel(ClientPointer client);

    void mbv_uncancel(ClientPointer client);

    String mbv_version();

    int mbv_version_number();

    /** {@code mbv_client *}. */
    final class ClientPointer extends PointerType {}

    /** {@code size_t}. */
    final class SizeT extends IntegerType {
        private static final long serialVersionUID = 1;

        /** For JNA, which makes the values that it returns with it. */
        public SizeT() {
            this(0);
        }

        SizeT(long value) {
            super(Native.SIZE_T_SIZE, value, true);
        }
    }

    /** {@code size_t *}. */
    final class SizeTByReference extends ByReference implements AutoCloseable {
        /** For JNA, which looks for this constructor. */
        public SizeTByReference() {
            super(Native.SIZE_T_SIZE);
        }

        long value() {
            Pointer pointer = getPointer();
            return Native.SIZE_T_SIZE == Long.BYTES ? pointer.getLong(0) : pointer.getInt(0);
        }

        @Override
        public void close() {
            ((Memory) getPointer()).close();
        }
    }
}
