/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* explicit_bzero, MAP_ANONYMOUS, MADV_DONTDUMP */
#include "../secret.h"

#include <string.h>
#include <sys/mman.h>

bool secret_open(struct secret* secret, size_t capacity) {
    /* Pages of its own, since locking and excluding from dumps work on whole pages. */
    void* pages = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return false;
    /* Both are a bonus: a low limit of locked memory is no reason to fail. */
    (void)mlock(pages, capacity);
#ifdef MADV_DONTDUMP
    (void)madvise(pages, capacity, MADV_DONTDUMP);
#endif
    *secret = (struct secret){.bytes = pages, .size = 0, .capacity = capacity};
    return true;
}

void secret_clear(struct secret* secret) {
    if (secret->bytes != NULL) explicit_bzero(secret->bytes, secret->capacity);
    secret->size = 0;
}

void secret_close(struct secret* secret) {
    if (secret->bytes == NULL) return;
    secret_clear(secret);
    (void)munmap(secret->bytes, secret->capacity);
    *secret = (struct secret){0};
}
