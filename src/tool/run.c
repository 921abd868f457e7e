/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "io.h"
#include "secret_input.h"
#include "signals.h"
#include "system.h"

static bool fail_to_start(struct report* report, const char* reason) {
    report->called = false;
    return report_fail(report, EXIT_NOT_DONE,
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
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; ++i) {
        if (settings[i].value == NULL) continue;
        const int32_t status = mbv_set(run->client, settings[i].name, settings[i].value);
        if (status == MBV_OK) continue;
        char message[1024];
        (void)mbv_error_message(run->client, message, sizeof message);
        return report_fail(&run->report, status == MBV_ERR_INVALID_ARGUMENT ? EXIT_USAGE : EXIT_NOT_DONE,
                           "%s: %s " NOTHING_SENT, settings[i].given_as, message);
    }
    return true;
}

bool run_set_timeout(struct run* run, int32_t milliseconds) {
    char value[16];
    (void)snprintf(value, sizeof value, "%" PRId32, milliseconds);
    return mbv_set(run->client, "timeout_ms", value) == MBV_OK ||
           fail_to_start(&run->report, system_error(ENOMEM));
}

bool run_open(struct run* run) {
    run->client = mbv_new();
    if (run->client == NULL || !secret_open(&run->password, SECRET_INPUT_CAPACITY(PASSWORD_LIMIT)) ||
        !secret_open(&run->key, SECRET_INPUT_CAPACITY(KEY_LIMIT))) {
        return fail_to_start(&run->report, system_error(ENOMEM));
    }
    return set_options(run) && run_set_timeout(run, run->arguments.timeout_ms);
}

static bool uses_stdout(const struct arguments* arguments) {
    const bool hands_over_key = (arguments->command->takes & OPTION_BIT(OPTION_OUTPUT)) != 0;
    return (hands_over_key && arguments->values[OPTION_OUTPUT] == NULL) ||
           arguments->values[OPTION_JSON] != NULL;
}

bool run_check_stdout(struct run* run) {
    const int error = uses_stdout(&run->arguments) ? io_check_writable(io_standard(IO_OUTPUT)) : 0;
    return error == 0 ||
           report_fail(&run->report, EXIT_USAGE, "Standard output cannot be written: %s. " NOTHING_SENT,
                       system_error(error));
}

static bool is_same_file(const char* one, const char* other) {
    return other != NULL && io_is_same_file(one, other);
}

bool run_open_output(struct run* run) {
    const char* const* values = run->arguments.values;
    const char* path = values[OPTION_OUTPUT];
    if (path == NULL) return true;
    if (is_same_file(path, values[OPTION_PASSWORD_FILE]) || is_same_file(path, values[OPTION_CA_FILE])) {
        return report_fail(&run->report, EXIT_USAGE,
                           "--output names the file of --password-file or --ca-file, which the key would "
                           "replace. " NOTHING_SENT);
    }
    return output_open(&run->output, path, &run->report);
}

bool run_reserve_output(struct run* run) {
    return run->arguments.values[OPTION_OUTPUT] == NULL || output_reserve(run->output, &run->report);
}

bool run_read_password(struct run* run) {
    const char* const* values = run->arguments.values;
    const struct secret_input* input = &password_input;
    if (values[OPTION_PASSWORD_FILE] != NULL)
        return secret_from_file(input, values[OPTION_PASSWORD_FILE], &run->password, &run->report);
    if (values[OPTION_PASSWORD_STDIN] != NULL) return secret_from_stdin(input, &run->password, &run->report);
    char prompt[256];
    (void)snprintf(prompt, sizeof prompt, "Password of %.200s: ", values[OPTION_USERNAME]);
    return secret_from_terminal(input, prompt, &run->password, &run->report);
}

bool run_read_key(struct run* run) {
    const char* const* values = run->arguments.values;
    const struct secret_input* input = &key_input;
    if (values[OPTION_KEY_FILE] != NULL)
        return secret_from_file(input, values[OPTION_KEY_FILE], &run->key, &run->report);
    if (values[OPTION_KEY_STDIN] != NULL) return secret_from_stdin(input, &run->key, &run->report);
    return secret_from_terminal(input, "API key: ", &run->key, &run->report);
}

int32_t run_create_key(struct run* run) {
    return mbv_create_key(run->client, run->arguments.values[OPTION_USERNAME], MBV_NUL_TERMINATED,
                          run->password.bytes, run->password.size, run->key.bytes, run->key.capacity,
                          &run->key.size);
}

int32_t run_get_key(struct run* run) {
    return mbv_get_key(run->client, run->arguments.values[OPTION_USERNAME], MBV_NUL_TERMINATED,
                       run->password.bytes, run->password.size, run->key.bytes, run->key.capacity,
                       &run->key.size);
}

int32_t run_test_key(struct run* run) { return mbv_test_key(run->client, run->key.bytes, run->key.size); }

bool run_call(struct run* run, run_function* call) {
    signals_watch(run->client);
    const int32_t status = call(run);
    signals_unwatch();
    report_call(&run->report, run->client, status);
    return status == MBV_OK;
}

bool run_call_for_key(struct run* run, run_function* call) {
    return run_open(run) && run_check_stdout(run) && run_open_output(run) && run_read_password(run) &&
           run_check_stdout(run) && run_reserve_output(run) && run_call(run, call);
}

void run_make_key_a_line(struct run* run) { run->key.bytes[run->key.size] = '\n'; }

int run_write_stdout(const struct run* run, const struct secret* key) {
    int error = 0;
    if (run->arguments.values[OPTION_JSON] != NULL) {
        error = report_json(&run->report, key, run->arguments.values[OPTION_OUTPUT]);
    } else if (key != NULL) {
        error = io_write_all(io_standard(IO_OUTPUT), key->bytes, key->size + 1);
    }
    return error != 0 || key == NULL ? error : io_sync(io_standard(IO_OUTPUT));
}

void run_tell(struct run* run) {
    report_sentence(run->report.message);
    if (run->key_goes_to_stderr) (void)io_write_all(io_standard(IO_ERROR), run->key.bytes, run->key.size + 1);
}

void run_close(struct run* run) {
    output_close(run->output);
    secret_close(&run->key);
    secret_close(&run->password);
    mbv_free(run->client);
    report_close(&run->report);
}
