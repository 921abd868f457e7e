/* SPDX-License-Identifier: MIT
 *
 * mbv create-key. The order of its steps is the point of it all: whatever can fail is tried before the
 * request is sent, since a key that was created must reach its user. */
#include "commands.h"
#include "run.h"
#include "system.h"

static void say_created(struct run* run) {
    const char* path = run->arguments.values[OPTION_OUTPUT];
    const char* next = "and the old key is revoked. Use the new key from now on.";
    if (path != NULL) {
        (void)report_fail(&run->report, EXIT_DONE, "A new key was created and written to %s, %s", path, next);
    } else {
        (void)report_fail(&run->report, EXIT_DONE, "A new key was created, %s", next);
    }
}

static void say_undelivered(struct run* run, const char* where, int error) {
    run->key_goes_to_stderr = true;
    (void)report_fail(
        &run->report, EXIT_UNDELIVERED,
        "A new key was created and the old key is revoked, but the new key could not be written to "
        "%s: %s. It follows on standard error: keep it.",
        where, system_error(error));
}

static void say_unreported(struct run* run, int error) {
    (void)report_fail(
        &run->report, EXIT_UNDELIVERED,
        "A new key was created and written to %s, and the old key is revoked, but the JSON object "
        "could not be written to standard output: %s. Use the new key from now on.",
        run->arguments.values[OPTION_OUTPUT], system_error(error));
}

static void write_output(struct run* run) {
    const int error = output_commit(run->output, run->key.bytes, run->key.size + 1);
    if (error != 0) say_undelivered(run, run->arguments.values[OPTION_OUTPUT], error);
}

static void deliver(struct run* run) {
    const bool to_file = run->arguments.values[OPTION_OUTPUT] != NULL;
    secret_clear(&run->password);
    run_make_key_a_line(run);
    say_created(run);
    if (to_file) write_output(run);
    const int error = run_write_stdout(run, to_file ? NULL : &run->key);
    if (error == 0 || run->key_goes_to_stderr) return;
    if (to_file) {
        say_unreported(run, error);
    } else {
        say_undelivered(run, "standard output", error);
    }
}

void create_key(struct run* run) {
    if (run_call_for_key(run, run_create_key)) {
        deliver(run);
    } else {
        (void)run_write_stdout(run, NULL); /* on stderr it is told in any case */
    }
    run_tell(run);
}
