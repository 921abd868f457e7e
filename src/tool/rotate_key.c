/* SPDX-License-Identifier: MIT
 *
 * mbv rotate-key. FILE is all that it knows of earlier runs: where that does not hold the account's key, one
 * of them ended before its key got there, and this run finishes it instead of creating one more.
 *
 * FILE gets a key only after the service has accepted it. Whether a request created a key is asked, and never
 * tried again. */
#include <errno.h>
#include <mobivate.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "io.h"
#include "run.h"
#include "secret_input.h"
#include "signals.h"
#include "system.h"

/* Between two requests after one that left the outcome open. */
#define FIRST_PAUSE_MS 250
#define LONGEST_PAUSE_MS 2000

struct rotation {
    struct run* run;
    bool file_exists;
    struct secret held;   /* the key in FILE */
    struct secret before; /* the account's key when the run began; empty when it had none */
    bool has_key;         /* run->key is the one to put into FILE */
    bool creating;        /* this run has asked for a new key: `before` is not it */
    bool surely_created;
    bool still_before; /* the last answer was that `before` is the account's key */
    bool cancelled;    /* by a signal */
    int64_t deadline;  /* of the requests that settle the outcome */
    int64_t pause;
};

static const char* path_of(const struct rotation* rotation) {
    return rotation->run->arguments.values[OPTION_OUTPUT];
}

/* ---- What FILE holds ---- */

/* The size of the key that a line is, or 0. */
static size_t key_size(const char* bytes, size_t size) {
    for (size_t i = 0; i < size; ++i) {
        if (bytes[i] <= ' ' || bytes[i] > '~') return 0;
    }
    return size <= KEY_LIMIT ? size : 0;
}

/* A run that was killed while it wrote a mount point has left the new key as the first line, and behind it
 * what the old one had more. */
static void cut_second_line(struct secret* held) {
    const char* newline = memchr(held->bytes, '\n', held->size);
    if (newline == NULL) return;
    const size_t first = (size_t)(newline - held->bytes);
    if (key_size(newline + 1, held->size - first - 1) > 0) held->size = first;
}

static bool read_held(struct rotation* rotation) {
    struct run* run = rotation->run;
    struct secret* held = &rotation->held;
    if (!output_read(run->output, held, &rotation->file_exists, &run->report)) return false;
    secret_strip_newline(held);
    if (output_is_in_place(run->output)) cut_second_line(held);
    return !rotation->file_exists || key_size(held->bytes, held->size) > 0 ||
           report_fail(&run->report, EXIT_USAGE,
                       "%s holds something that is no key, and was left alone. " NOTHING_SENT
                       " Name another file with --output, or remove this one to have a key created.",
                       path_of(rotation));
}

static void copy_secret(struct secret* to, const struct secret* from) {
    memcpy(to->bytes, from->bytes, from->size);
    to->size = from->size;
}

static bool is_same(const struct secret* one, const struct secret* other) {
    return one->size == other->size && memcmp(one->bytes, other->bytes, one->size) == 0;
}

/* ---- Requests ---- */

/* What is going on, for somebody who waits for it. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
static void
say_on_terminal(const char* format, ...) {
    if (!io_is_terminal(io_standard(IO_ERROR))) return;
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    report_sentence(sentence);
}

static bool request(struct rotation* rotation, const char* what, run_function* call) {
    say_on_terminal("%s ...", what);
    const bool is_done = run_call(rotation->run, call);
    const struct report* report = &rotation->run->report;
    if (report->called && report->status == MBV_ERR_CANCELLED) rotation->cancelled = true;
    return is_done;
}

static bool ask(struct rotation* rotation) {
    return request(rotation, "Asking for the account's key", run_get_key);
}

/* The service's pages do not say how it answers for an account that has no key yet. A page of something in
 * between has no code. */
static bool has_no_key(const struct report* report) {
    return report->called && report->status == MBV_ERR_REJECTED && report->http_status == 404 &&
           report->server_code == 404;
}

/* ---- Settling: which key is the account's, and does the service accept it ---- */

static void settle_which(struct rotation* rotation) {
    struct run* run = rotation->run;
    const bool answered = ask(rotation);
    const bool is_before = answered ? is_same(&run->key, &rotation->before)
                                    : has_no_key(&run->report) && rotation->before.size == 0;
    rotation->still_before = rotation->creating && is_before;
    rotation->has_key = answered && !rotation->still_before;
    if (rotation->has_key) rotation->surely_created = true;
}

/* Returns whether the service accepts the key. Where it refuses it, another one may be the account's by now.
 */
static bool settle_test(struct rotation* rotation) {
    const bool accepted = request(rotation, "Testing the key", run_test_key);
    const struct report* report = &rotation->run->report;
    if (report->called && report->status == MBV_ERR_CREDENTIALS) rotation->has_key = false;
    return accepted;
}

/* How long until the next request; -1 when there is none. */
static int64_t pause_before_next(struct rotation* rotation) {
    const struct report* report = &rotation->run->report;
    int64_t pause = rotation->pause;
    rotation->pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
    if (report->called && report->retry_after_ms > pause) pause = report->retry_after_ms;
    return pause < rotation->deadline - system_now_ms() ? pause : -1;
}

static bool pause_and_go_on(struct rotation* rotation) {
    const int64_t pause = rotation->cancelled ? -1 : pause_before_next(rotation);
    if (pause < 0) return false;
    say_on_terminal(
        "The outcome is not known yet. Going on in %lld.%lld seconds; at most %lld more seconds are left.",
        (long long)(pause / 1000), (long long)(pause % 1000 / 100),
        (long long)((rotation->deadline - system_now_ms()) / 1000));
    rotation->cancelled = signals_sleep(pause) != 0;
    return !rotation->cancelled;
}

static bool limit_next_call(const struct rotation* rotation) {
    const int64_t left = rotation->deadline - system_now_ms();
    return left > 0 && run_set_timeout(rotation->run, (int32_t)left);
}

/* Returns whether run->key is the account's key and the service accepts it. */
static bool settle(struct rotation* rotation) {
    rotation->deadline = system_now_ms() + rotation->run->arguments.timeout_ms;
    rotation->pause = FIRST_PAUSE_MS;
    const struct report* report = &rotation->run->report;
    do {
        if (!rotation->has_key && limit_next_call(rotation)) {
            settle_which(rotation);
            /* To ask again and again with a password that is refused could lock the account. */
            if (report->called && report->status == MBV_ERR_CREDENTIALS) return false;
        }
        if (rotation->has_key && limit_next_call(rotation) && settle_test(rotation)) return true;
    } while (pause_and_go_on(rotation));
    return false;
}

/* ---- What is told ---- */

/* The report of a run that has created no key says why, and what to do. */
static bool fail_unchanged(struct rotation* rotation) {
    struct report* report = &rotation->run->report;
    char reason[sizeof report->message];
    memcpy(reason, report->message, sizeof reason);
    return report_fail(report, report->exit_code, "%.4000s This run has created no key, and %s is as it was.",
                       reason, path_of(rotation));
}

/* `creation` is what was reported of the request that should have created a key. */
static bool fail_not_created(struct rotation* rotation, const struct report* creation) {
    struct report* report = &rotation->run->report;
    report_close(report);
    *report = *creation;
    report->key_state = MBV_KEY_UNCHANGED;
    const bool refused = creation->http_status >= 400 && creation->http_status < 500;
    return report_fail(
        report, refused ? EXIT_REFUSED : EXIT_NOT_DONE,
        "The request to create a key failed (%s), and the service went on to name the old key as the "
        "account's until --timeout had passed: no key was created, and %s is as it was. Run mbv again.",
        mbv_status_name(creation->status), path_of(rotation));
}

static bool fail_unknown(struct rotation* rotation) {
    struct run* run = rotation->run;
    char last_failure[2048] = "";
    if (run->report.called) (void)mbv_error_message(run->client, last_failure, sizeof last_failure);
    char waiting_time[WAITING_TIME_SIZE];
    report_waiting_time(&run->report, waiting_time, sizeof waiting_time);
    run->report.key_state = MBV_KEY_UNKNOWN;
    return report_fail(
        &run->report, EXIT_UNKNOWN,
        "%s%s%s, and no answer has settled it. %s is as it was, and the key that it holds may be "
        "revoked. Run the same command again: it begins by settling this%s.",
        last_failure, *last_failure != '\0' ? " " : "",
        rotation->surely_created ? "The account has a new key" : "A new key may have been created",
        path_of(rotation), waiting_time);
}

/* ---- The steps ---- */

static bool create(struct rotation* rotation) {
    struct run* run = rotation->run;
    rotation->creating = true;
    rotation->has_key = request(rotation, "Creating a key", run_create_key);
    rotation->surely_created = rotation->has_key;
    if (rotation->has_key) return settle(rotation) || fail_unknown(rotation);
    if (!run->report.called || run->report.key_state == MBV_KEY_UNCHANGED) return fail_unchanged(rotation);
    struct report creation = run->report;
    run->report.server_message = NULL; /* it is the copy's now */
    const bool settled = settle(rotation);
    /* A request may be carried out late, so only one that had its time counts as lost. */
    if (!settled && rotation->still_before && !rotation->surely_created && !rotation->cancelled)
        return fail_not_created(rotation, &creation);
    report_close(&creation);
    return settled || fail_unknown(rotation);
}

/* Returns whether run->key is to be put into FILE. */
static bool rotate(struct rotation* rotation) {
    struct run* run = rotation->run;
    const bool has_key = ask(rotation);
    if (!has_key && !has_no_key(&run->report)) return fail_unchanged(rotation);
    if (has_key) {
        if (rotation->file_exists && !is_same(&run->key, &rotation->held)) {
            rotation->has_key = rotation->surely_created = true;
            return settle(rotation) || fail_unknown(rotation);
        }
        copy_secret(&rotation->before, &run->key);
    }
    return create(rotation);
}

static void deliver(struct rotation* rotation) {
    struct run* run = rotation->run;
    const char* path = path_of(rotation);
    secret_clear(&run->password);
    run_make_key_a_line(run);
    run->report.key_state = MBV_KEY_REPLACED;
    if (rotation->creating) {
        (void)report_fail(
            &run->report, EXIT_DONE,
            "A new key was created, tested and written to %s, and the old key is revoked. Use the new "
            "key from now on.",
            path);
    } else {
        (void)report_fail(
            &run->report, EXIT_DONE,
            "The account had another key than %s: the one of a run that ended too early, or of somebody "
            "else. It was tested and written there, and none was created. Use it from now on.",
            path);
    }
    int error = output_commit(run->output, run->key.bytes, run->key.size + 1);
    if (error != 0) {
        run->key_goes_to_stderr = true;
        (void)report_fail(
            &run->report, EXIT_UNDELIVERED,
            "The account has a new key and the old key is revoked, but the new key could not be written "
            "to %s: %s. It follows on standard error. Once it can be written, run the same command again.",
            path, system_error(error));
    }
    error = run_write_stdout(run, NULL);
    if (error != 0 && !run->key_goes_to_stderr) {
        (void)report_fail(
            &run->report, EXIT_UNDELIVERED,
            "The account's new key was written to %s, but the JSON object could not be written to "
            "standard output: %s. Use the new key from now on.",
            path, system_error(error));
    }
}

static bool prepare(struct rotation* rotation) {
    struct run* run = rotation->run;
    if (!run_open(run)) return false;
    if (!secret_open(&rotation->held, SECRET_INPUT_CAPACITY(KEY_LIMIT)) ||
        !secret_open(&rotation->before, SECRET_INPUT_CAPACITY(KEY_LIMIT))) {
        return report_fail(&run->report, EXIT_NOT_DONE, "%s. " NOTHING_SENT, system_error(ENOMEM));
    }
    /* Locked before FILE is looked at, so that no other run changes it from here on. */
    return run_check_stdout(run) && run_open_output(run) && run_reserve_output(run) && read_held(rotation) &&
           run_read_password(run) && run_check_stdout(run);
}

void rotate_key(struct run* run) {
    struct rotation rotation = {.run = run};
    if (prepare(&rotation) && rotate(&rotation)) {
        deliver(&rotation);
    } else {
        (void)run_write_stdout(run, NULL); /* on stderr it is told in any case */
    }
    run_tell(run);
    secret_close(&rotation.before);
    secret_close(&rotation.held);
}
