/* SPDX-License-Identifier: MIT
 *
 * The signals that ask the program to end: SIGINT (Ctrl-C), SIGTERM, SIGHUP and SIGQUIT.
 *
 * None of them ends the program by itself, since it has secrets to wipe, a terminal to restore and, from
 * a certain moment on, a key to deliver. They are blocked, and taken in two places only: where the
 * program waits for input or output (signals_wait), and during the call (signals_watch). */
#ifndef MBV_TOOL_SIGNALS_H
#define MBV_TOOL_SIGNALS_H

#include <mobivate.h>
#include <stdbool.h>
#include <stdint.h>

enum direction { TO_READ, TO_WRITE };

/* Once, before anything else is done. */
void signals_prepare(void);

/* Waits until the descriptor can be read or written without blocking. Returns 0, or an errno value;
 * EINTR means that one of the signals came. */
int signals_wait(int descriptor, enum direction direction);

/* Waits. Returns 0, or EINTR when one of the signals came. */
int signals_sleep(int64_t milliseconds);

/* Ctrl-Z: between these two calls SIGTSTP ends signals_wait as well, so that a prompt can restore the
 * terminal first. signals_stop_if_asked then stops the program; it returns true when it goes on. */
void signals_hold_stop(void);
bool signals_stop_if_asked(void);
void signals_release_stop(void);

/* Between these two calls the signals cancel the client's call (mbv_cancel) and ask nothing else. */
void signals_watch(mbv_client* client);
void signals_unwatch(void);

#endif
