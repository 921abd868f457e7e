/* SPDX-License-Identifier: MIT
 *
 * Access to a file by one's own account alone, what mode 0600 is elsewhere. */
#ifndef MBV_TOOL_WINDOWS_PRIVATE_H
#define MBV_TOOL_WINDOWS_PRIVATE_H

/* A security descriptor for a new file, whose owner and only user is the account that the program runs as; to
 * be given back with LocalFree. Returns 0, or an error (see io.h). */
int make_private(void** descriptor);

#endif
