/* SPDX-License-Identifier: MIT */
#include <mobivate.h>
#include <stdio.h>

int main(void) {
    char key[MBV_KEY_CAPACITY], message[512];
    int exit_code = 0;
    mbv_client *client = mbv_new();
    int32_t status = mbv_create_key(client, "first.last@example.com", MBV_NUL_TERMINATED,
                                    "your-pass", MBV_NUL_TERMINATED, key, sizeof key, NULL);
    if (status == MBV_OK) {
        puts(key);
    } else {
        mbv_error_message(client, message, sizeof message);
        fprintf(stderr, "%s: %s\n", mbv_status_name(status), message);
        exit_code = mbv_key_state(client) == MBV_KEY_UNCHANGED ? 1 : 5; /* 5: create a key again */
    }
    mbv_free(client); /* NULL is fine everywhere */
    return exit_code;
}
