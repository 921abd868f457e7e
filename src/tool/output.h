/* SPDX-License-Identifier: MIT
 *
 * The file of --output. The key first goes to a new file beside it, which then takes its place in one
 * step: whoever reads FILE sees the old content or the new, and never a part. */
#ifndef MBV_TOOL_OUTPUT_H
#define MBV_TOOL_OUTPUT_H

#include <stdbool.h>

#include "report.h"

/* Room for the longest key, of 4096 bytes, and a newline or a NUL. */
#define KEY_CAPACITY 4097

struct output {
    const char* path;
    const char* name;   /* the last part of path */
    int directory;      /* the one that the name is in */
    int file;           /* the new file */
    char temporary[32]; /* its name; empty when it does not exist */
};

/* What an output is before output_open. */
#define OUTPUT_CLOSED \
    { .directory = -1, .file = -1 }

/* Before the password is asked for: opens the directory and looks at what has the name now. */
bool output_open(struct output* output, const char* path, struct report* report);

/* Before anything is sent: makes the new file, with mode 0600 and room on the disk for any key. */
bool output_reserve(struct output* output, struct report* report);

/* Writes the line, brings it to the disk and gives it its name. Returns 0, or an errno value. */
int output_commit(struct output* output, const char* line, size_t size);

/* Removes the new file, if it has not got its name. */
void output_close(struct output* output);

#endif
