/* SPDX-License-Identifier: MIT
 *
 * Waiting that signals end. */
#ifndef MBV_TOOL_POSIX_INTERRUPTIBLE_H
#define MBV_TOOL_POSIX_INTERRUPTIBLE_H

#include <stdbool.h>

enum direction { TO_READ, TO_WRITE };

/* Waits until the descriptor can be read or written without blocking. Returns 0, or an errno value;
 * EINTR means that one of the signals came. */
int wait_until_ready(int descriptor, enum direction direction);

/* Ctrl-Z: between these two calls SIGTSTP ends wait_until_ready as well, so that a prompt can restore the
 * terminal first. stop_if_asked then stops the program; it returns true when it goes on. */
void hold_stop(void);
bool stop_if_asked(void);
void release_stop(void);

#endif
