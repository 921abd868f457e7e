/* SPDX-License-Identifier: MIT
 *
 * Reading and writing. Not stdio: its buffers would keep copies of a password or a key.
 *
 * Here and wherever else the operating system is reached, an error is 0 or a value that system_error puts
 * into words: an errno value, or on Windows also one of its own. EINTR means that a signal came. */
#ifndef MBV_TOOL_IO_H
#define MBV_TOOL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secret.h"

/* A descriptor, or on Windows a HANDLE. */
typedef intptr_t io_handle;

enum io_standard { IO_INPUT, IO_OUTPUT, IO_ERROR };

/* Sees to it that no file or connection takes the place of a standard stream that is closed. */
void io_prepare(void);

io_handle io_standard(enum io_standard stream);

bool io_is_terminal(io_handle handle);

/* Whether it was opened for writing and, if a pipe, still has a reader. Returns 0, or an error. */
int io_check_writable(io_handle handle);

/* Appends what one read gives. Returns 0, or an error; `*end` tells that the input is at its end, or the
 * secret full. */
int io_read_some(io_handle handle, struct secret* into, bool* end);

/* Writes all of it. Returns 0, or an error; EINTR means that a signal asked to give up. */
int io_write_all(io_handle handle, const char* bytes, size_t size);

/* Brings a file to the disk; other things have nothing to bring. */
int io_sync(io_handle handle);

/* Opens a file to be read. Returns 0, or an error. */
int io_open(const char* path, io_handle* file);
void io_close(io_handle file);

/* Whether both names belong to one file that exists. */
bool io_is_same_file(const char* one, const char* other);

#endif
