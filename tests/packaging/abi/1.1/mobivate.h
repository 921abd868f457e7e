/* SPDX-License-Identifier: MIT
 *
 * What programs were compiled with when 1.1 was released: include/mobivate.h of then, without its comments.
 * It is never changed. */
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

#define MBV_VERSION "1.1.0"
#define MBV_VERSION_NUMBER 10100

#define MBV_NUL_TERMINATED SIZE_MAX
#define MBV_KEY_CAPACITY 256

#define MBV_OK 0
#define MBV_ERR_INVALID_ARGUMENT (-1)
#define MBV_ERR_NO_MEMORY (-2)
#define MBV_ERR_BUSY (-3)
#define MBV_ERR_CANCELLED (-4)
#define MBV_ERR_TIMEOUT (-5)
#define MBV_ERR_RESOLVE (-6)
#define MBV_ERR_CONNECT (-7)
#define MBV_ERR_TLS (-8)
#define MBV_ERR_TRANSPORT (-9)
#define MBV_ERR_CREDENTIALS (-10)
#define MBV_ERR_RATE_LIMITED (-11)
#define MBV_ERR_REJECTED (-12)
#define MBV_ERR_SERVER (-13)
#define MBV_ERR_PROTOCOL (-14)
#define MBV_ERR_BUFFER_TOO_SMALL (-15)
#define MBV_ERR_INTERNAL (-99)

#define MBV_KEY_UNCHANGED 0
#define MBV_KEY_REPLACED 1
#define MBV_KEY_UNKNOWN 2

typedef struct mbv_client mbv_client;
MBV_API mbv_client* MBV_CALL mbv_new(void) MBV_NOEXCEPT;
MBV_API void MBV_CALL mbv_free(mbv_client* client) MBV_NOEXCEPT;
MBV_API int32_t MBV_CALL mbv_set(mbv_client* client, const char* option, const char* value) MBV_NOEXCEPT;
MBV_API int32_t MBV_CALL mbv_create_key(mbv_client* client, const char* username, size_t username_size,
                                        const char* password, size_t password_size, char* key,
                                        size_t key_capacity, size_t* key_size) MBV_NOEXCEPT;
MBV_API int32_t MBV_CALL mbv_get_key(mbv_client* client, const char* username, size_t username_size,
                                     const char* password, size_t password_size, char* key,
                                     size_t key_capacity, size_t* key_size) MBV_NOEXCEPT;
MBV_API int32_t MBV_CALL mbv_test_key(mbv_client* client, const char* key, size_t key_size) MBV_NOEXCEPT;
MBV_API int32_t MBV_CALL mbv_take_key(mbv_client* client, char* key, size_t key_capacity,
                                      size_t* key_size) MBV_NOEXCEPT;
MBV_API size_t MBV_CALL mbv_error_message(const mbv_client* client, char* buffer,
                                          size_t capacity) MBV_NOEXCEPT;
MBV_API int32_t MBV_CALL mbv_key_state(const mbv_client* client) MBV_NOEXCEPT;
MBV_API int32_t MBV_CALL mbv_http_status(const mbv_client* client) MBV_NOEXCEPT;
MBV_API int32_t MBV_CALL mbv_server_code(const mbv_client* client) MBV_NOEXCEPT;
MBV_API size_t MBV_CALL mbv_server_message(const mbv_client* client, char* buffer,
                                           size_t capacity) MBV_NOEXCEPT;
MBV_API int64_t MBV_CALL mbv_retry_after_ms(const mbv_client* client) MBV_NOEXCEPT;
MBV_API void MBV_CALL mbv_cancel(mbv_client* client) MBV_NOEXCEPT;
MBV_API void MBV_CALL mbv_uncancel(mbv_client* client) MBV_NOEXCEPT;
MBV_API const char* MBV_CALL mbv_status_name(int32_t status) MBV_NOEXCEPT;
MBV_API const char* MBV_CALL mbv_status_message(int32_t status) MBV_NOEXCEPT;
MBV_API const char* MBV_CALL mbv_version(void) MBV_NOEXCEPT;
MBV_API int32_t MBV_CALL mbv_version_number(void) MBV_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif
