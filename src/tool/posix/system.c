/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "../system.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

const char* system_error(int error) { return strerror(error); }

int64_t system_now_ms(void) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void system_protect_memory(void) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#if defined(__linux__)
    /* Nor a look into it by other processes of the same user. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int main(int argc, char** argv) { return tool_main(argc, argv); }
