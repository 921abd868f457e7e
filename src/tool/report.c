/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "json.h"

bool report_fail(struct report* report, enum exit_code exit_code, const char* format, ...) {
    report->exit_code = exit_code;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(report->message, sizeof report->message, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- The library's answer ---- */

static enum exit_code exit_code_of(int32_t status, int32_t key_state) {
    switch (status) {
        case MBV_OK: return EXIT_DONE;
        case MBV_ERR_INVALID_ARGUMENT: return EXIT_USAGE;
        case MBV_ERR_CREDENTIALS:
        case MBV_ERR_RATE_LIMITED:
        case MBV_ERR_REJECTED: return key_state == MBV_KEY_UNCHANGED ? EXIT_REFUSED : EXIT_UNKNOWN;
        default: return key_state == MBV_KEY_UNCHANGED ? EXIT_NOT_DONE : EXIT_UNKNOWN;
    }
}

/* What a person can do about it. The library's message has said the rest. */
static const char* what_to_do(const struct report* report) {
    if (report->exit_code == EXIT_UNKNOWN) return "mbv get-key prints the key that is valid";
    switch (report->status) {
        case MBV_ERR_INVALID_ARGUMENT: return "Correct the input and run mbv again";
        case MBV_ERR_CREDENTIALS: return "Check the user name and the password, and run mbv again";
        case MBV_ERR_RATE_LIMITED: return "Run mbv again later";
        case MBV_ERR_REJECTED: return "The same request will be refused again until its cause is removed";
        case MBV_ERR_RESOLVE:
        case MBV_ERR_CONNECT: return "Check the network, --base-url and --proxy, and run mbv again";
        case MBV_ERR_TLS: return "Check --base-url, --ca-file and --ca-dir, and run mbv again";
        default: return "Run mbv again";
    }
}

void report_waiting_time(const struct report* report, char* text, size_t capacity) {
    text[0] = '\0';
    if (report->retry_after_ms < 0) return;
    const int64_t seconds = report->retry_after_ms / 1000 + (report->retry_after_ms % 1000 != 0);
    (void)snprintf(text, capacity, " (the server asks to wait %" PRId64 " second%s)", seconds,
                   seconds == 1 ? "" : "s");
}

/* The idiom for texts of any length: ask for the size, then for the text. */
static char* copy_server_message(const mbv_client* client) {
    const size_t size = mbv_server_message(client, NULL, 0);
    char* message = size > 0 ? malloc(size + 1) : NULL;
    if (message != NULL) (void)mbv_server_message(client, message, size + 1);
    return message;
}

void report_call(struct report* report, const mbv_client* client, int32_t status) {
    report_close(report);
    report->called = true;
    report->status = status;
    report->key_state = mbv_key_state(client);
    report->http_status = mbv_http_status(client);
    report->server_code = mbv_server_code(client);
    report->retry_after_ms = mbv_retry_after_ms(client);
    report->server_message = copy_server_message(client);
    report->exit_code = exit_code_of(status, report->key_state);
    if (status == MBV_OK) return;

    char what_happened[2048];
    (void)mbv_error_message(client, what_happened, sizeof what_happened);
    char waiting_time[WAITING_TIME_SIZE];
    report_waiting_time(report, waiting_time, sizeof waiting_time);
    (void)report_fail(report, report->exit_code, "%s %s%s.", what_happened, what_to_do(report), waiting_time);
}

/* ---- stderr ---- */

/* A server's words are in it: nothing that a terminal obeys may be. U+0080 to U+009F are such, too. */
static void blank_controls(char* text, size_t size) {
    unsigned char before = 0;
    for (size_t i = 0; i < size; ++i) {
        const unsigned char byte = (unsigned char)text[i];
        if (before == 0xc2 && byte >= 0x80 && byte <= 0x9f) text[i - 1] = text[i] = '?';
        if (byte < 0x20 || byte == 0x7f) text[i] = '?';
        before = byte;
    }
}

void report_sentence(const char* sentence) {
    char line[sizeof "mbv: \n" + sizeof((struct report*)NULL)->message];
    const int printed = snprintf(line, sizeof line, "mbv: %s\n", sentence);
    if (printed <= 0 || (size_t)printed >= sizeof line) return;
    const size_t size = (size_t)printed;
    blank_controls(line, size - 1);
    /* When stderr fails there is nobody left to tell; the exit code still does. */
    (void)io_write_all(io_standard(IO_ERROR), line, size);
}

/* ---- JSON ---- */

static const char* key_state_name(int32_t key_state) {
    switch (key_state) {
        case MBV_KEY_UNCHANGED: return "unchanged";
        case MBV_KEY_REPLACED: return "replaced";
        default: return "unknown";
    }
}

/* null where the library has a number that stands for nothing. */
static void add_number_or_null(struct json* json, const char* name, bool is_there, int64_t number) {
    if (is_there) {
        json_number(json, name, number);
    } else {
        json_text(json, name, NULL, 0);
    }
}

static void add_text(struct json* json, const char* name, const char* text) {
    json_text(json, name, text, text != NULL ? strlen(text) : 0);
}

int report_json(const struct report* report, const struct secret* key, const char* path) {
    struct json json;
    if (!json_open(&json)) return ENOMEM;
    add_number_or_null(&json, "status", report->called, report->status);
    add_text(&json, "status_name", report->called ? mbv_status_name(report->status) : NULL);
    if (key != NULL) json_text(&json, "key", key->bytes, key->size);
    if (path != NULL) add_text(&json, "output", path);
    add_text(&json, "key_state", key_state_name(report->key_state));
    add_number_or_null(&json, "http_status", report->http_status != 0, report->http_status);
    add_number_or_null(&json, "server_code", report->server_code != 0, report->server_code);
    add_text(&json, "server_message", report->server_message);
    add_number_or_null(&json, "retry_after_ms", report->called && report->retry_after_ms >= 0,
                       report->retry_after_ms);
    add_text(&json, "message", report->message);
    json_number(&json, "exit_code", report->exit_code);
    add_text(&json, "library_version", mbv_version());
    return json_close(&json, io_standard(IO_OUTPUT));
}

void report_close(struct report* report) {
    free(report->server_message);
    report->server_message = NULL;
}
