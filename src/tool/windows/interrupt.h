/* SPDX-License-Identifier: MIT
 *
 * Waiting that Ctrl-C and its like end. */
#ifndef MBV_TOOL_WINDOWS_INTERRUPT_H
#define MBV_TOOL_WINDOWS_INTERRUPT_H

/* Something that blocks; returns 0, or an error. */
typedef int blocking_function(void* argument);

/* Does it on a thread of its own, since that can be left when a signal comes: then EINTR is returned. Where
 * the system does not call off what blocks there, the thread goes on to the end of the program, which is
 * near, and the argument must be valid until then. `*is_left` tells so. */
int do_interruptibly(blocking_function* function, void* argument, int* is_left);

#endif
