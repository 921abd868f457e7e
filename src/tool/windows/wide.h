/* SPDX-License-Identifier: MIT
 *
 * Text as Windows has it, UTF-16, and as the tool has it, UTF-8. What is not UTF-8 or not UTF-16 is refused
 * (EILSEQ) and never turned into something that resembles it. */
#ifndef MBV_TOOL_WINDOWS_WIDE_H
#define MBV_TOOL_WINDOWS_WIDE_H

#include <wchar.h>

/* The full path, without "." and "..", of any length; to be freed. Returns 0, or an error (see io.h). */
int wide_path(const char* path, wchar_t** wide);

/* To be freed. Returns 0, or an error. */
int wide_to_utf8(const wchar_t* wide, char** utf8);

#endif
