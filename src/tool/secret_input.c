/* SPDX-License-Identifier: MIT */
#include "secret_input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io.h"
#include "permissions.h"
#include "system.h"
#include "terminal.h"

const struct secret_input password_input = {
    .noun = "password",
    .file_option = "--password-file",
    .stdin_option = "--password-stdin",
    .limit = PASSWORD_LIMIT,
};

const struct secret_input key_input = {
    .noun = "key",
    .file_option = "--key-file",
    .stdin_option = "--key-stdin",
    .limit = KEY_LIMIT,
};

void secret_strip_newline(struct secret* secret) {
    size_t size = secret->size;
    if (size == 0 || secret->bytes[size - 1] != '\n') return;
    --size;
    if (size > 0 && secret->bytes[size - 1] == '\r') --size;
    secret->size = size;
}

static bool begins_with(const struct secret* secret, const char* bytes, size_t size) {
    return secret->size >= size && memcmp(secret->bytes, bytes, size) == 0;
}

/* NULL, or what an editor has put before the password, as some of Windows do. */
static const char* byte_order_mark(const struct secret* secret) {
    if (begins_with(secret, "\xef\xbb\xbf", 3)) return "a byte order mark";
    if (begins_with(secret, "\xff\xfe", 2) || begins_with(secret, "\xfe\xff", 2)) {
        return "a byte order mark of UTF-16 or UTF-32";
    }
    return NULL;
}

static bool check(const struct secret_input* input, const char* source, struct secret* secret,
                  struct report* report) {
    const char* mark = byte_order_mark(secret);
    if (mark != NULL) {
        return report_fail(report, EXIT_USAGE,
                           "The %s in %s begins with %s, which is hardly part of it. Save it as UTF-8 "
                           "without one. " NOTHING_SENT,
                           input->noun, source, mark);
    }
    secret_strip_newline(secret);
    if (secret->size == 0) {
        return report_fail(report, EXIT_USAGE, "There is no %s in %s. " NOTHING_SENT, input->noun, source);
    }
    if (secret->size > input->limit) {
        return report_fail(report, EXIT_USAGE, "The %s in %s is longer than %d bytes. " NOTHING_SENT,
                           input->noun, source, (int)input->limit);
    }
    if (memchr(secret->bytes, '\0', secret->size) != NULL) {
        return report_fail(
            report, EXIT_USAGE,
            "The %s in %s has a NUL byte in it, which no %s can have (it may have up to %d other "
            "bytes). " NOTHING_SENT,
            input->noun, source, input->noun, (int)input->limit);
    }
    return true;
}

static bool fail_to_read(const struct secret_input* input, const char* source, int error,
                         struct report* report) {
    if (error == EINTR) {
        return report_fail(report, EXIT_USAGE, "Interrupted while reading the %s from %s. " NOTHING_SENT,
                           input->noun, source);
    }
    return report_fail(report, EXIT_USAGE, "The %s cannot be read from %s: %s. " NOTHING_SENT, input->noun,
                       source, system_error(error));
}

static bool read_to_end(const struct secret_input* input, io_handle handle, const char* source,
                        struct secret* secret, struct report* report) {
    bool end = false;
    while (!end) {
        const int error = io_read_some(handle, secret, &end);
        if (error != 0) return fail_to_read(input, source, error, report);
    }
    return check(input, source, secret, report);
}

static bool read_handle(const struct secret_input* input, io_handle handle, const char* source,
                        struct secret* secret, struct report* report) {
    if (io_is_terminal(handle)) {
        return report_fail(
            report, EXIT_USAGE,
            "The %s cannot be read from %s, a terminal, which would show it. Give neither %s nor "
            "%s to be asked for it. " NOTHING_SENT,
            input->noun, source, input->file_option, input->stdin_option);
    }
    return read_to_end(input, handle, source, secret, report);
}

bool secret_from_file(const struct secret_input* input, const char* path, struct secret* secret,
                      struct report* report) {
    io_handle file;
    const int error = io_open(path, &file);
    if (error != 0) return fail_to_read(input, path, error, report);
    permissions_warn(file, input->noun, path);
    const bool is_read = read_handle(input, file, path, secret, report);
    io_close(file);
    return is_read;
}

bool secret_from_stdin(const struct secret_input* input, struct secret* secret, struct report* report) {
    return read_handle(input, io_standard(IO_INPUT), "standard input", secret, report);
}

bool secret_from_terminal(const struct secret_input* input, const char* prompt, struct secret* secret,
                          struct report* report) {
    const struct terminal_answer answer = terminal_ask(prompt, secret);
    if (!answer.is_there) {
        return report_fail(report, EXIT_USAGE,
                           "There is no terminal to ask for the %s (%s: %s). Use %s or %s. " NOTHING_SENT,
                           input->noun, terminal_name, system_error(answer.error), input->file_option,
                           input->stdin_option);
    }
    if (answer.error != 0) return fail_to_read(input, "the terminal", answer.error, report);
    if (!check(input, "the terminal's input", secret, report)) return false;
    if (answer.may_be_cut) {
        return report_fail(report, EXIT_USAGE,
                           "The %s is longer than a terminal can hand over in a line (%d bytes). Use %s or "
                           "%s. " NOTHING_SENT,
                           input->noun, TERMINAL_LINE_LIMIT, input->file_option, input->stdin_option);
    }
    return true;
}
