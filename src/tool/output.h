/* SPDX-License-Identifier: MIT
 *
 * The file of --output: at most one mbv at a time is about to write it, and whoever reads it sees the old
 * content or the new, never a part.
 *
 * The key goes to a new file beside it, which then takes its place in one step. The new file's name is made
 * from FILE's and the new file is locked, so it is the lock against a second run, too. The kernel drops the
 * lock when its process ends, whatever the reason. */
#ifndef MBV_TOOL_OUTPUT_H
#define MBV_TOOL_OUTPUT_H

#include <stdbool.h>

#include "report.h"
#include "secret.h"

/* Room for the longest key, of 4096 bytes, and a newline or a NUL. */
#define KEY_CAPACITY 4097

struct output {
    const char* path;
    const char* name; /* the last part of path */
    int directory;    /* the one that the name is in */
    int file;         /* the new file; with in_place, the one that has the name */
    bool in_place;    /* a mount point: its content can be replaced, but not its name */
    char temporary[sizeof ".mbv-0123456789abcdef"]; /* the new file's name; empty when it does not exist */
};

/* What an output is before output_open. */
#define OUTPUT_CLOSED \
    { .directory = -1, .file = -1 }

/* Before the password is asked for: opens the directory and looks at what has the name now. */
bool output_open(struct output* output, const char* path, struct report* report);

/* Before anything is sent: locks, and makes the new file, with mode 0600 and room on the disk for any key. */
bool output_reserve(struct output* output, struct report* report);

/* After output_reserve: appends what the file has now, as far as it fits; `*exists` tells whether there is
 * one. */
bool output_read(struct output* output, struct secret* into, bool* exists, struct report* report);

/* Writes the line, brings it to the disk and gives it its name. Returns 0, or an errno value. */
int output_commit(struct output* output, const char* line, size_t size);

/* Removes the new file, if it has not got its name, and unlocks. */
void output_close(struct output* output);

#endif
