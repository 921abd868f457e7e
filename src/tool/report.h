/* SPDX-License-Identifier: MIT
 *
 * What is told at the end: an exit code, a message, and what the library says about its call. */
#ifndef MBV_TOOL_REPORT_H
#define MBV_TOOL_REPORT_H

#include <mobivate.h>
#include <stdbool.h>

#include "secret.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_USAGE = 2,    /* usage or input; nothing was sent */
    EXIT_REFUSED = 3,  /* by the server; this run has revoked no key */
    EXIT_NOT_DONE = 4, /* this run has revoked no key */
    EXIT_UNKNOWN = 5,  /* the old key may be revoked */
    EXIT_UNDELIVERED =
        6, /* the old key is revoked, but not everything could be written where it was asked for */
};

/* What every message says of a run that ends before its first request. */
#define NOTHING_SENT "Nothing was sent."

struct report {
    enum exit_code exit_code;
    char message[8192]; /* what happened, what became of the old key, what to do next */

    /* What the getters say after the last call, if there was one. */
    bool called;
    int32_t status;
    int32_t key_state;
    int32_t http_status;
    int32_t server_code;
    int64_t retry_after_ms;
    char* server_message; /* NULL when the server sent none */
};

/* Sets the exit code and the message. Always returns false, so that a function can fail with it. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
bool report_fail(struct report *report, enum exit_code exit_code, const char *format, ...);

/* Asks the client about the call that has just returned `status`, and forgets the one before. */
void report_call(struct report* report, const mbv_client* client, int32_t status);

/* " (the server asks to wait 7 seconds)", or "" where it did not. */
#define WAITING_TIME_SIZE 80
void report_waiting_time(const struct report* report, char* text, size_t capacity);

/* "mbv: ", a sentence and a newline to stderr; control characters in it become question marks. */
void report_sentence(const char* sentence);

/* One JSON object to stdout; `key` and `path` may be NULL. Returns 0, or an error (see io.h). */
int report_json(const struct report* report, const struct secret* key, const char* path);

void report_close(struct report* report);

#endif
