/* SPDX-License-Identifier: MIT */
#include "output_messages.h"

#include <inttypes.h>
#include <stdio.h>

#include "system.h"

bool output_fail(const char* path, const char* reason, struct report* report) {
    return report_fail(report, EXIT_USAGE,
                       "The key could not be written to %s: %s. " NOTHING_SENT
                       " Choose another place for --output.",
                       path, reason);
}

bool output_fail_to_read(const char* path, int error, struct report* report) {
    return report_fail(report, EXIT_USAGE, "%s cannot be read: %s. " NOTHING_SENT, path, system_error(error));
}

bool output_fail_busy(const char* path, int64_t process, struct report* report) {
    char who[48] = "Another process";
    if (process > 0) (void)snprintf(who, sizeof who, "Another process, %" PRId64 ",", process);
    return report_fail(
        report, EXIT_USAGE,
        "%s is creating a key for %s. Wait for it to end. Only one may, or the file could end up "
        "with a key that is revoked already. " NOTHING_SENT,
        who, path);
}

bool output_fail_in_the_way(const char* path, size_t directory_size, const char* new_name, int error,
                            struct report* report) {
    return report_fail(report, EXIT_USAGE,
                       "%.*s%s is in the way of writing %s, and cannot be locked and removed: %s. Remove it, "
                       "unless another mbv is running for that file. " NOTHING_SENT,
                       (int)directory_size, path, new_name, path, system_error(error));
}

/* FNV-1a. */
static uint64_t hash_of(const char* name) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; ++name) hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash;
}

void output_new_name(const char* name, char* new_name) {
    (void)snprintf(new_name, NEW_NAME_SIZE, ".mbv-%016" PRIx64, hash_of(name));
}
