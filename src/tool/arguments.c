/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "arguments.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const char arguments_help[] =
    "Usage: mbv create-key --username NAME [OPTION]...\n"
    "       mbv get-key    --username NAME [OPTION]...\n"
    "       mbv test-key   [OPTION]...\n"
    "       mbv rotate-key --username NAME --output FILE [OPTION]...\n"
    "\n"
    "Commands, for the API key of a Mobivate account:\n"
    "  create-key  creates a new key and prints it; this revokes the key that the account had\n"
    "  get-key     prints the key that the account has; changes nothing\n"
    "  test-key    tells whether the service accepts a key; changes nothing\n"
    "  rotate-key  creates a new key, tests it, and puts it into FILE; or finishes what an earlier\n"
    "              run began, where FILE does not hold the account's key\n"
    "\n"
    "The password, or the key to test, is asked for on the terminal, unless it comes from elsewhere:\n"
    "  --password-file FILE  read it from FILE, or - for standard input; one newline at the end\n"
    "                        is not part of it\n"
    "  --password-stdin      read it from standard input, likewise\n"
    "  --key-file FILE       for test-key: read the key from FILE, likewise\n"
    "  --key-stdin           for test-key: read the key from standard input, likewise\n"
    "\n"
    "Options:\n"
    "  --username NAME       the account's user name\n"
    "  --output FILE         write the key to FILE, for its owner alone; - is standard output\n"
    "  --json                print one JSON object to standard output, on failure too\n"
    "  --timeout SECONDS     give up a request after this time, such as 2.5 (default: 30)\n"
    "  --base-url URL        where the service is (default: https://api.mobivatebulksms.com)\n"
    "  --ca-file FILE        trust the certificates in FILE instead of the system's\n"
    "  --ca-dir DIR          trust those in the hashed directory DIR, likewise\n"
    "  --proxy URL           go through this proxy; empty for none (default: the environment's)\n"
    "  --help                print this text\n"
    "  --version             print the versions of mbv and of the library that it uses\n"
    "\n"
    "Exit codes:\n"
    "  0  done: the key was handed over, or is valid\n"
    "  2  wrong usage or input; nothing was sent\n"
    "  3  refused by the service; no key was revoked\n"
    "  4  not done, or not known; no key was revoked\n"
    "  5  unknown: the old key may be revoked; get-key tells, and rotate-key settles it when it is\n"
    "     run again\n"
    "  6  created, but not delivered where asked; standard error has the reason and the key\n";

/* The library's own. */
#define DEFAULT_TIMEOUT_MS 30000

/* Beyond the characters that getopt_long returns for mistakes and operands. */
#define FIRST_CODE 256

static const struct option options[] = {
    [OPTION_USERNAME] = {"username", required_argument, NULL, FIRST_CODE + OPTION_USERNAME},
    [OPTION_PASSWORD_FILE] = {"password-file", required_argument, NULL, FIRST_CODE + OPTION_PASSWORD_FILE},
    [OPTION_PASSWORD_STDIN] = {"password-stdin", no_argument, NULL, FIRST_CODE + OPTION_PASSWORD_STDIN},
    [OPTION_KEY_FILE] = {"key-file", required_argument, NULL, FIRST_CODE + OPTION_KEY_FILE},
    [OPTION_KEY_STDIN] = {"key-stdin", no_argument, NULL, FIRST_CODE + OPTION_KEY_STDIN},
    [OPTION_BASE_URL] = {"base-url", required_argument, NULL, FIRST_CODE + OPTION_BASE_URL},
    [OPTION_CA_FILE] = {"ca-file", required_argument, NULL, FIRST_CODE + OPTION_CA_FILE},
    [OPTION_CA_DIR] = {"ca-dir", required_argument, NULL, FIRST_CODE + OPTION_CA_DIR},
    [OPTION_PROXY] = {"proxy", required_argument, NULL, FIRST_CODE + OPTION_PROXY},
    [OPTION_TIMEOUT] = {"timeout", required_argument, NULL, FIRST_CODE + OPTION_TIMEOUT},
    [OPTION_OUTPUT] = {"output", required_argument, NULL, FIRST_CODE + OPTION_OUTPUT},
    [OPTION_JSON] = {"json", no_argument, NULL, FIRST_CODE + OPTION_JSON},
    [OPTION_HELP] = {"help", no_argument, NULL, FIRST_CODE + OPTION_HELP},
    [OPTION_VERSION] = {"version", no_argument, NULL, FIRST_CODE + OPTION_VERSION},
    [OPTION_PASSWORD] = {"password", optional_argument, NULL, FIRST_CODE + OPTION_PASSWORD},
    [OPTION_COUNT] = {NULL, 0, NULL, 0},
};

/* "SUBJECT PROBLEM."; only the first one is kept. */
static void mistake(struct report* report, const char* subject, const char* problem) {
    if (report->exit_code != EXIT_DONE) return;
    (void)report_fail(report, EXIT_USAGE, "%s %s. " NOTHING_SENT " See mbv --help.", subject, problem);
}

/* The value is never repeated in a message, here and below: it may be a password in the wrong place. */
static void option_mistake(struct report* report, const char* name, const char* problem) {
    char subject[128];
    (void)snprintf(subject, sizeof subject, "--%s", name);
    mistake(report, subject, problem);
}

static void take_option(struct arguments* arguments, int id, const char* value, struct report* report) {
    const char* name = options[id].name;
    if (id == OPTION_PASSWORD) {
        option_mistake(
            report, name,
            "is refused: what is on a command line can be seen by other users of the machine, and is "
            "kept in the shell's history. Use --password-file or --password-stdin, or none of them to "
            "be asked for the password");
        return;
    }
    if (arguments->values[id] != NULL) option_mistake(report, name, "is given twice");
    arguments->values[id] = value != NULL ? value : "";
}

/* Nor is a word that belongs nowhere. */
static void take_operand(struct arguments* arguments, const struct command* commands, const char* operand,
                         int position, struct report* report) {
    char subject[32];
    (void)snprintf(subject, sizeof subject, "Argument %d", position);
    if (arguments->command != NULL) {
        mistake(report, subject, "is one too many: mbv takes a command and options");
        return;
    }
    for (arguments->command = commands; arguments->command->name != NULL; ++arguments->command) {
        if (strcmp(operand, arguments->command->name) == 0) return;
    }
    mistake(report, subject, "is not a command of mbv");
}

static void take_unknown(const char* argument, struct report* report) {
    char subject[64];
    if (strncmp(argument, "--", 2) == 0) {
        (void)snprintf(subject, sizeof subject, "%.*s", (int)strcspn(argument, "="), argument);
    } else {
        (void)snprintf(subject, sizeof subject, "-%c", optopt);
    }
    mistake(report, subject, "is not an option of mbv");
}

/* Whether it is one of the options in full. getopt_long takes what they begin with, too, and a later option
 * would change what that means. */
static bool is_spelt_out(const char* argument) {
    for (const struct option* option = options; option->name != NULL; ++option) {
        const size_t size = strlen(option->name);
        if (strncmp(argument + 2, option->name, size) == 0 && strchr("=", argument[2 + size]) != NULL)
            return true;
    }
    return false;
}

static void take_all(struct arguments* arguments, const struct command* commands, int argc, char** argv,
                     struct report* report) {
    opterr = 0;
    for (;;) {
        const char* argument = argv[optind]; /* NULL at the end */
        /* "-": operands come in their place, as code 1; ":": nothing is printed, on any system. */
        const int code = getopt_long(argc, argv, "-:", options, NULL);
        if (code == -1) break;
        if (code == 1) {
            take_operand(arguments, commands, optarg, optind - 1, report);
        } else if (strncmp(argument, "--", 2) != 0 || !is_spelt_out(argument)) {
            take_unknown(argument, report);
        } else if (code == ':' || code == '?') {
            /* Which of the two codes it is, is not the same in every C library. */
            const struct option* option = &options[optopt - FIRST_CODE];
            option_mistake(report, option->name,
                           option->has_arg == no_argument ? "takes no value" : "needs a value");
        } else {
            take_option(arguments, code - FIRST_CODE, optarg, report);
        }
    }
    for (; optind < argc; ++optind)
        take_operand(arguments, commands, argv[optind], optind, report); /* after "--" */
}

/* ---- What the options must be together ---- */

/* "2.5" is 2500. Without floating point, so that it is exact and the same in every locale. -1 for what is
 * not such a number. */
static int64_t milliseconds(const char* seconds) {
    const size_t whole = strspn(seconds, "0123456789");
    const bool has_point = seconds[whole] == '.';
    const char* fraction = seconds + whole + (has_point ? 1 : 0);
    const size_t decimals = strspn(fraction, "0123456789");
    if (fraction[decimals] != '\0' || whole > 7 || decimals > 3) return -1;
    if ((has_point || whole == 0) && decimals == 0) return -1;
    int64_t result = 0;
    for (size_t i = 0; i < whole; ++i) result = result * 10 + (seconds[i] - '0');
    for (size_t i = 0; i < 3; ++i) result = result * 10 + (i < decimals ? fraction[i] - '0' : 0);
    return result;
}

static void convert_timeout(struct arguments* arguments, struct report* report) {
    const char* seconds = arguments->values[OPTION_TIMEOUT];
    arguments->timeout_ms = DEFAULT_TIMEOUT_MS;
    if (seconds == NULL) return;
    const int64_t timeout = milliseconds(seconds);
    if (timeout < 1 || timeout > INT32_MAX) {
        option_mistake(report, "timeout", "takes seconds from 0.001 to 2147483.647, such as 2.5");
        return;
    }
    arguments->timeout_ms = (int32_t)timeout;
}

static void check_command(const struct arguments* arguments, struct report* report) {
    const struct command* command = arguments->command;
    if (command == NULL) {
        mistake(report, "A command", "is missing: create-key, get-key, test-key or rotate-key");
        return;
    }
    const uint32_t always = OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION);
    for (int id = 0; id < OPTION_COUNT; ++id) {
        const bool given = arguments->values[id] != NULL;
        if (given && ((command->takes | always) & OPTION_BIT(id)) == 0) {
            option_mistake(report, options[id].name, "does not belong to this command");
        }
        if (!given && (command->needs & OPTION_BIT(id)) != 0) {
            option_mistake(report, options[id].name, "is missing");
        }
    }
}

static bool is_dash(const char* value) { return value != NULL && strcmp(value, "-") == 0; }

static void check_together(const struct arguments* arguments, struct report* report) {
    const char* const* values = arguments->values;
    if (values[OPTION_USERNAME] != NULL && *values[OPTION_USERNAME] == '\0') {
        mistake(report, "--username", "is empty");
    }
    if (values[OPTION_PASSWORD_FILE] != NULL && values[OPTION_PASSWORD_STDIN] != NULL) {
        mistake(report, "--password-file", "and --password-stdin exclude each other");
    }
    if (values[OPTION_KEY_FILE] != NULL && values[OPTION_KEY_STDIN] != NULL) {
        mistake(report, "--key-file", "and --key-stdin exclude each other");
    }
    const bool needs_output =
        arguments->command != NULL && (arguments->command->needs & OPTION_BIT(OPTION_OUTPUT)) != 0;
    if (needs_output && is_dash(values[OPTION_OUTPUT])) {
        mistake(report, "--output", "must name a file here: the key that it holds is what is replaced");
    }
}

/* As everywhere, "-" is standard input or output; "./-" is a file. */
static void take_dashes(struct arguments* arguments) {
    const char** values = arguments->values;
    if (is_dash(values[OPTION_OUTPUT])) values[OPTION_OUTPUT] = NULL;
    if (is_dash(values[OPTION_PASSWORD_FILE])) {
        values[OPTION_PASSWORD_FILE] = NULL;
        values[OPTION_PASSWORD_STDIN] = "";
    }
    if (is_dash(values[OPTION_KEY_FILE])) {
        values[OPTION_KEY_FILE] = NULL;
        values[OPTION_KEY_STDIN] = "";
    }
}

bool arguments_parse(struct arguments* arguments, const struct command* commands, int argc, char** argv,
                     struct report* report) {
    *arguments = (struct arguments){0};
    take_all(arguments, commands, argc, argv, report);
    convert_timeout(arguments, report);
    const bool asks = arguments->values[OPTION_HELP] != NULL || arguments->values[OPTION_VERSION] != NULL;
    if (!asks) {
        check_command(arguments, report);
        check_together(arguments, report);
    }
    take_dashes(arguments);
    return report->exit_code == EXIT_DONE;
}
