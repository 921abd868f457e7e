/* SPDX-License-Identifier: MIT
 *
 * mbv: the command-line tool, and an example of how a C program uses libmobivate.
 *
 * The use of the library is in this file and, for what it says after a call, in report.c. The order of
 * create_key is the point of it all: whatever can fail is tried before the request is sent, since a key
 * that was created must reach its user. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <mobivate.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "arguments.h"
#include "io.h"
#include "output.h"
#include "password.h"
#include "report.h"
#include "secret.h"
#include "signals.h"

/* The build says it. */
#ifndef MOBIVATE_VERSION
#define MOBIVATE_VERSION "(of an unknown version)"
#endif

/* Everything that a run holds. It is zeroed at its start, so run_close is right at any moment. */
struct run {
    struct arguments arguments;
    struct report report;
    mbv_client* client;
    struct secret password;
    struct secret key;
    struct output output;
    bool key_goes_to_stderr;
};

/* ---- Before the request ---- */

static bool fail_to_start(struct report* report, const char* reason) {
    return report_fail(report, EXIT_NOT_SENT,
                       "The call could not be started: %s. " NOTHING_SENT " Run mbv again.", reason);
}

static bool set_options(struct run* run) {
    const char* const* values = run->arguments.values;
    const struct {
        const char* given_as;
        const char* name;
        const char* value;
    } settings[] = {
        {"--base-url", "base_url", values[OPTION_BASE_URL]},
        {"--ca-file", "ca_file", values[OPTION_CA_FILE]},
        {"--ca-dir", "ca_dir", values[OPTION_CA_DIR]},
        {"--proxy", "proxy", values[OPTION_PROXY]},
        {"--timeout", "timeout_ms", values[OPTION_TIMEOUT] != NULL ? run->arguments.timeout_ms : NULL},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; ++i) {
        if (settings[i].value == NULL) continue;
        const int32_t status = mbv_set(run->client, settings[i].name, settings[i].value);
        if (status == MBV_OK) continue;
        char message[1024];
        (void)mbv_error_message(run->client, message, sizeof message);
        return report_fail(&run->report, status == MBV_ERR_INVALID_ARGUMENT ? EXIT_USAGE : EXIT_NOT_SENT,
                           "%s: %s " NOTHING_SENT, settings[i].given_as, message);
    }
    return true;
}

static bool open_all(struct run* run) {
    run->client = mbv_new();
    if (run->client == NULL || !secret_open(&run->password, PASSWORD_CAPACITY) ||
        !secret_open(&run->key, KEY_CAPACITY)) {
        return fail_to_start(&run->report, strerror(ENOMEM));
    }
    return true;
}

static bool uses_stdout(const struct arguments* arguments) {
    return arguments->values[OPTION_OUTPUT] == NULL || arguments->values[OPTION_JSON] != NULL;
}

static bool check_stdout(struct run* run) {
    const int error = uses_stdout(&run->arguments) ? io_check_writable(STDOUT_FILENO) : 0;
    return error == 0 || report_fail(&run->report, EXIT_USAGE,
                                     "Standard output cannot be written: %s. " NOTHING_SENT, strerror(error));
}

static bool open_output(struct run* run) {
    const char* path = run->arguments.values[OPTION_OUTPUT];
    return path == NULL || output_open(&run->output, path, &run->report);
}

static bool reserve_output(struct run* run) {
    return run->arguments.values[OPTION_OUTPUT] == NULL || output_reserve(&run->output, &run->report);
}

static bool read_password(struct run* run) {
    const char* const* values = run->arguments.values;
    if (values[OPTION_PASSWORD_FILE] != NULL) {
        return password_from_file(values[OPTION_PASSWORD_FILE], &run->password, &run->report);
    }
    if (values[OPTION_PASSWORD_STDIN] != NULL) return password_from_stdin(&run->password, &run->report);
    return password_from_terminal(values[OPTION_USERNAME], &run->password, &run->report);
}

/* ---- The request ---- */

static bool call(struct run* run) {
    struct watch watch;
    const int error = signals_watch(&watch, run->client);
    if (error != 0) return fail_to_start(&run->report, strerror(error));
    const int32_t status = mbv_create_key(run->client, run->arguments.values[OPTION_USERNAME],
                                          MBV_NUL_TERMINATED, run->password.bytes, run->password.size,
                                          run->key.bytes, run->key.capacity, &run->key.size);
    signals_unwatch(&watch);
    secret_clear(&run->password);
    report_call(&run->report, run->client, status);
    if (status != MBV_OK) return false;
    /* From here on the key is a line: the newline takes the place of the NUL, and no copy is made. */
    run->key.bytes[run->key.size] = '\n';
    return true;
}

/* ---- After the request ---- */

static void say_created(struct run* run) {
    const char* path = run->arguments.values[OPTION_OUTPUT];
    const char* next = "and the old key is revoked. Use the new key from now on.";
    if (path != NULL) {
        (void)report_fail(&run->report, EXIT_CREATED, "A new key was created and written to %s, %s", path,
                          next);
    } else {
        (void)report_fail(&run->report, EXIT_CREATED, "A new key was created, %s", next);
    }
}

static void say_undelivered(struct run* run, const char* where, int error) {
    run->key_goes_to_stderr = true;
    (void)report_fail(
        &run->report, EXIT_UNDELIVERED,
        "A new key was created and the old key is revoked, but the new key could not be written to "
        "%s: %s. It follows on standard error: keep it.",
        where, strerror(error));
}

static void say_unreported(struct run* run, int error) {
    (void)report_fail(
        &run->report, EXIT_UNDELIVERED,
        "A new key was created and written to %s, and the old key is revoked, but the JSON object "
        "could not be written to standard output: %s. Use the new key from now on.",
        run->arguments.values[OPTION_OUTPUT], strerror(error));
}

static void write_output(struct run* run) {
    const int error = output_commit(&run->output, run->key.bytes, run->key.size + 1);
    if (error != 0) say_undelivered(run, run->arguments.values[OPTION_OUTPUT], error);
}

/* What belongs on stdout: the object, the key, or nothing. Returns 0, or an errno value. */
static int write_stdout(const struct run* run, const struct secret* key) {
    int error = 0;
    if (run->arguments.values[OPTION_JSON] != NULL) {
        error = report_json(&run->report, key, run->arguments.values[OPTION_OUTPUT]);
    } else if (key != NULL) {
        error = io_write_all(STDOUT_FILENO, key->bytes, key->size + 1);
    }
    return error != 0 || key == NULL ? error : io_sync(STDOUT_FILENO);
}

static void deliver(struct run* run) {
    const bool to_file = run->arguments.values[OPTION_OUTPUT] != NULL;
    say_created(run);
    if (to_file) write_output(run);
    const int error = write_stdout(run, to_file ? NULL : &run->key);
    if (error == 0 || run->key_goes_to_stderr) return;
    if (to_file) {
        say_unreported(run, error);
    } else {
        say_undelivered(run, "standard output", error);
    }
}

static void run_close(struct run* run) {
    output_close(&run->output);
    secret_close(&run->key);
    secret_close(&run->password);
    mbv_free(run->client);
    report_close(&run->report);
}

/* ---- The commands ---- */

static void create_key(struct run* run) {
    /* Each step either goes well or has told the report why it did not. */
    const bool created = open_all(run) && set_options(run) && check_stdout(run) && open_output(run) &&
                         read_password(run) && check_stdout(run) && reserve_output(run) && call(run);
    if (created) {
        deliver(run);
    } else {
        (void)write_stdout(run, NULL); /* on stderr it is told in any case */
    }
    report_sentence(run->report.message);
    if (run->key_goes_to_stderr) (void)io_write_all(STDERR_FILENO, run->key.bytes, run->key.size + 1);
}

static void print(struct report* report, const char* text) {
    const int error = io_write_all(STDOUT_FILENO, text, strlen(text));
    if (error == 0) return;
    (void)report_fail(report, EXIT_USAGE, "Standard output cannot be written: %s.", strerror(error));
    report_sentence(report->message);
}

static void print_version(struct report* report) {
    char text[256];
    (void)snprintf(text, sizeof text, "mbv %s\nlibmobivate %s\n", MOBIVATE_VERSION, mbv_version());
    print(report, text);
}

/* No core dump, and no look into the memory by other processes of the same user. */
static void protect_memory(void) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#if defined(__linux__)
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int main(int argc, char** argv) {
    io_occupy_standard_descriptors();
    protect_memory();
    signals_prepare();
    struct run run = {.output = OUTPUT_CLOSED};
    if (!arguments_parse(&run.arguments, argc, argv, &run.report)) {
        (void)write_stdout(&run, NULL);
        report_sentence(run.report.message);
    } else if (run.arguments.values[OPTION_HELP] != NULL) {
        print(&run.report, arguments_help);
    } else if (run.arguments.values[OPTION_VERSION] != NULL) {
        print_version(&run.report);
    } else {
        create_key(&run);
    }
    const int exit_code = (int)run.report.exit_code;
    run_close(&run);
    return exit_code;
}
