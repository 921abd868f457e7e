/* SPDX-License-Identifier: MIT
 *
 * A program of the day when 1.0 was released. It uses every function there was, and expects of every later
 * library what was promised then. It is never changed. Needs the stand-in: MOBIVATE_STANDIN_HTTPS,
 * MOBIVATE_STANDIN_CA_FILE. */
#include "mobivate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define EXPECT(condition)                                                       \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "client.c:%d: not so: %s\n", __LINE__, #condition); \
            ++failures;                                                         \
        }                                                                       \
    } while (0)

/* What the getters have to say after a call. */
static void expect(const mbv_client* client, int32_t key_state, int32_t http_status, int32_t server_code,
                   const char* server_message, int64_t retry_after_ms) {
    char message[256];
    EXPECT(mbv_key_state(client) == key_state);
    EXPECT(mbv_http_status(client) == http_status);
    EXPECT(mbv_server_code(client) == server_code);
    EXPECT(mbv_server_message(client, message, sizeof message) == strlen(server_message));
    EXPECT(strcmp(message, server_message) == 0);
    EXPECT(mbv_retry_after_ms(client) == retry_after_ms);
}

static int32_t create(mbv_client* client, const char* username, const char* password, char* key,
                      size_t* key_size) {
    return mbv_create_key(client, username, MBV_NUL_TERMINATED, password, strlen(password), key,
                          MBV_KEY_CAPACITY, key_size);
}

static void names(void) {
    static const struct {
        int32_t status;
        const char* name;
    } all[] = {
        {0, "MBV_OK"},
        {-1, "MBV_ERR_INVALID_ARGUMENT"},
        {-2, "MBV_ERR_NO_MEMORY"},
        {-3, "MBV_ERR_BUSY"},
        {-4, "MBV_ERR_CANCELLED"},
        {-5, "MBV_ERR_TIMEOUT"},
        {-6, "MBV_ERR_RESOLVE"},
        {-7, "MBV_ERR_CONNECT"},
        {-8, "MBV_ERR_TLS"},
        {-9, "MBV_ERR_TRANSPORT"},
        {-10, "MBV_ERR_CREDENTIALS"},
        {-11, "MBV_ERR_RATE_LIMITED"},
        {-12, "MBV_ERR_REJECTED"},
        {-13, "MBV_ERR_SERVER"},
        {-14, "MBV_ERR_PROTOCOL"},
        {-15, "MBV_ERR_BUFFER_TOO_SMALL"},
        {-99, "MBV_ERR_INTERNAL"},
    };
    size_t index;
    for (index = 0; index < sizeof all / sizeof *all; ++index)
        EXPECT(strcmp(mbv_status_name(all[index].status), all[index].name) == 0);
    EXPECT(strcmp(mbv_status_name(1), "MBV_ERR_UNKNOWN") == 0);
}

static void version(void) {
    int major = 0, minor = 0, patch = 0;
    EXPECT(sscanf(mbv_version(), "%d.%d.%d", &major, &minor, &patch) == 3);
    EXPECT(mbv_version_number() == major * 10000 + minor * 100 + patch);
    EXPECT(major == 1);
}

int main(void) {
    const char *base_url = getenv("MOBIVATE_STANDIN_HTTPS"), *ca_file = getenv("MOBIVATE_STANDIN_CA_FILE");
    char key[MBV_KEY_CAPACITY], long_key[4097], text[512];
    size_t size = 1;
    mbv_client* client = mbv_new();
    if (client == NULL || base_url == NULL || ca_file == NULL) return 2;

    names();
    version();
    expect(client, MBV_KEY_UNCHANGED, 0, 0, "", -1);
    EXPECT(mbv_error_message(client, NULL, 0) == 0);

    EXPECT(mbv_set(client, "base_url", base_url) == MBV_OK);
    EXPECT(mbv_set(client, "ca_file", ca_file) == MBV_OK);
    EXPECT(mbv_set(client, "timeout_ms", "20000") == MBV_OK);
    EXPECT(mbv_set(client, "connect_timeout_ms", "10000") == MBV_OK);
    EXPECT(mbv_set(client, "proxy", "") == MBV_OK);
    EXPECT(mbv_set(client, "user_agent", "client/1.0") == MBV_OK);
    EXPECT(mbv_set(client, "no_such_option", "1") == MBV_ERR_INVALID_ARGUMENT);
    EXPECT(mbv_error_message(client, text, sizeof text) > 0);
    EXPECT(strstr(text, "no_such_option") != NULL);

    EXPECT(create(client, "alice@example.com", "correct horse battery staple", key, &size) == MBV_OK);
    EXPECT(size > 0 && size < sizeof key && strlen(key) == size);
    expect(client, MBV_KEY_REPLACED, 200, 0, "", -1);
    EXPECT(mbv_error_message(client, text, sizeof text) == 0 && text[0] == '\0');

    EXPECT(create(client, "alice@example.com", "wrong", key, &size) == MBV_ERR_CREDENTIALS);
    EXPECT(size == 0 && key[0] == '\0');
    expect(client, MBV_KEY_UNCHANGED, 401, 401, "Invalid Credentials", -1);
    EXPECT(mbv_error_message(client, text, sizeof text) == strlen(text) && text[0] != '\0');

    EXPECT(create(client, "rate-limited@example.com", "correct-password", key, NULL) == MBV_ERR_RATE_LIMITED);
    expect(client, MBV_KEY_UNCHANGED, 429, 429, "Slow down", 7000);

    EXPECT(create(client, "opted-out@example.com", "correct-password", key, NULL) == MBV_ERR_REJECTED);
    expect(client, MBV_KEY_UNCHANGED, 403, 403, "Opted out", -1);

    EXPECT(create(client, "server-error-that-created@example.com", "correct-password", key, NULL) ==
           MBV_ERR_SERVER);
    expect(client, MBV_KEY_UNKNOWN, 500, 500, "Internal", -1);

    EXPECT(create(client, "success-html@example.com", "correct-password", key, NULL) == MBV_ERR_PROTOCOL);
    expect(client, MBV_KEY_UNKNOWN, 200, 0, "", -1);

    EXPECT(create(client, "answer-lost@example.com", "correct-password", key, NULL) == MBV_ERR_TRANSPORT);
    expect(client, MBV_KEY_UNKNOWN, 0, 0, "", -1);

    EXPECT(create(client, "key-of-4096-bytes@example.com", "correct-password", key, &size) ==
           MBV_ERR_BUFFER_TOO_SMALL);
    EXPECT(size == 4096 && key[0] == '\0');
    expect(client, MBV_KEY_REPLACED, 200, 0, "", -1);
    EXPECT(mbv_take_key(client, key, sizeof key, &size) == MBV_ERR_BUFFER_TOO_SMALL);
    EXPECT(mbv_take_key(client, long_key, sizeof long_key, &size) == MBV_OK);
    EXPECT(size == 4096 && strlen(long_key) == 4096);
    EXPECT(mbv_take_key(client, long_key, sizeof long_key, &size) == MBV_ERR_INVALID_ARGUMENT);

    EXPECT(mbv_set(client, "timeout_ms", "200") == MBV_OK);
    EXPECT(create(client, "stall-before-answer@example.com", "correct-password", key, NULL) ==
           MBV_ERR_TIMEOUT);
    expect(client, MBV_KEY_UNKNOWN, 0, 0, "", -1);
    EXPECT(mbv_set(client, "timeout_ms", "20000") == MBV_OK);

    mbv_cancel(client);
    EXPECT(create(client, "alice@example.com", "correct horse battery staple", key, NULL) ==
           MBV_ERR_CANCELLED);
    expect(client, MBV_KEY_UNCHANGED, 0, 0, "", -1);
    mbv_uncancel(client);
    EXPECT(create(client, "alice@example.com", "correct horse battery staple", key, NULL) == MBV_OK);

    EXPECT(mbv_set(client, "base_url", "https://127.0.0.1:1") == MBV_OK);
    EXPECT(create(client, "alice@example.com", "correct horse battery staple", key, NULL) == MBV_ERR_CONNECT);
    expect(client, MBV_KEY_UNCHANGED, 0, 0, "", -1);
    EXPECT(create(client, "", "x", key, NULL) == MBV_ERR_INVALID_ARGUMENT);
    EXPECT(mbv_create_key(client, "x", 1, "x", 1, key, MBV_KEY_CAPACITY - 1, NULL) ==
           MBV_ERR_INVALID_ARGUMENT);

    mbv_free(client);
    mbv_free(NULL);
    if (failures == 0) puts("as in 1.0");
    return failures == 0 ? 0 : 1;
}
