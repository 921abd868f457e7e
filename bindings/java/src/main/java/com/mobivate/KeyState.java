// SPDX-License-Identifier: MIT
package com.mobivate;

/** The key that the account had before the call. */
public enum KeyState {
    /** The old key still works. */
    UNCHANGED,

    /** The old key is revoked. */
    REPLACED,

    /** The old key may be revoked. Ask with {@link Client#getKey(String, char[])} which key is valid. */
    UNKNOWN;

    private static final KeyState[] BY_NUMBER = values();

    static KeyState of(int number) {
        return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : UNKNOWN;
    }
}
