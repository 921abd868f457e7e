/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "../signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/select.h>
#include <time.h>

#include "interruptible.h"

static sigset_t ending;  /* the signals that ask the program to end */
static sigset_t outside; /* the mask that the program was started with */
static volatile sig_atomic_t end_is_asked;
static volatile sig_atomic_t stop_is_asked;
static bool stop_is_held;
static mbv_client* _Atomic watched;

/* Runs inside pselect and during a call alone, everywhere else the signals are blocked. */
static void note(int signal_number) {
    mbv_client* const client = atomic_load(&watched);
    if (client != NULL) {
        mbv_cancel(client); /* on whichever of the call's threads this is */
    } else if (signal_number == SIGTSTP) {
        stop_is_asked = 1;
    } else {
        end_is_asked = 1;
    }
}

static bool is_ignored(int signal_number) {
    struct sigaction action;
    return sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void set_handler(int signal_number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    (void)sigaction(signal_number, &action, NULL);
}

void signals_prepare(void) {
    static const int candidates[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigemptyset(&ending);
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; ++i) {
        /* What the caller has ignored stays so: nohup, or a shell's background job. */
        if (is_ignored(candidates[i])) continue;
        sigaddset(&ending, candidates[i]);
        set_handler(candidates[i], note);
    }
    (void)pthread_sigmask(SIG_BLOCK, &ending, &outside);
    /* A closed pipe or a file beyond its limit must come back as an error of write, or the key is lost. */
    set_handler(SIGPIPE, SIG_IGN);
    set_handler(SIGXFSZ, SIG_IGN);
}

int wait_until_ready(int descriptor, enum direction direction) {
    if (descriptor >= FD_SETSIZE) return 0; /* then the read or write itself waits */
    fd_set set;
    FD_ZERO(&set);
    FD_SET(descriptor, &set);
    fd_set* const to_read = direction == TO_READ ? &set : NULL;
    fd_set* const to_write = direction == TO_WRITE ? &set : NULL;
    return pselect(descriptor + 1, to_read, to_write, NULL, NULL, &outside) < 0 ? errno : 0;
}

int signals_sleep(int64_t milliseconds) {
    const struct timespec time = {.tv_sec = (time_t)(milliseconds / 1000),
                                  .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    return pselect(0, NULL, NULL, NULL, &time, &outside) < 0 ? errno : 0;
}

void hold_stop(void) {
    if (is_ignored(SIGTSTP)) return; /* no job control */
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    set_handler(SIGTSTP, note);
    stop_is_held = true;
}

void release_stop(void) {
    if (!stop_is_held) return;
    set_handler(SIGTSTP, SIG_DFL);
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    (void)pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
    stop_is_held = false;
}

bool stop_if_asked(void) {
    if (end_is_asked || !stop_is_asked) return false;
    stop_is_asked = 0;
    release_stop();
    (void)raise(SIGTSTP); /* returns when the program is continued */
    hold_stop();
    return true;
}

void signals_watch(mbv_client* client) {
    atomic_store(&watched, client);
    (void)pthread_sigmask(SIG_UNBLOCK, &ending, NULL);
}

/* A signal that comes together with the call's end is not lost: it has cancelled what is asked of the client
 * next. */
void signals_unwatch(void) {
    (void)pthread_sigmask(SIG_BLOCK, &ending, NULL);
    atomic_store(&watched, NULL);
}
