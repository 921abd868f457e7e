/* SPDX-License-Identifier: MIT */
#include <mobivate.h>
#include <stdio.h>

/* The exit codes of mbv. */
static int exit_code_of(int32_t status, int32_t key_state) {
    if (status == MBV_ERR_INVALID_ARGUMENT) return 2;
    if (key_state != MBV_KEY_UNCHANGED) return 5;
    if (status == MBV_ERR_CREDENTIALS || status == MBV_ERR_RATE_LIMITED) return 3;
    return status == MBV_ERR_REJECTED ? 3 : 4;
}

int main(void) {
    char key[MBV_KEY_CAPACITY], message[512];
    int exit_code = 0;
    mbv_client* client = mbv_new();
    int32_t status = mbv_create_key(client, "first.last@example.com", MBV_NUL_TERMINATED, "your-pass",
                                    MBV_NUL_TERMINATED, key, sizeof key, NULL);
    if (status != MBV_OK) {
        mbv_error_message(client, message, sizeof message); /* says whether the old key still works, too */
        fprintf(stderr, "%s: %s\n", mbv_status_name(status), message);
        exit_code = exit_code_of(status, mbv_key_state(client));
    } else if (puts(key) == EOF || fflush(stdout) != 0) {
        fprintf(stderr, "The new key could not be printed: %s\n", key);
        exit_code = 6;
    }
    mbv_free(client); /* NULL is fine everywhere */
    return exit_code;
}
