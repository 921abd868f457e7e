/* SPDX-License-Identifier: MIT
 *
 * A run of mbv, and the steps that its commands are made of. Each step either goes well, or returns false
 * and has told the report why. */
#ifndef MBV_TOOL_RUN_H
#define MBV_TOOL_RUN_H

#include <mobivate.h>
#include <stdbool.h>

#include "arguments.h"
#include "output.h"
#include "report.h"
#include "secret.h"

/* Everything that a run holds; all zeroes before anything else. run_close is right at any moment. */
struct run {
    struct arguments arguments;
    struct report report;
    mbv_client* client;
    struct secret password;
    struct secret key;
    struct output* output;
    bool key_goes_to_stderr;
};

/* A client with its options set, and memory for the secrets. */
bool run_open(struct run* run);

/* For each of the calls that follow. */
bool run_set_timeout(struct run* run, int32_t milliseconds);

bool run_check_stdout(struct run* run);
bool run_open_output(struct run* run);
bool run_read_password(struct run* run);
bool run_read_key(struct run* run);
bool run_reserve_output(struct run* run);

/* A call of the library's, with what the run holds: user name and password, or the key. */
typedef int32_t run_function(struct run* run);
int32_t run_create_key(struct run* run);
int32_t run_get_key(struct run* run);
int32_t run_test_key(struct run* run);

/* Makes the call, which signals cancel, and has the report ask about it. */
bool run_call(struct run* run, run_function* call);

/* All of a run that ends in one such call with user name and password: until its key is there. */
bool run_call_for_key(struct run* run, run_function* call);

/* Ends the key with a newline in the place of its NUL, so that it is a line and no copy is made. */
void run_make_key_a_line(struct run* run);

/* What belongs on stdout: the object, the key, or nothing. Returns 0, or an error (see io.h). */
int run_write_stdout(const struct run* run, const struct secret* key);

/* The end of each run: what the report says, and a key that could not go elsewhere, to stderr. */
void run_tell(struct run* run);

void run_close(struct run* run);

#endif
