/* SPDX-License-Identifier: MIT
 *
 * Reading and writing descriptors. Not stdio: its buffers would keep copies of a password or a key. */
#ifndef MBV_TOOL_IO_H
#define MBV_TOOL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "secret.h"

/* Takes the places of closed standard descriptors, so that no file or connection gets number 0, 1 or 2. */
void io_occupy_standard_descriptors(void);

/* Whether the descriptor was opened for writing and, if a pipe, still has a reader. Returns 0, or an
 * errno value. */
int io_check_writable(int descriptor);

/* Appends what one read gives. Returns 0, or an errno value; `*end` tells that the input is at its end,
 * or the secret full. */
int io_read_some(int descriptor, struct secret* into, bool* end);

/* Writes all of it. Returns 0, or an errno value; EINTR means that a signal asked to give up. */
int io_write_all(int descriptor, const char* bytes, size_t size);

/* The same for a file, which keeps nobody waiting: no signal ends it. */
int io_write_file(int descriptor, const char* bytes, size_t size);

/* Brings a file or a directory to the disk; other things have nothing to bring. */
int io_sync(int descriptor);

#endif
