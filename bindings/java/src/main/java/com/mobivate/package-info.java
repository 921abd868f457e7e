// SPDX-License-Identifier: MIT

/**
 * Creates an API key for a Mobivate account, and tells what became of the old one.
 *
 * <p>{@link com.mobivate.Client#createKey(String, char[])} is the call, and {@link
 * com.mobivate.MobivateException} what comes of it when there is no key.
 */
package com.mobivate;
