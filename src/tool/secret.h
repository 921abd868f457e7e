/* SPDX-License-Identifier: MIT
 *
 * Memory for a password or a key: kept out of swap and core dumps where the system lets an ordinary
 * process do so, and wiped when it is given back. */
#ifndef MBV_TOOL_SECRET_H
#define MBV_TOOL_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret {
    char* bytes;
    size_t size; /* how many of the bytes are in use; the owner keeps count */
    size_t capacity;
};

/* False when there is no memory. */
bool secret_open(struct secret* secret, size_t capacity);

/* Wipes what is in use and goes back to size 0. */
void secret_clear(struct secret* secret);

/* Wipes and gives back. Fine on one that was never opened, if it was zeroed. */
void secret_close(struct secret* secret);

#endif
