/* SPDX-License-Identifier: MIT
 *
 * What the tool needs of the operating system beside reading, writing and signals. It has a folder of files
 * for each system; everything outside of them is the same on all. */
#ifndef MBV_TOOL_SYSTEM_H
#define MBV_TOOL_SYSTEM_H

#include <stdint.h>

/* An error in words, valid until the next call. */
const char* system_error(int error);

/* Milliseconds of a clock that nobody sets. */
int64_t system_now_ms(void);

/* No dump of the memory when the program crashes, as far as the system lets an ordinary process say so. */
void system_protect_memory(void);

/* All of the program. Each system's main calls it, with arguments in UTF-8. */
int tool_main(int argc, char** argv);

#endif
