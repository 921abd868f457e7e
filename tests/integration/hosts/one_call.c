/* SPDX-License-Identifier: MIT */
/* A host that is linked with nothing: one_call LIBRARY BASE-URL [OPTION VALUE]... [--before OTHER-LIBRARY]
 * Loads the library, makes one call, and prints the status and the message, a line each. With --before
 * another library is loaded first, for everybody to see. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "mobivate.h"

static void* load(const char* path, int flags) {
    void* library = dlopen(path, RTLD_NOW | flags);
    if (library == NULL) fprintf(stderr, "%s\n", dlerror());
    return library;
}

#define FUNCTION(name) __typeof__(&(name)) own_##name = (__typeof__(&(name)))dlsym(library, #name)

int main(int argc, char** argv) {
    char key[MBV_KEY_CAPACITY], message[2048];
    if (argc < 3) return 2;
    for (int i = 3; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--before") == 0 && load(argv[i + 1], RTLD_GLOBAL) == NULL) return 2;
    }
    void* library = load(argv[1], RTLD_LOCAL);
    if (library == NULL) return 2;
    FUNCTION(mbv_new);
    FUNCTION(mbv_set);
    FUNCTION(mbv_create_key);
    FUNCTION(mbv_error_message);
    FUNCTION(mbv_status_name);
    FUNCTION(mbv_free);
    mbv_client* client = own_mbv_new();
    int32_t status = own_mbv_set(client, "base_url", argv[2]);
    for (int i = 3; i + 1 < argc && status == MBV_OK; i += 2) {
        if (strcmp(argv[i], "--before") != 0) status = own_mbv_set(client, argv[i], argv[i + 1]);
    }
    if (status == MBV_OK) {
        status = own_mbv_create_key(client, "hosts@example.com", MBV_NUL_TERMINATED, "correct-password",
                                    MBV_NUL_TERMINATED, key, sizeof key, NULL);
    }
    own_mbv_error_message(client, message, sizeof message);
    printf("%s\n%s\n", own_mbv_status_name(status), message);
    own_mbv_free(client);
    return 0;
}
