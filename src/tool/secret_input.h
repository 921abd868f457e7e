/* SPDX-License-Identifier: MIT
 *
 * Where a password or a key to test comes from: a file, standard input or the terminal. Each function fills
 * an opened secret, or returns false with the reason in the report. */
#ifndef MBV_TOOL_SECRET_INPUT_H
#define MBV_TOOL_SECRET_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "report.h"
#include "secret.h"

struct secret_input {
    const char* noun; /* "password" */
    const char* file_option;
    const char* stdin_option;
    size_t limit; /* the most bytes that it may have */
};

extern const struct secret_input password_input;
extern const struct secret_input key_input;

/* What the secret's capacity must be at least: room for a CR LF that is stripped and for one byte that shows
 * that there is more. */
#define SECRET_INPUT_CAPACITY(limit) ((limit) + 3)

#define PASSWORD_LIMIT 65536
#define KEY_LIMIT 4096

bool secret_from_file(const struct secret_input* input, const char* path, struct secret* secret,
                      struct report* report);
bool secret_from_stdin(const struct secret_input* input, struct secret* secret, struct report* report);

bool secret_from_terminal(const struct secret_input* input, const char* prompt, struct secret* secret,
                          struct report* report);

/* One newline at the end is the editor's, everything else is the secret's. */
void secret_strip_newline(struct secret* secret);

#endif
