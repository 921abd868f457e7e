/* SPDX-License-Identifier: MIT
 *
 * Who may read the file of a secret. */
#ifndef MBV_TOOL_PERMISSIONS_H
#define MBV_TOOL_PERMISSIONS_H

#include "io.h"

/* Warns, and says what to do, where others than the file's owner and those who rule the machine may. `noun`
 * is what the file holds. */
void permissions_warn(io_handle file, const char* noun, const char* path);

#endif
