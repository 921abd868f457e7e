/* SPDX-License-Identifier: MIT
 *
 * libmobivate: create API keys for a Mobivate account, and know whether the old key still works.
 *
 * POST /auth/createkey of the Mobivate bulk-SMS service takes an account's user name and password and
 * answers with a new API key. A success revokes the key that the account had. So a call ends with two
 * answers: a status, and the state of the old key. Where that is unknown, POST /auth/getkey answers with
 * the key that the account has now, and GET /auth/test says whether a key is valid. Neither changes anything.
 *
 * Conventions
 *
 * 1. Handles. `mbv_client` is opaque. mbv_new makes one and mbv_free ends it; nothing else that this
 *    header returns is ever freed by the caller.
 * 2. Sizes. Text goes in as pointer and size in bytes, and MBV_NUL_TERMINATED as the size means a C
 *    string. Text comes out into buffers of the caller, always NUL-terminated, never split inside a
 *    UTF-8 character. Functions that return size_t return the full size without the NUL, as snprintf
 *    does, and take (NULL, 0) to ask for it. Capacities count the NUL.
 * 3. Ownership. The caller owns every buffer it passes, during the call and after it. The library
 *    keeps no pointer into one beyond the return of the function it was passed to.
 * 4. Threads. One client makes one call at a time; different clients are independent, on any threads.
 *    While a call runs, other threads may use mbv_cancel, mbv_uncancel, mbv_free and the getters, none
 *    of which ever waits. The other functions return MBV_ERR_BUSY then and change nothing. A call needs
 *    32 KiB of stack. A thread that is cancelled (pthread_cancel) in one is cancelled after it.
 * 5. Secrets. When a call returns, neither the password nor a key, a tested one included, is in the
 *    process's memory, except in the caller's own buffers, and in the client when it retains a key for
 *    mbv_take_key. No message repeats one that the server sends back; mbv_server_message has the rule.
 * 6. Key state. After every mbv_create_key, mbv_key_state says what became of the account's old key:
 *    unchanged, replaced, or unknown. Unknown is said only where a client cannot tell: ask with mbv_get_key
 *    then. The other calls change no key, so the state is unchanged after them. A 4xx answer is
 *    believed to have changed nothing where it carries the API's own error: a JSON object that came whole,
 *    with a member "code" (an integer of 32 bits) or "message" (a string), and without "apiKey". Any other
 *    4xx (an HTML page, an empty or cut body, one beyond 64 KiB) may come from a proxy or a firewall after
 *    the service has made a key, so it is unknown; its status is the same.
 * 7. Errors. A status is 0 or one of the negative values below, for ever. mbv_error_message says what
 *    it means in a given case. No exception, signal or abort comes out of the library.
 * 8. Processes. A forked child may use its parent's clients: each process has connections of its own, and
 *    neither disturbs the other. A client that was in a call during the fork stays busy in the child, which
 *    has no copy of that call's password. Programs started by exec inherit no descriptor of a client's.
 *
 * The shortest use:
 *
 *     char key[MBV_KEY_CAPACITY];
 *     mbv_client *client = mbv_new();
 *     int32_t status = mbv_create_key(client, username, MBV_NUL_TERMINATED, password, MBV_NUL_TERMINATED,
 *                                     key, sizeof key, NULL);
 *     if (status != MBV_OK) {
 *         char message[512];
 *         mbv_error_message(client, message, sizeof message);
 *         fprintf(stderr, "%s: %s\n", mbv_status_name(status), message);
 *     }
 *     if (mbv_key_state(client) == MBV_KEY_UNKNOWN)
 *         status = mbv_get_key(client, username, MBV_NUL_TERMINATED, password, MBV_NUL_TERMINATED,
 *                              key, sizeof key, NULL);
 *     mbv_free(client);
 */
#ifndef MOBIVATE_H
#define MOBIVATE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define MBV_CALL __cdecl
#if defined(MBV_BUILDING)
#define MBV_API __declspec(dllexport)
#else
#define MBV_API
#endif
#else
#define MBV_CALL
#if defined(__GNUC__)
#define MBV_API __attribute__((visibility("default")))
#else
#define MBV_API
#endif
#endif

#if defined(__cplusplus) && (__cplusplus >= 201103L || (defined(_MSC_VER) && _MSC_VER >= 1900))
#define MBV_NOEXCEPT noexcept
#else
#define MBV_NOEXCEPT
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- Constants ------------------------------------------------------------------------------- */

/* The version of this header; mbv_version() and mbv_version_number() tell the loaded library's. */
#define MBV_VERSION "1.1.0"
#define MBV_VERSION_NUMBER 10100

/* As the size of a text: the text is a C string and ends at its NUL. */
#define MBV_NUL_TERMINATED SIZE_MAX

/* The capacity in bytes to pass for a key. A smaller one is refused before anything is sent. The longest key that
 * there can be has 4096 bytes, so with 4097 none is ever too long. */
#define MBV_KEY_CAPACITY 256

/* Status values. In brackets: what they say of the account's old key. */
#define MBV_OK 0                       /* done; a key was handed over, if the call has one [replaced, where it created one] */
#define MBV_ERR_INVALID_ARGUMENT (-1)  /* NULL, empty, not UTF-8, too long, bad option [see mbv_key_state] */
#define MBV_ERR_NO_MEMORY (-2)         /* an allocation failed [see mbv_key_state] */
#define MBV_ERR_BUSY (-3)              /* two functions at once on one client [the other call's] */
#define MBV_ERR_CANCELLED (-4)         /* mbv_cancel [see mbv_key_state] */
#define MBV_ERR_TIMEOUT (-5)           /* timeout_ms or connect_timeout_ms passed [see mbv_key_state] */
#define MBV_ERR_RESOLVE (-6)           /* host or proxy name not found [unchanged] */
#define MBV_ERR_CONNECT (-7)           /* refused, unreachable, proxy refused [unchanged] */
#define MBV_ERR_TLS (-8)               /* handshake or certificate [unchanged] */
#define MBV_ERR_TRANSPORT (-9)         /* the connection broke [see mbv_key_state] */
#define MBV_ERR_CREDENTIALS (-10)      /* 401 [see mbv_key_state] */
#define MBV_ERR_RATE_LIMITED (-11)     /* 429; see mbv_retry_after_ms [see mbv_key_state] */
#define MBV_ERR_REJECTED (-12)         /* any other 4xx [see mbv_key_state] */
#define MBV_ERR_SERVER (-13)           /* 5xx [see mbv_key_state] */
#define MBV_ERR_PROTOCOL (-14)         /* an answer that the API does not document [see mbv_key_state] */
#define MBV_ERR_BUFFER_TOO_SMALL (-15) /* the key is there; mbv_take_key has it [replaced, where the call created it] */
#define MBV_ERR_INTERNAL (-99)         /* a bug here, or a libcurl that cannot be used [see mbv_key_state] */

/* Key states: what became of the key that the account had before the call. */
#define MBV_KEY_UNCHANGED 0 /* the old key surely still works */
#define MBV_KEY_REPLACED 1  /* the old key is revoked, and the new one was handed over or is retained */
#define MBV_KEY_UNKNOWN 2   /* the old key may be revoked; ask for the account's key with mbv_get_key */

/* ---- Clients --------------------------------------------------------------------------------- */

/* One connection's worth of settings and state. A client keeps its connection for a call that follows
 * within 3 seconds. */
typedef struct mbv_client mbv_client;

/* Makes a client with every option at its default. Returns NULL only when out of memory. Any thread. */
MBV_API mbv_client *MBV_CALL mbv_new(void) MBV_NOEXCEPT;

/* Ends a client: closes its connection, wipes what it holds (a retained key included) and frees it.
 * NULL is fine. During a call on another thread it returns at once: the call is cancelled as by
 * mbv_cancel, and frees the client at its end. Nothing may be done with the client from then on, not even
 * by the thread of that call after it has returned. */
MBV_API void MBV_CALL mbv_free(mbv_client *client) MBV_NOEXCEPT;

/* Sets an option for the calls that follow. Both texts are C strings in UTF-8; they are copied.
 *
 *   base_url            where the service is; default https://api.mobivatebulksms.com. An http:// URL
 *                       is refused, except to a loopback address (127.0.0.0/8, [::1], localhost).
 *   timeout_ms          milliseconds for the whole call, 1 to 2147483647; default 30000.
 *   connect_timeout_ms  milliseconds to resolve, connect and shake hands; default 10000.
 *   ca_file             a PEM file of the certificates to trust, in place of the system's.
 *   ca_dir              a directory of such certificates, hashed as by `openssl rehash`.
 *                       With both, a chain that either of them verifies is trusted.
 *   proxy               URL of a proxy: http, https, socks4, socks4a, socks5 or socks5h. Empty for
 *                       none at all. Default: the environment's (https_proxy, all_proxy, no_proxy),
 *                       as with curl. A call to an http:// base_url never goes through one.
 *   user_agent          the User-Agent header; default libmobivate/VERSION.
 *
 * Returns MBV_OK, or MBV_ERR_INVALID_ARGUMENT with a message that names the option and what is wrong;
 * then nothing is changed. MBV_ERR_NO_MEMORY, MBV_ERR_BUSY likewise. Sends nothing. */
MBV_API int32_t MBV_CALL mbv_set(mbv_client *client, const char *option, const char *value) MBV_NOEXCEPT;

/* ---- Creating a key -------------------------------------------------------------------------- */

/* Creates a new API key for an account, and so revokes the one it had. Sends at most one request.
 *
 * username, password  UTF-8, 1 byte to 64 KiB (65536 bytes) each, sizes in bytes.
 * key, key_capacity   a buffer of the caller's of at least MBV_KEY_CAPACITY bytes. On MBV_OK it holds
 *                     the key and a NUL, on any failure an empty string. It must not overlap the user
 *                     name or the password: that is refused, and then nothing is written to it.
 * key_size            receives the size of the key without the NUL; 0 where no key was created. May be
 *                     NULL.
 *
 * Blocks until the answer is there, timeout_ms has passed or mbv_cancel is called; what has arrived by then
 * counts. MBV_ERR_BUFFER_TOO_SMALL means that the key was created and is longer than key_capacity - 1 bytes:
 * *key_size says how long it is, and mbv_take_key hands it over. Until it has, every call is refused
 * (MBV_ERR_INVALID_ARGUMENT), and the key state stays MBV_KEY_REPLACED: a created key is never lost. */
MBV_API int32_t MBV_CALL mbv_create_key(mbv_client *client, const char *username, size_t username_size,
                                        const char *password, size_t password_size, char *key,
                                        size_t key_capacity, size_t *key_size) MBV_NOEXCEPT;

/* ---- Asking ---------------------------------------------------------------------------------- */
/* These calls change no key: the key state is MBV_KEY_UNCHANGED after them, whatever happened, and their
 * messages do not speak of an old key. (While a created key is retained they are refused, and the key state
 * stays MBV_KEY_REPLACED.) All else is as for mbv_create_key: at most one request, options, time-outs,
 * cancelling, one call at a time. Since 1.1. */

/* Asks for the API key that an account has now. After mbv_create_key with MBV_KEY_UNKNOWN it settles which
 * key is valid, without revoking one more.
 *
 * The parameters are those of mbv_create_key. A key that does not fit is retained for mbv_take_key, and
 * MBV_ERR_BUFFER_TOO_SMALL returned. */
MBV_API int32_t MBV_CALL mbv_get_key(mbv_client *client, const char *username, size_t username_size,
                                     const char *password, size_t password_size, char *key,
                                     size_t key_capacity, size_t *key_size) MBV_NOEXCEPT;

/* Asks whether the service accepts an API key. MBV_OK: it does. MBV_ERR_CREDENTIALS: it refuses the key. Any
 * other status tells nothing about the key.
 *
 * key, key_size       1 to 4096 bytes of printable ASCII without spaces; anything else is
 *                     MBV_ERR_INVALID_ARGUMENT, and nothing is sent. */
MBV_API int32_t MBV_CALL mbv_test_key(mbv_client *client, const char *key, size_t key_size) MBV_NOEXCEPT;

/* ---- Retained keys --------------------------------------------------------------------------- */

/* Hands over the key that a call with MBV_ERR_BUFFER_TOO_SMALL retained, and forgets it. Until it has, every
 * other call is refused. A key has at most 4096 bytes. With too small a buffer it returns
 * MBV_ERR_BUFFER_TOO_SMALL again, the needed size without the NUL in *key_size, and the key stays. With no
 * key retained: MBV_ERR_INVALID_ARGUMENT. */
MBV_API int32_t MBV_CALL mbv_take_key(mbv_client *client, char *key, size_t key_capacity,
                                      size_t *key_size) MBV_NOEXCEPT;

/* ---- What happened --------------------------------------------------------------------------- */
/* The getters describe the last call until the next one begins. During a call they say that there
 * is one: MBV_KEY_UNKNOWN, zeroes, -1 for the retry time, and an error message that tells of the call. They
 * never wait, and make nobody busy. On a new client, or with NULL, they describe nothing:
 * MBV_KEY_UNCHANGED, zeroes, -1, empty text. */

/* A sentence or two in English, UTF-8: what went wrong and, of a creating call, what became of the old key. It describes the
 * last function of this client that returned a status; empty after MBV_OK. Returns its full size. */
MBV_API size_t MBV_CALL mbv_error_message(const mbv_client *client, char *buffer, size_t capacity) MBV_NOEXCEPT;

/* What became of the account's old key: MBV_KEY_UNCHANGED, MBV_KEY_REPLACED or MBV_KEY_UNKNOWN. */
MBV_API int32_t MBV_CALL mbv_key_state(const mbv_client *client) MBV_NOEXCEPT;

/* The status code of the answer, 100 to 999; 0 when no answer came. */
MBV_API int32_t MBV_CALL mbv_http_status(const mbv_client *client) MBV_NOEXCEPT;

/* The member "code" of an error's JSON body; 0 when the answer had none. */
MBV_API int32_t MBV_CALL mbv_server_code(const mbv_client *client) MBV_NOEXCEPT;

/* The member "message" of an error's JSON body, secrets blanked; empty when the answer had none. Returns
 * its full size, at most 64 KiB. It is UTF-8 whatever the server sends.
 *
 * The text is decoded, one layer of escapes after the other, until nothing changes, and its case is folded
 * as Unicode folds it; what is found in it of the password or of a key, as it is or decoded likewise, is
 * blanked: the whole, any run of eight characters or more, and, where the text ends, a beginning of four or
 * more. Whatever has the shape of a UUID is blanked as well, and so is a text of more than eight layers, as a
 * whole. The escapes are those of JSON and JavaScript, of URLs (with + for a space) and of HTML. Bytes
 * written as %XX or \xXX are UTF-8, and Latin-1 where they are none.
 *
 * Not covered: other encodings (base64, octal, UTF-7 and the like), a secret with something put between its
 * characters or in another of Unicode's normal forms, pieces of fewer than eight characters, and a secret that
 * itself looks like escapes of several kinds, or that becomes one together with the text around it.
 * mbv_error_message quotes this text. */
MBV_API size_t MBV_CALL mbv_server_message(const mbv_client *client, char *buffer, size_t capacity) MBV_NOEXCEPT;

/* How many milliseconds the server asked to wait (its Retry-After header, seconds or a date); -1 when
 * it did not say, 0 for a date that has passed, and at most 9223372036854775000. */
MBV_API int64_t MBV_CALL mbv_retry_after_ms(const mbv_client *client) MBV_NOEXCEPT;

/* ---- Cancelling ------------------------------------------------------------------------------ */

/* Ends the call in progress within 50 ms, whatever it is waiting for, and every later one at once, with
 * MBV_ERR_CANCELLED, until mbv_uncancel. From any thread, and from a signal handler: it is async-signal-safe and
 * leaves errno alone. */
MBV_API void MBV_CALL mbv_cancel(mbv_client *client) MBV_NOEXCEPT;

/* Ends the effect of mbv_cancel: later calls run again. From any thread. */
MBV_API void MBV_CALL mbv_uncancel(mbv_client *client) MBV_NOEXCEPT;

/* ---- The library ----------------------------------------------------------------------------- */

/* The name of a status, such as "MBV_ERR_TIMEOUT"; "MBV_ERR_UNKNOWN" where there is no such status.
 * Static text, never NULL. */
MBV_API const char *MBV_CALL mbv_status_name(int32_t status) MBV_NOEXCEPT;

/* A status in a sentence, without a client: for mbv_new that returned NULL, for logs. mbv_error_message knows
 * more. Static text, never NULL. Since 1.1. */
MBV_API const char *MBV_CALL mbv_status_message(int32_t status) MBV_NOEXCEPT;

/* The version of the library that is loaded, such as "1.1.0". Static text. */
MBV_API const char *MBV_CALL mbv_version(void) MBV_NOEXCEPT;

/* The version of the library that is loaded, as a number: major * 10000 + minor * 100 + patch. */
MBV_API int32_t MBV_CALL mbv_version_number(void) MBV_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif /* MOBIVATE_H */
