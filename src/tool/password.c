/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "password.h"

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

/* One newline at the end is the editor's, everything else is the password's. */
static void strip_newline(struct secret* password) {
    size_t size = password->size;
    if (size == 0 || password->bytes[size - 1] != '\n') return;
    --size;
    if (size > 0 && password->bytes[size - 1] == '\r') --size;
    password->size = size;
}

static bool begins_with(const struct secret* password, const char* bytes, size_t size) {
    return password->size >= size && memcmp(password->bytes, bytes, size) == 0;
}

/* NULL, or what an editor has put before the password, as some of Windows do. */
static const char* byte_order_mark(const struct secret* password) {
    if (begins_with(password, "\xef\xbb\xbf", 3)) return "a byte order mark";
    if (begins_with(password, "\xff\xfe", 2) || begins_with(password, "\xfe\xff", 2)) {
        return "a byte order mark of UTF-16 or UTF-32";
    }
    return NULL;
}

static bool check(struct secret* password, const char* source, struct report* report) {
    const char* mark = byte_order_mark(password);
    if (mark != NULL) {
        return report_fail(report, EXIT_USAGE,
                           "The password in %s begins with %s, which is hardly part of it. Save it as UTF-8 "
                           "without one. " NOTHING_SENT,
                           source, mark);
    }
    strip_newline(password);
    if (password->size == 0) {
        return report_fail(report, EXIT_USAGE, "There is no password in %s. " NOTHING_SENT, source);
    }
    if (password->size > PASSWORD_LIMIT) {
        return report_fail(report, EXIT_USAGE, "The password in %s is longer than %d bytes. " NOTHING_SENT,
                           source, PASSWORD_LIMIT);
    }
    if (memchr(password->bytes, '\0', password->size) != NULL) {
        return report_fail(report, EXIT_USAGE,
                           "The password in %s has a NUL byte in it, which no password can have (it may have "
                           "up to %d other bytes). " NOTHING_SENT,
                           source, PASSWORD_LIMIT);
    }
    return true;
}

static bool fail_to_read(struct report* report, const char* source, int error) {
    if (error == EINTR) {
        return report_fail(report, EXIT_USAGE,
                           "Interrupted while reading the password from %s. " NOTHING_SENT, source);
    }
    return report_fail(report, EXIT_USAGE, "The password cannot be read from %s: %s. " NOTHING_SENT, source,
                       strerror(error));
}

static bool read_to_end(int descriptor, const char* source, struct secret* password, struct report* report) {
    bool end = false;
    while (!end) {
        const int error = io_read_some(descriptor, password, &end);
        if (error != 0) return fail_to_read(report, source, error);
    }
    return check(password, source, report);
}

static bool read_descriptor(int descriptor, const char* source, struct secret* password,
                            struct report* report) {
    if (isatty(descriptor)) {
        return report_fail(
            report, EXIT_USAGE,
            "The password cannot be read from %s, a terminal, which would show it. Give neither "
            "--password-file nor --password-stdin to be asked for it. " NOTHING_SENT,
            source);
    }
    return read_to_end(descriptor, source, password, report);
}

static void warn_if_others_can_read(int descriptor, const char* path) {
    struct stat file;
    if (fstat(descriptor, &file) != 0 || !(S_ISREG(file.st_mode) || S_ISFIFO(file.st_mode))) return;
    if ((file.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
    char warning[4352];
    (void)snprintf(warning, sizeof warning,
                   "warning: other users of this machine can read the password file %s (mode %03o). Make it "
                   "yours alone: chmod 600.",
                   path, (unsigned)(file.st_mode & 0777));
    report_sentence(warning);
}

bool password_from_file(const char* path, struct secret* password, struct report* report) {
    /* Not blocking, so that a FIFO without a writer is waited for where a signal can end the waiting. */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) return fail_to_read(report, path, errno);
    warn_if_others_can_read(descriptor, path);
    const bool is_read = read_descriptor(descriptor, path, password, report);
    (void)close(descriptor);
    return is_read;
}

bool password_from_stdin(struct secret* password, struct report* report) {
    return read_descriptor(STDIN_FILENO, "standard input", password, report);
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
static int ask_once(int terminal, const char* prompt, struct secret* password) {
    struct termios shown;
    if (tcgetattr(terminal, &shown) != 0) return errno;
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    /* Flushing, here and below, keeps what is typed too early or too late from ending up elsewhere. */
    if (tcsetattr(terminal, TCSAFLUSH, &hidden) != 0) return errno;
    int error = io_write_all(terminal, prompt, strlen(prompt));
    if (error == 0) error = read_line(terminal, password);
    (void)io_write_all(terminal, "\n", 1); /* the Enter that was not echoed */
    if (tcsetattr(terminal, TCSAFLUSH, &shown) != 0 && error == 0) error = errno;
    return error;
}

static int ask(int terminal, const char* username, struct secret* password) {
    char prompt[256];
    (void)snprintf(prompt, sizeof prompt, "Password of %.200s: ", username);
    signals_hold_stop();
    int error = ask_once(terminal, prompt, password);
    while (error == EINTR && signals_stop_if_asked()) {
        secret_clear(password);
        error = ask_once(terminal, prompt, password);
    }
    signals_release_stop();
    return error;
}

bool password_from_terminal(const char* username, struct secret* password, struct report* report) {
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        return report_fail(
            report, EXIT_USAGE,
            "There is no terminal to ask for the password (/dev/tty: %s). Use --password-file or "
            "--password-stdin. " NOTHING_SENT,
            strerror(errno));
    }
    const int error = ask(terminal, username, password);
    (void)close(terminal);
    if (error != 0) return fail_to_read(report, "the terminal", error);
    if (!check(password, "the terminal's input", report)) return false;
    if (password->size > TERMINAL_LINE_LIMIT) {
        return report_fail(report, EXIT_USAGE,
                           "The password is longer than a terminal can hand over in a line (%d bytes). Use "
                           "--password-file or --password-stdin. " NOTHING_SENT,
                           TERMINAL_LINE_LIMIT);
    }
    return true;
}
