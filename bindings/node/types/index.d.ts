// SPDX-License-Identifier: MIT

/**
 * The key that the account had before the call:
 *
 * - `unchanged`: the old key still works.
 * - `replaced`: the old key is revoked.
 * - `unknown`: the old key may be revoked. Ask with {@link Client.getKey} which key is valid.
 */
export type KeyState = 'unchanged' | 'replaced' | 'unknown';

/** What went wrong: libmobivate's name for it, the same in every language. */
export type ErrorCode =
  /** A text that is empty, not UTF-8 or too long, or an invalid option. Nothing was sent. */
  | 'MBV_ERR_INVALID_ARGUMENT'
  /** Out of memory, or too many calls are waiting for a thread. */
  | 'MBV_ERR_NO_MEMORY'
  /** The client is in a call. */
  | 'MBV_ERR_BUSY'
  /** The signal was aborted, or the client closed. */
  | 'MBV_ERR_CANCELLED'
  /** `timeoutMs` or `connectTimeoutMs` has passed. */
  | 'MBV_ERR_TIMEOUT'
  /** The host's or the proxy's name was not found. */
  | 'MBV_ERR_RESOLVE'
  /** Refused, unreachable, or refused by the proxy. */
  | 'MBV_ERR_CONNECT'
  /** The TLS handshake failed, or the certificate is not trusted. */
  | 'MBV_ERR_TLS'
  /** The connection broke. */
  | 'MBV_ERR_TRANSPORT'
  /** The server refused the user name or password (401). */
  | 'MBV_ERR_CREDENTIALS'
  /** The server asks to slow down (429); see `retryAfterMs`. */
  | 'MBV_ERR_RATE_LIMITED'
  /** The server refused for another reason (any other 4xx). */
  | 'MBV_ERR_REJECTED'
  /** The server failed (5xx). */
  | 'MBV_ERR_SERVER'
  /** An answer that the service does not document. */
  | 'MBV_ERR_PROTOCOL'
  /** Never seen here: the buffer holds a key of any size. */
  | 'MBV_ERR_BUFFER_TOO_SMALL'
  /** A bug in libmobivate. */
  | 'MBV_ERR_INTERNAL';

/** What an error carries. */
export interface ErrorDetails {
  readonly code: ErrorCode;
  /** Whether the old key still works: `unchanged` after a call that does not create one. */
  readonly keyState: KeyState;
  /** The status code of the answer; null when none came. */
  readonly httpStatus: number | null;
  /** The member `code` of the answer's JSON body; null when it had none. */
  readonly serverCode: number | null;
  /** The member `message` of that body, every occurrence of a secret blanked; null when it had none. */
  readonly serverMessage: string | null;
  /** How many milliseconds the server asked to wait; null when it did not say. */
  readonly retryAfterMs: number | null;
}

/**
 * A call failed. The message says why, and where a key was to be created, whether the old one still works; it never
 * contains a password or a key. If the code is `MBV_ERR_CANCELLED`, the `name` is `AbortError`, and `cause` is the signal's reason.
 *
 * `structuredClone` and `postMessage` make a plain `Error` of any error, and drop its properties: send
 * {@link MobivateError.toJSON}, and revive it with {@link MobivateError.from}.
 */
export class MobivateError extends Error implements ErrorDetails {
  /** Details that are not given are null, the key state `unknown`, and the code `MBV_ERR_INTERNAL`. */
  constructor(message: string, details?: Partial<ErrorDetails>, options?: { cause?: unknown });

  /** An error from what is left of one: JSON, a structured clone. A key state that was lost is `unknown`. */
  static from(value: unknown): MobivateError;

  /** Name, message and details as a plain object, for JSON and for `postMessage`. */
  toJSON(): ErrorDetails & { readonly name: string; readonly message: string };

  readonly code: ErrorCode;
  readonly keyState: KeyState;
  readonly httpStatus: number | null;
  readonly serverCode: number | null;
  readonly serverMessage: string | null;
  readonly retryAfterMs: number | null;
}

/** The options of a client. Undefined ones keep their values. */
export interface ClientOptions {
  /** Where the service is; default `https://api.mobivatebulksms.com`. `http://` is for loopback only. */
  baseUrl?: string | undefined;
  /** Milliseconds for the whole call; default 30000. */
  timeoutMs?: number | undefined;
  /** Milliseconds to resolve, connect and shake hands; default 10000. */
  connectTimeoutMs?: number | undefined;
  /** A PEM file of the certificates to trust, in place of the system's. */
  caFile?: string | undefined;
  /** A directory of such certificates, hashed as by `openssl rehash`. */
  caDir?: string | undefined;
  /**
   * URL of a proxy: http, https, socks4, socks4a, socks5 or socks5h. Empty for none at all. Default: the
   * environment's (`https_proxy`, `all_proxy`, `no_proxy`), as with curl.
   */
  proxy?: string | undefined;
  /** The `User-Agent` header; default `libmobivate/VERSION`. */
  userAgent?: string | undefined;
}

/** The options of a call. */
export interface CallOptions {
  /** Ends the call within 50 ms when it is aborted, whatever the call is waiting for. */
  signal?: AbortSignal | undefined;
}

/** Creates API keys, asks for them and tests them, one call at a time, and keeps its connection for the next one. */
export class Client {
  /**
   * @throws {MobivateError} `MBV_ERR_INVALID_ARGUMENT`: an option is invalid; the message names it.
   * @throws {Error} `ERR_MOBIVATE_LIBRARY`: libmobivate is missing, older than 1.1, or not version 1.
   */
  constructor(options?: ClientOptions);

  /**
   * Changes options for the calls that follow.
   *
   * @throws {MobivateError} `MBV_ERR_INVALID_ARGUMENT`: an option is invalid; the message names it. Those before
   *   it are set.
   */
  set(options: ClientOptions): void;

  /**
   * Creates an API key for an account, which revokes the old one. Sends at most one request.
   *
   * Resolves to the key. Rejects with a {@link MobivateError} whose `keyState` and message say whether the old key
   * still works; after {@link Client.close}, with an `Error` whose code is `ERR_MOBIVATE_CLOSED`.
   *
   * @param username at most 65536 bytes of UTF-8
   * @param password likewise; an array is copied before this returns, and may be wiped at once
   */
  createKey(
    username: string | Uint8Array,
    password: string | Uint8Array,
    options?: CallOptions,
  ): Promise<string>;

  /** The same with the key as bytes in memory of its own: `key.fill(0)` wipes it. */
  createKeyBytes(
    username: string | Uint8Array,
    password: string | Uint8Array,
    options?: CallOptions,
  ): Promise<Uint8Array>;

  /**
   * Asks for the key that an account has now, and changes none: after a `keyState` of `unknown` it settles which key
   * is valid. All else is as for {@link Client.createKey}.
   */
  getKey(
    username: string | Uint8Array,
    password: string | Uint8Array,
    options?: CallOptions,
  ): Promise<string>;

  /** The same with the key as bytes in memory of its own: `key.fill(0)` wipes it. */
  getKeyBytes(
    username: string | Uint8Array,
    password: string | Uint8Array,
    options?: CallOptions,
  ): Promise<Uint8Array>;

  /**
   * Asks whether the service accepts a key. Resolves to true where it does, and to false where it refuses the key;
   * rejects with a {@link MobivateError} where neither is known.
   *
   * @param key 1 to 4096 bytes of printable ASCII without spaces; an array is copied before this returns, and may be
   *   wiped at once
   */
  testKey(key: string | Uint8Array, options?: CallOptions): Promise<boolean>;

  /**
   * Closes the connection and wipes what the client holds. A call in progress is cancelled, and rejects. Closing
   * twice is fine.
   */
  close(): void;

  /** {@link Client.close}, for `using`. */
  [Symbol.dispose](): void;
}
