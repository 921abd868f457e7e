// SPDX-License-Identifier: MIT
'use strict';

const { types } = require('node:util');
const { keyCapacity, keyStates, load, status } = require('./library.js');

/** @typedef {import('mobivate').ErrorDetails} ErrorDetails */

class MobivateError extends Error {
  /**
   * What is not known is null, and the key state then is unknown.
   *
   * @param {string} message
   * @param {Partial<ErrorDetails>} [details]
   * @param {ErrorOptions} [options]
   */
  constructor(message, details = {}, options) {
    super(message, options);
    this.code = details.code ?? 'MBV_ERR_INTERNAL';
    this.keyState = details.keyState ?? 'unknown';
    this.httpStatus = details.httpStatus ?? null;
    this.serverCode = details.serverCode ?? null;
    this.serverMessage = details.serverMessage ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    // As everywhere in Node.js.
    if (this.code === 'MBV_ERR_CANCELLED') Object.defineProperty(this, 'name', { value: 'AbortError' });
  }

  toJSON() {
    return { ...this, name: this.name, message: this.message };
  }

  /** @param {unknown} value */
  static from(value) {
    if (value instanceof MobivateError) return value;
    const { message, keyState, ...details } = Object(value);
    return new MobivateError(
      typeof message === 'string' ? message : 'The error was lost. The old key may be revoked.',
      { ...details, keyState: keyStates.includes(keyState) ? keyState : 'unknown' },
    );
  }
}
Object.defineProperty(MobivateError.prototype, 'name', {
  value: 'MobivateError',
  writable: true,
  configurable: true,
});

/** @typedef {bigint | null} Handle */

// Frees clients that were collected without having been closed.
const abandoned = new FinalizationRegistry((/** @type {Handle} */ handle) => load().mbv_free(handle));

// The handles of the clients that are in a call. A process that exits would wait for their threads.
/** @type {Set<Handle>} */
const inCall = new Set();

function endCalls() {
  for (const handle of inCall) load().mbv_cancel(handle);
}

// What only a call that creates can change.
const oldKeyWorks = ' The old key still works.';

class Client {
  #library = load();
  /** @type {Handle} */
  #handle;
  #closed = false;

  /** @param {import('mobivate').ClientOptions} [options] */
  constructor(options = {}) {
    this.#handle = this.#library.mbv_new();
    if (this.#handle === null) {
      throw new MobivateError(`There was no memory for a client.${oldKeyWorks}`, {
        code: 'MBV_ERR_NO_MEMORY',
        keyState: 'unchanged',
      });
    }
    abandoned.register(this, this.#handle, this);
    try {
      this.set(options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** @param {import('mobivate').ClientOptions} options */
  set(options) {
    this.#mustBeIdle();
    for (const [name, value] of Object.entries(options)) {
      if (value === undefined) continue;
      const texts = [name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`), String(value)].map(
        text => {
          if (text.includes('\0')) throw new TypeError(`The option ${name} contains a NUL.`);
          return new Secret('option', text);
        },
      );
      try {
        const result = this.#library.mbv_set(this.#handle, texts[0].bytes, texts[1].bytes);
        if (result !== status.MBV_OK) throw this.#error(result, { keyState: 'unchanged' });
      } finally {
        for (const text of texts) text.wipe();
      }
    }
  }

  /**
   * @param {string | Uint8Array} username
   * @param {string | Uint8Array} password
   * @param {import('mobivate').CallOptions} [options]
   */
  async createKey(username, password, options) {
    return textOfKey(await this.#keyFrom('mbv_create_key', username, password, options));
  }

  /**
   * @param {string | Uint8Array} username
   * @param {string | Uint8Array} password
   * @param {import('mobivate').CallOptions} [options]
   * @returns {Promise<Uint8Array>}
   */
  async createKeyBytes(username, password, options) {
    return this.#keyFrom('mbv_create_key', username, password, options);
  }

  /**
   * @param {string | Uint8Array} username
   * @param {string | Uint8Array} password
   * @param {import('mobivate').CallOptions} [options]
   */
  async getKey(username, password, options) {
    return textOfKey(await this.#keyFrom('mbv_get_key', username, password, options));
  }

  /**
   * @param {string | Uint8Array} username
   * @param {string | Uint8Array} password
   * @param {import('mobivate').CallOptions} [options]
   * @returns {Promise<Uint8Array>}
   */
  async getKeyBytes(username, password, options) {
    return this.#keyFrom('mbv_get_key', username, password, options);
  }

  /**
   * @param {string | Uint8Array} key
   * @param {import('mobivate').CallOptions} [options]
   */
  async testKey(key, { signal } = {}) {
    this.#mustBeIdle();
    const secrets = [new Secret('key', key)];
    const accepted = [status.MBV_OK, status.MBV_ERR_CREDENTIALS];
    return (await this.#call('mbv_test_key', secrets, [], accepted, signal)) === status.MBV_OK;
  }

  [Symbol.dispose]() {
    this.close();
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    abandoned.unregister(this);
    if (inCall.has(this.#handle)) {
      this.#library.mbv_cancel(this.#handle); // The call frees the client when it ends.
    } else {
      this.#library.mbv_free(this.#handle);
    }
  }

  /**
   * @param {'mbv_create_key' | 'mbv_get_key'} name
   * @param {string | Uint8Array} username
   * @param {string | Uint8Array} password
   * @param {import('mobivate').CallOptions} [options]
   * @returns {Promise<Buffer>} the key, in memory of its own
   */
  async #keyFrom(name, username, password, { signal } = {}) {
    this.#mustBeIdle();
    const secrets = [new Secret('user name', username), new Secret('password', password)];
    const key = Buffer.from(new ArrayBuffer(keyCapacity));
    const keySize = [0];
    await this.#call(name, secrets, [key, keyCapacity, keySize], [status.MBV_OK], signal);
    return key.subarray(0, keySize[0]);
  }

  /**
   * @param {'mbv_create_key' | 'mbv_get_key' | 'mbv_test_key'} name
   * @param {Secret[]} secrets copies: the caller may wipe or change its arrays at once, while the call runs on another
   *   thread
   * @param {unknown[]} results
   * @param {number[]} answers the statuses that are no failure
   * @param {AbortSignal} [signal]
   * @returns {Promise<number>} the status
   */
  async #call(name, secrets, results, answers, signal) {
    const library = this.#library;
    const handle = this.#handle;
    const abort = () => library.mbv_cancel(handle);
    if (inCall.size === 0) process.on('exit', endCalls);
    inCall.add(handle);
    try {
      // What cancelled an earlier call must not cancel this one. All of this runs on one thread: nothing can come
      // in between.
      library.mbv_uncancel(handle);
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
      const result = await new Promise((/** @type {(result: number) => void} */ resolve) => {
        const texts = secrets.flatMap(secret => [secret.bytes, secret.size]);
        library[name].async(
          handle,
          ...texts,
          ...results,
          (/** @type {unknown} */ _, /** @type {number} */ returned) => resolve(returned),
        );
      }).catch(error => {
        // koffi limits how many calls can wait for a thread.
        throw new MobivateError(
          `The call could not be started: ${error.message}.${name === 'mbv_create_key' ? oldKeyWorks : ''}`,
          { code: 'MBV_ERR_NO_MEMORY', keyState: 'unchanged' },
          { cause: error },
        );
      });
      if (!answers.includes(result)) throw this.#error(result, this.#details(), signal);
      return result;
    } finally {
      inCall.delete(handle);
      if (inCall.size === 0) process.off('exit', endCalls);
      signal?.removeEventListener('abort', abort);
      for (const secret of secrets) secret.wipe();
      if (this.#closed) library.mbv_free(handle);
    }
  }

  #mustBeIdle() {
    if (this.#closed)
      throw Object.assign(new Error('The client is closed.'), { code: 'ERR_MOBIVATE_CLOSED' });
    if (inCall.has(this.#handle)) {
      // The library would not know yet: the call may still be waiting for a thread.
      throw new MobivateError('The client is in a call on another thread.', {
        code: 'MBV_ERR_BUSY',
        keyState: 'unknown',
      });
    }
  }

  /** What the library says about the last call. */
  #details() {
    const library = this.#library;
    const handle = this.#handle;
    const retryAfterMs = Number(library.mbv_retry_after_ms(handle));
    return {
      keyState: keyStates[library.mbv_key_state(handle)] ?? 'unknown',
      httpStatus: library.mbv_http_status(handle) || null,
      serverCode: library.mbv_server_code(handle) || null,
      serverMessage: textOf(library.mbv_server_message, handle) || null,
      retryAfterMs: retryAfterMs < 0 ? null : retryAfterMs,
    };
  }

  /**
   * @param {number} result
   * @param {Partial<ErrorDetails>} details
   * @param {AbortSignal} [signal]
   */
  #error(result, details, signal) {
    const code = this.#library.mbv_status_name(result);
    const cause =
      result === status.MBV_ERR_CANCELLED && signal?.aborted ? { cause: signal.reason } : undefined;
    return new MobivateError(
      textOf(this.#library.mbv_error_message, this.#handle),
      { ...details, code },
      cause,
    );
  }
}

/** A NUL-terminated text in UTF-8, in memory of its own that can be wiped. */
class Secret {
  /**
   * @param {string} what
   * @param {string | Uint8Array} text
   */
  constructor(what, text) {
    if (types.isUint8Array(text)) {
      this.size = text.length;
      this.bytes = Buffer.from(new ArrayBuffer(this.size + 1)); // Not of the pool that small Buffers share.
      this.bytes.set(text);
    } else if (typeof text === 'string') {
      // Encoding would replace half a character: the library gets a byte to refuse instead.
      const encodable = !/\p{Surrogate}/u.test(text);
      this.size = encodable ? Buffer.byteLength(text) : 1;
      this.bytes = Buffer.from(new ArrayBuffer(this.size + 1));
      if (encodable) this.bytes.write(text);
      else this.bytes[0] = 0xff;
    } else {
      throw new TypeError(`The ${what} must be a string or a Uint8Array.`);
    }
  }

  wipe() {
    this.bytes.fill(0);
  }
}

/** The key as a string; its bytes are wiped. @param {Uint8Array} key */
function textOfKey(key) {
  const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString();
  key.fill(0);
  return text;
}

/**
 * @param {(handle: Handle, buffer: Buffer | null, capacity: number) => number} getter
 * @param {Handle} handle
 */
function textOf(getter, handle) {
  const size = Number(getter(handle, null, 0));
  const buffer = Buffer.alloc(size + 1);
  getter(handle, buffer, buffer.length);
  return buffer.toString('utf8', 0, size);
}

module.exports = { Client, MobivateError };
