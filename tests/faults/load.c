/* SPDX-License-Identifier: MIT
 *
 * Loads the library, makes a call and unloads it, a thousand times:
 *   load LIBRARY NAME
 * where the environment variable NAME has the stand-in's URL. Neither memory nor descriptors grow. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mobivate.h"

enum { ROUNDS = 1000, WARM_UP = 100, LEVEL_KIB = 512 };

static long resident_kib(void) {
    long kib = -1;
    char line[256];
    FILE* status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0) kib = atol(line + 6);
    if (status != NULL) fclose(status);
    return kib;
}

static long descriptors(void) {
    long count = 0;
    DIR* folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL) ++count;
    if (folder != NULL) closedir(folder);
    return count;
}

/* dlsym gives a pointer to data, and C knows no way from there to one to a function. */
static void find(void* library, const char* name, void* function, size_t size) {
    void* symbol = dlsym(library, name);
    if (symbol == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    memcpy(function, &symbol, size);
}

static int round_trip(const char* path, const char* base_url, const char* ca_file) {
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 0;
    }
    mbv_client* (*new_client)(void);
    void (*free_client)(mbv_client*);
    int32_t (*set)(mbv_client*, const char*, const char*);
    int32_t (*create_key)(mbv_client*, const char*, size_t, const char*, size_t, char*, size_t, size_t*);
    find(library, "mbv_new", &new_client, sizeof new_client);
    find(library, "mbv_free", &free_client, sizeof free_client);
    find(library, "mbv_set", &set, sizeof set);
    find(library, "mbv_create_key", &create_key, sizeof create_key);
    char key[MBV_KEY_CAPACITY];
    mbv_client* client = new_client();
    const int set_up = set(client, "base_url", base_url) == MBV_OK &&
                       set(client, "ca_file", ca_file) == MBV_OK && set(client, "proxy", "") == MBV_OK;
    const int32_t status =
        create_key(client, "alice@example.com", MBV_NUL_TERMINATED, "correct horse battery staple",
                   MBV_NUL_TERMINATED, key, sizeof key, NULL);
    free_client(client);
    return set_up && status == MBV_OK && dlclose(library) == 0;
}

int main(int argc, char** argv) {
    const char* base_url = argc == 3 ? getenv(argv[2]) : NULL;
    const char* ca_file = getenv("MOBIVATE_STANDIN_CA_FILE");
    if (base_url == NULL || ca_file == NULL) {
        fprintf(stderr, "Usage: python3 tests/standin -- %s LIBRARY MOBIVATE_STANDIN_HTTPS\n", argv[0]);
        return 2;
    }
    long resident = 0;
    long open_files = 0;
    for (int i = 0; i < ROUNDS; ++i) {
        if (i == WARM_UP) {
            resident = resident_kib();
            open_files = descriptors();
        }
        if (!round_trip(argv[1], base_url, ca_file)) {
            fprintf(stderr, "round %d failed\n", i);
            return 1;
        }
    }
    const long grown = resident_kib() - resident;
    const long left = descriptors() - open_files;
    printf("%d rounds of dlopen, a call and dlclose: %ld KiB and %ld descriptors more at the end\n", ROUNDS,
           grown, left);
    return grown <= LEVEL_KIB && left == 0 ? 0 : 1;
}
