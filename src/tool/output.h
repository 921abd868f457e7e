/* SPDX-License-Identifier: MIT
 *
 * The file of --output: at most one mbv at a time is about to write it, and whoever reads it sees the old
 * content or the new, never a part.
 *
 * The key goes to a new file beside it, which then takes its place in one step. The new file's name is made
 * from FILE's and the new file is locked, so it is the lock against a second run, too. The system drops the
 * lock when its process ends, whatever the reason. */
#ifndef MBV_TOOL_OUTPUT_H
#define MBV_TOOL_OUTPUT_H

#include <stdbool.h>

#include "report.h"
#include "secret.h"

/* Room for the longest key, of 4096 bytes, and a newline or a NUL. */
#define KEY_CAPACITY 4097

struct output; /* each system has its own */

/* Before the password is asked for: opens the directory and looks at what has the name now. The path must
 * outlive the output, which is to be closed also where this fails. */
bool output_open(struct output** output, const char* path, struct report* report);

/* Before anything is sent: locks, and makes the new file, private and with room on the disk for any key. */
bool output_reserve(struct output* output, struct report* report);

/* After output_reserve: appends what the file has now, as far as it fits; `*exists` tells whether there is
 * one. */
bool output_read(struct output* output, struct secret* into, bool* exists, struct report* report);

/* Whether it is the content that is replaced and not the name: a mount point. */
bool output_is_in_place(const struct output* output);

/* Writes the line, brings it to the disk and gives it its name. Returns 0, or an error (see io.h). */
int output_commit(struct output* output, const char* line, size_t size);

/* Removes the new file, if it has not got its name, and unlocks. Fine with NULL. */
void output_close(struct output* output);

#endif
