// SPDX-License-Identifier: MIT

/**
 * Create Mobivate API keys, and know whether the old key still works.
 *
 * <p>Begin with {@link com.mobivate.Client#createKey(String, char[])}, and {@link
 * com.mobivate.MobivateException#keyState()}; where that is unknown, {@link com.mobivate.Client#getKey(String, char[])}
 * asks which key is valid.
 */
package com.mobivate;
