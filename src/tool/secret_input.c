/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "secret_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "io.h"
#include "signals.h"

/* A terminal silently cuts a line: on Linux after 4095 bytes, so one of that size may have been longer. */
#define TERMINAL_LINE_LIMIT 4094

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
        return report_fail(report, EXIT_USAGE, "The %s in %s is longer than %zu bytes. " NOTHING_SENT,
                           input->noun, source, input->limit);
    }
    if (memchr(secret->bytes, '\0', secret->size) != NULL) {
        return report_fail(
            report, EXIT_USAGE,
            "The %s in %s has a NUL byte in it, which no %s can have (it may have up to %zu other "
            "bytes). " NOTHING_SENT,
            input->noun, source, input->noun, input->limit);
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
                       source, strerror(error));
}

static bool read_to_end(const struct secret_input* input, int descriptor, const char* source,
                        struct secret* secret, struct report* report) {
    bool end = false;
    while (!end) {
        const int error = io_read_some(descriptor, secret, &end);
        if (error != 0) return fail_to_read(input, source, error, report);
    }
    return check(input, source, secret, report);
}

static bool read_descriptor(const struct secret_input* input, int descriptor, const char* source,
                            struct secret* secret, struct report* report) {
    if (isatty(descriptor)) {
        return report_fail(
            report, EXIT_USAGE,
            "The %s cannot be read from %s, a terminal, which would show it. Give neither %s nor "
            "%s to be asked for it. " NOTHING_SENT,
            input->noun, source, input->file_option, input->stdin_option);
    }
    return read_to_end(input, descriptor, source, secret, report);
}

static void warn_if_others_can_read(const struct secret_input* input, int descriptor, const char* path) {
    struct stat file;
    if (fstat(descriptor, &file) != 0 || !(S_ISREG(file.st_mode) || S_ISFIFO(file.st_mode))) return;
    if ((file.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
    char warning[4352];
    (void)snprintf(warning, sizeof warning,
                   "warning: other users of this machine can read the %s file %s (mode %03o). Make it yours "
                   "alone: chmod 600.",
                   input->noun, path, (unsigned)(file.st_mode & 0777));
    report_sentence(warning);
}

bool secret_from_file(const struct secret_input* input, const char* path, struct secret* secret,
                      struct report* report) {
    /* Not blocking, so that a FIFO without a writer is waited for where a signal can end the waiting. */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) return fail_to_read(input, path, errno, report);
    warn_if_others_can_read(input, descriptor, path);
    const bool is_read = read_descriptor(input, descriptor, path, secret, report);
    (void)close(descriptor);
    return is_read;
}

bool secret_from_stdin(const struct secret_input* input, struct secret* secret, struct report* report) {
    return read_descriptor(input, STDIN_FILENO, "standard input", secret, report);
}

/* ---- The terminal ---- */

static int read_line(int terminal, struct secret* line) {
    bool end = false;
    while (!end) {
        const int error = io_read_some(terminal, line, &end);
        if (error != 0) return error;
        if (line->size > 0 && line->bytes[line->size - 1] == '\n') return 0;
    }
    return 0;
}

/* Asks once. Returns 0, or an errno value; EINTR when a signal came, Ctrl-Z included. */
static int ask_once(int terminal, const char* prompt, struct secret* secret) {
    struct termios shown;
    if (tcgetattr(terminal, &shown) != 0) return errno;
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    /* Flushing, here and below, keeps what is typed too early or too late from ending up elsewhere. */
    if (tcsetattr(terminal, TCSAFLUSH, &hidden) != 0) return errno;
    int error = io_write_all(terminal, prompt, strlen(prompt));
    if (error == 0) error = read_line(terminal, secret);
    (void)io_write_all(terminal, "\n", 1); /* the Enter that was not echoed */
    if (tcsetattr(terminal, TCSAFLUSH, &shown) != 0 && error == 0) error = errno;
    return error;
}

static int ask(int terminal, const char* prompt, struct secret* secret) {
    signals_hold_stop();
    int error = ask_once(terminal, prompt, secret);
    while (error == EINTR && signals_stop_if_asked()) {
        secret_clear(secret);
        error = ask_once(terminal, prompt, secret);
    }
    signals_release_stop();
    return error;
}

bool secret_from_terminal(const struct secret_input* input, const char* prompt, struct secret* secret,
                          struct report* report) {
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        return report_fail(
            report, EXIT_USAGE,
            "There is no terminal to ask for the %s (/dev/tty: %s). Use %s or %s. " NOTHING_SENT, input->noun,
            strerror(errno), input->file_option, input->stdin_option);
    }
    const int error = ask(terminal, prompt, secret);
    (void)close(terminal);
    if (error != 0) return fail_to_read(input, "the terminal", error, report);
    if (!check(input, "the terminal's input", secret, report)) return false;
    if (secret->size > TERMINAL_LINE_LIMIT) {
        return report_fail(report, EXIT_USAGE,
                           "The %s is longer than a terminal can hand over in a line (%d bytes). Use %s or "
                           "%s. " NOTHING_SENT,
                           input->noun, TERMINAL_LINE_LIMIT, input->file_option, input->stdin_option);
    }
    return true;
}
