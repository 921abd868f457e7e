/* SPDX-License-Identifier: MIT
 *
 * The command line. */
#ifndef MBV_TOOL_ARGUMENTS_H
#define MBV_TOOL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"

enum option_id {
    OPTION_USERNAME,
    OPTION_PASSWORD_FILE,
    OPTION_PASSWORD_STDIN,
    OPTION_KEY_FILE,
    OPTION_KEY_STDIN,
    OPTION_BASE_URL,
    OPTION_CA_FILE,
    OPTION_CA_DIR,
    OPTION_PROXY,
    OPTION_TIMEOUT,
    OPTION_OUTPUT,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_PASSWORD, /* only to be refused */
    OPTION_COUNT
};

/* A set of options; --help and --version need not be in one. */
#define OPTION_BIT(id) (UINT32_C(1) << (id))

struct run;

struct command {
    const char* name;
    uint32_t takes;
    uint32_t needs; /* a part of what it takes; an --output that is needed is a file */
    void (*execute)(struct run* run);
};

struct arguments {
    const struct command* command;
    const char* values[OPTION_COUNT]; /* NULL when not given; "" for one that is given and takes no value */
    int32_t timeout_ms; /* --timeout in the library's unit; the library's default when not given */
};

/* Reads all of argv, also beyond a mistake, so that a --json behind it counts. The commands end with one
 * without a name. Returns false with the first mistake in the report. */
bool arguments_parse(struct arguments* arguments, const struct command* commands, int argc, char** argv,
                     struct report* report);

/* What --help prints. */
extern const char arguments_help[];

#endif
