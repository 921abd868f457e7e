/* SPDX-License-Identifier: MIT
 *
 * Where the password comes from: a file, standard input or the terminal. Each function fills an opened
 * secret of PASSWORD_CAPACITY, or returns false with the reason in the report. */
#ifndef MBV_TOOL_PASSWORD_H
#define MBV_TOOL_PASSWORD_H

#include <stdbool.h>

#include "report.h"
#include "secret.h"

#define PASSWORD_LIMIT 65536
/* Room for a CR LF that is stripped and for one byte that shows that there is more. */
#define PASSWORD_CAPACITY (PASSWORD_LIMIT + 3)

bool password_from_file(const char* path, struct secret* password, struct report* report);
bool password_from_stdin(struct secret* password, struct report* report);

/* Asks without echo. The terminal is as it was when this returns, or while Ctrl-Z stops the program. */
bool password_from_terminal(const char* username, struct secret* password, struct report* report);

#endif
