/* SPDX-License-Identifier: MIT
 *
 * The terminal that the program was started from, wherever its standard streams go. */
#ifndef MBV_TOOL_TERMINAL_H
#define MBV_TOOL_TERMINAL_H

#include <stdbool.h>

#include "secret.h"

extern const char terminal_name[];

/* A terminal silently cuts a line, on Linux after 4095 bytes; so one that is as long may have been longer. */
#define TERMINAL_LINE_LIMIT 4094

struct terminal_answer {
    bool is_there; /* false where there is no terminal */
    int error;     /* EINTR when a signal came */
    bool may_be_cut;
};

/* Asks for a line without echo, and appends it, its newline included. The terminal is as it was when this
 * returns, or while Ctrl-Z stops the program. */
struct terminal_answer terminal_ask(const char* prompt, struct secret* secret);

#endif
