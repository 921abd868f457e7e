/* SPDX-License-Identifier: MIT
 *
 * Errors of Windows as those of the tool (see io.h). */
#ifndef MBV_TOOL_WINDOWS_ERRORS_H
#define MBV_TOOL_WINDOWS_ERRORS_H

/* The errno value that means the same, so that a message has the same words everywhere; else one that
 * system_error puts into the words of Windows. */
int error_of(unsigned long windows_error);

/* That of GetLastError(). */
int last_error(void);

#endif
