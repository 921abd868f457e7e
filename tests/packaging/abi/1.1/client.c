/* SPDX-License-Identifier: MIT
 *
 * A program of the day when 1.1 was released. It uses every function that 1.1 added, and expects of every
 * later library what was promised then. It is never changed. Needs the stand-in: MOBIVATE_STANDIN_HTTPS,
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

static const char name[] = "answer-lost@example.com", password[] = "correct-password";

static int32_t get(mbv_client* client, const char* username, const char* with_password, char* key,
                   size_t* key_size) {
    return mbv_get_key(client, username, MBV_NUL_TERMINATED, with_password, strlen(with_password), key,
                       MBV_KEY_CAPACITY, key_size);
}

static int32_t test(mbv_client* client, const char* key) {
    return mbv_test_key(client, key, MBV_NUL_TERMINATED);
}

/* What the getters have to say after a call that changes nothing. */
static void expect(const mbv_client* client, int32_t http_status, int32_t server_code) {
    EXPECT(mbv_key_state(client) == MBV_KEY_UNCHANGED);
    EXPECT(mbv_http_status(client) == http_status);
    EXPECT(mbv_server_code(client) == server_code);
    EXPECT(mbv_retry_after_ms(client) == -1);
}

static void version(void) {
    EXPECT(strncmp(MBV_VERSION, "1.1.", 4) == 0);
    EXPECT(MBV_VERSION_NUMBER / 100 == 101);
    EXPECT(mbv_version_number() >= MBV_VERSION_NUMBER && mbv_version_number() < 20000);
}

static void sentences(void) {
    const char* none = mbv_status_message(1);
    int32_t status;
    EXPECT(none != NULL && none[0] != '\0');
    for (status = MBV_ERR_BUFFER_TOO_SMALL; status <= MBV_OK; ++status) {
        EXPECT(mbv_status_message(status)[0] != '\0');
        EXPECT(strcmp(mbv_status_message(status), none) != 0);
    }
    EXPECT(strcmp(mbv_status_message(MBV_ERR_INTERNAL), none) != 0);
}

/* Creates, and settles what is unknown by asking: the rotation as 1.1 offers it. */
static void rotate(mbv_client* client) {
    char old_key[MBV_KEY_CAPACITY], key[MBV_KEY_CAPACITY], text[512];
    size_t size = 0;
    EXPECT(get(client, name, password, old_key, &size) == MBV_OK);
    EXPECT(size > 0 && strlen(old_key) == size);
    expect(client, 200, 0);
    EXPECT(test(client, old_key) == MBV_OK);
    expect(client, 200, 0);
    EXPECT(mbv_error_message(client, text, sizeof text) == 0);

    EXPECT(mbv_create_key(client, name, MBV_NUL_TERMINATED, password, MBV_NUL_TERMINATED, key, sizeof key,
                          NULL) == MBV_ERR_TRANSPORT);
    EXPECT(mbv_key_state(client) == MBV_KEY_UNKNOWN);
    EXPECT(mbv_error_message(client, text, sizeof text) > 0 && strstr(text, "mbv_get_key") != NULL);

    EXPECT(get(client, name, password, key, NULL) == MBV_OK);
    EXPECT(strcmp(key, old_key) != 0);
    EXPECT(test(client, key) == MBV_OK);
    EXPECT(test(client, old_key) == MBV_ERR_CREDENTIALS);
    expect(client, 401, 401);
    EXPECT(mbv_server_message(client, text, sizeof text) > 0);
    EXPECT(mbv_error_message(client, text, sizeof text) > 0 && strstr(text, "old key") == NULL);
}

int main(void) {
    const char *base_url = getenv("MOBIVATE_STANDIN_HTTPS"), *ca_file = getenv("MOBIVATE_STANDIN_CA_FILE");
    char key[MBV_KEY_CAPACITY], long_key[4097];
    size_t size = 1;
    mbv_client* client = mbv_new();
    if (client == NULL || base_url == NULL || ca_file == NULL) return 2;

    version();
    sentences();
    EXPECT(mbv_set(client, "base_url", base_url) == MBV_OK);
    EXPECT(mbv_set(client, "ca_file", ca_file) == MBV_OK);
    EXPECT(mbv_set(client, "proxy", "") == MBV_OK);
    rotate(client);

    EXPECT(get(client, name, "wrong", key, &size) == MBV_ERR_CREDENTIALS);
    EXPECT(size == 0 && key[0] == '\0');
    expect(client, 401, 401);

    EXPECT(mbv_create_key(client, "key-of-4096-bytes@example.com", MBV_NUL_TERMINATED, password,
                          MBV_NUL_TERMINATED, long_key, sizeof long_key, NULL) == MBV_OK);
    EXPECT(get(client, "key-of-4096-bytes@example.com", password, key, &size) == MBV_ERR_BUFFER_TOO_SMALL);
    EXPECT(size == 4096 && key[0] == '\0');
    expect(client, 200, 0);
    EXPECT(test(client, long_key) == MBV_ERR_INVALID_ARGUMENT);
    EXPECT(mbv_take_key(client, long_key, sizeof long_key, &size) == MBV_OK);
    EXPECT(size == 4096 && test(client, long_key) == MBV_OK);

    EXPECT(test(client, "a key") == MBV_ERR_INVALID_ARGUMENT);
    EXPECT(test(client, "key\r\nX-Injected: yes") == MBV_ERR_INVALID_ARGUMENT);
    EXPECT(test(client, "") == MBV_ERR_INVALID_ARGUMENT);
    EXPECT(mbv_test_key(client, NULL, 0) == MBV_ERR_INVALID_ARGUMENT);
    expect(client, 0, 0);

    mbv_cancel(client);
    EXPECT(get(client, name, password, key, NULL) == MBV_ERR_CANCELLED);
    EXPECT(test(client, "key") == MBV_ERR_CANCELLED);
    expect(client, 0, 0);
    mbv_uncancel(client);
    EXPECT(test(client, "no-such-key") == MBV_ERR_CREDENTIALS);
    EXPECT(strcmp(mbv_status_name(MBV_ERR_CREDENTIALS), "MBV_ERR_CREDENTIALS") == 0);
    EXPECT(mbv_version()[0] == '1');

    mbv_free(client);
    if (failures == 0) puts("as in 1.1");
    return failures == 0 ? 0 : 1;
}
