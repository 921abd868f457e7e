/* SPDX-License-Identifier: MIT
 *
 * mbv test-key. */
#include <mobivate.h>

#include "commands.h"
#include "run.h"

static void say_refused(struct run* run) {
    char what_happened[2048];
    (void)mbv_error_message(run->client, what_happened, sizeof what_happened);
    (void)report_fail(&run->report, EXIT_REFUSED, "%s mbv get-key prints the key that the account has.",
                      what_happened);
}

static void say_result(struct run* run) {
    struct report* report = &run->report;
    if (!report->called) return;
    if (report->status == MBV_OK) {
        (void)report_fail(report, EXIT_DONE, "The service accepts the key.");
    } else if (report->status == MBV_ERR_CREDENTIALS) {
        say_refused(run);
    } else if (report->exit_code == EXIT_REFUSED) {
        report->exit_code = EXIT_NOT_DONE; /* any other refusal tells nothing about the key */
    }
}

void test_key(struct run* run) {
    if (run_open(run) && run_check_stdout(run) && run_read_key(run) && run_check_stdout(run))
        (void)run_call(run, run_test_key);
    secret_clear(&run->key);
    say_result(run);
    (void)run_write_stdout(run, NULL);
    run_tell(run);
}
