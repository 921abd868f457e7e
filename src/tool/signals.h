/* SPDX-License-Identifier: MIT
 *
 * What asks the program to end: SIGINT (Ctrl-C), SIGTERM, SIGHUP and SIGQUIT; on Windows Ctrl-C, Ctrl-Break,
 * and the end of the console, of the session or of the system.
 *
 * None of them ends the program by itself, since it has secrets to wipe, a terminal to restore and, from
 * a certain moment on, a key to deliver. They are taken in two places only: where the program waits for
 * input, for output or for time to pass (EINTR), and during a call (mbv_cancel). */
#ifndef MBV_TOOL_SIGNALS_H
#define MBV_TOOL_SIGNALS_H

#include <mobivate.h>
#include <stdint.h>

/* Once, before anything else is done. */
void signals_prepare(void);

/* Waits. Returns 0, or EINTR when one of the signals came. */
int signals_sleep(int64_t milliseconds);

/* Between these two calls the signals cancel the client's call (mbv_cancel) and ask nothing else. */
void signals_watch(mbv_client* client);
void signals_unwatch(void);

#endif
