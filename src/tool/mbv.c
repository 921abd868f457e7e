/* SPDX-License-Identifier: MIT
 *
 * mbv: the command-line tool, and an example of how a C program uses libmobivate.
 *
 * The use of the library is in run.c, in a file for each command, such as create_key.c, and for what it says
 * after a call in report.c. */
#include <mobivate.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "io.h"
#include "report.h"
#include "run.h"
#include "signals.h"
#include "system.h"

#define CONNECTION_OPTIONS                                                                  \
    (OPTION_BIT(OPTION_BASE_URL) | OPTION_BIT(OPTION_CA_FILE) | OPTION_BIT(OPTION_CA_DIR) | \
     OPTION_BIT(OPTION_PROXY) | OPTION_BIT(OPTION_TIMEOUT) | OPTION_BIT(OPTION_JSON))
#define ACCOUNT_OPTIONS \
    (OPTION_BIT(OPTION_USERNAME) | OPTION_BIT(OPTION_PASSWORD_FILE) | OPTION_BIT(OPTION_PASSWORD_STDIN))

static const struct command commands[] = {
    {
        .name = "create-key",
        .takes = CONNECTION_OPTIONS | ACCOUNT_OPTIONS | OPTION_BIT(OPTION_OUTPUT),
        .needs = OPTION_BIT(OPTION_USERNAME),
        .execute = create_key,
    },
    {
        .name = "get-key",
        .takes = CONNECTION_OPTIONS | ACCOUNT_OPTIONS | OPTION_BIT(OPTION_OUTPUT),
        .needs = OPTION_BIT(OPTION_USERNAME),
        .execute = get_key,
    },
    {
        .name = "test-key",
        .takes = CONNECTION_OPTIONS | OPTION_BIT(OPTION_KEY_FILE) | OPTION_BIT(OPTION_KEY_STDIN),
        .execute = test_key,
    },
    {
        .name = "rotate-key",
        .takes = CONNECTION_OPTIONS | ACCOUNT_OPTIONS | OPTION_BIT(OPTION_OUTPUT),
        .needs = OPTION_BIT(OPTION_USERNAME) | OPTION_BIT(OPTION_OUTPUT),
        .execute = rotate_key,
    },
    {.name = NULL},
};

static void print(struct report* report, const char* text) {
    const int error = io_write_all(io_standard(IO_OUTPUT), text, strlen(text));
    if (error == 0) return;
    (void)report_fail(report, EXIT_USAGE, "Standard output cannot be written: %s.", system_error(error));
    report_sentence(report->message);
}

static void print_version(struct report* report) {
    char text[256];
    /* What is inside gets its fixes by a new mbv alone. */
#ifndef MBV_BUNDLED
#define MBV_BUNDLED ""
#endif
    (void)snprintf(text, sizeof text, "mbv %s\nlibmobivate %s\n" MBV_BUNDLED, MBV_VERSION, mbv_version());
    print(report, text);
}

int tool_main(int argc, char** argv) {
    io_prepare();
    system_protect_memory();
    signals_prepare();
    struct run run = {0};
    if (!arguments_parse(&run.arguments, commands, argc, argv, &run.report)) {
        (void)run_write_stdout(&run, NULL);
        run_tell(&run);
    } else if (run.arguments.values[OPTION_HELP] != NULL) {
        print(&run.report, arguments_help);
    } else if (run.arguments.values[OPTION_VERSION] != NULL) {
        print_version(&run.report);
    } else {
        run.arguments.command->execute(&run);
    }
    const int exit_code = (int)run.report.exit_code;
    run_close(&run);
    return exit_code;
}
