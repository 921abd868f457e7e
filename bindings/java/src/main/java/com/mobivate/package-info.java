// SPDX-License-Identifier: MIT

/**
 * Create Mobivate API keys, and know whether the old key still works.
 *
 * <p>Begin with {@link com.mobivate.Client#createKey(String, char[])}, and {@link
 * com.mobivate.MobivateException#keyState()}.
 */
package com.mobivate;
