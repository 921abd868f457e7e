/* SPDX-License-Identifier: MIT
 *
 * What the file of --output has in common on all systems: what is told when it cannot be written, and the new
 * file's name. */
#ifndef MBV_TOOL_OUTPUT_MESSAGES_H
#define MBV_TOOL_OUTPUT_MESSAGES_H

#include <stdint.h>

#include "report.h"

/* Each returns false. */
bool output_fail(const char* path, const char* reason, struct report* report);
bool output_fail_to_read(const char* path, int error, struct report* report);

/* Another run has the lock. `process` is 0 where it cannot be told which. */
bool output_fail_busy(const char* path, int64_t process, struct report* report);

/* The new file's name is taken; `directory_size` is that of the path up to the last part. */
bool output_fail_in_the_way(const char* path, size_t directory_size, const char* new_name, int error,
                            struct report* report);

/* For each name of an output one of the same length, however long that is. */
#define NEW_NAME_SIZE (sizeof ".mbv-0123456789abcdef")
void output_new_name(const char* name, char* new_name);

#endif
