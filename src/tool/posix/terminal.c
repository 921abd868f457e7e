/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "../terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../io.h"
#include "interruptible.h"

const char terminal_name[] = "/dev/tty";

static bool is_line(const struct secret* secret) {
    return secret->size > 0 && secret->bytes[secret->size - 1] == '\n';
}

static int read_line(int terminal, struct secret* line) {
    bool end = false;
    while (!end) {
        const int error = io_read_some(terminal, line, &end);
        if (error != 0) return error;
        if (is_line(line)) return 0;
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
    hold_stop();
    int error = ask_once(terminal, prompt, secret);
    while (error == EINTR && stop_if_asked()) {
        secret_clear(secret);
        error = ask_once(terminal, prompt, secret);
    }
    release_stop();
    return error;
}

struct terminal_answer terminal_ask(const char* prompt, struct secret* secret) {
    const int terminal = open(terminal_name, O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) return (struct terminal_answer){.error = errno};
    const int error = ask(terminal, prompt, secret);
    (void)close(terminal);
    const size_t size = secret->size - (is_line(secret) ? 1 : 0);
    return (struct terminal_answer){
        .is_there = true, .error = error, .may_be_cut = size > TERMINAL_LINE_LIMIT};
}
