/* SPDX-License-Identifier: MIT
 *
 * mbv get-key. Nothing is lost where it fails: the service still has the key. */
#include "commands.h"
#include "run.h"
#include "system.h"

static void say_undelivered(struct run* run, const char* where, int error) {
    (void)report_fail(&run->report, EXIT_NOT_DONE,
                      "The account's key could not be written to %s: %s. Nothing has changed: run mbv again.",
                      where, system_error(error));
}

static void deliver(struct run* run) {
    const char* path = run->arguments.values[OPTION_OUTPUT];
    secret_clear(&run->password);
    run_make_key_a_line(run);
    if (path == NULL) {
        (void)report_fail(&run->report, EXIT_DONE, "This is the key that the account has now.");
    } else {
        (void)report_fail(&run->report, EXIT_DONE, "The key that the account has now was written to %s.",
                          path);
        const int error = output_commit(run->output, run->key.bytes, run->key.size + 1);
        if (error != 0) say_undelivered(run, path, error);
    }
    const int error = run_write_stdout(run, path != NULL ? NULL : &run->key);
    if (error != 0) say_undelivered(run, "standard output", error);
}

void get_key(struct run* run) {
    if (run_call_for_key(run, run_get_key)) {
        deliver(run);
    } else {
        (void)run_write_stdout(run, NULL); /* on stderr it is told in any case */
    }
    run_tell(run);
}
