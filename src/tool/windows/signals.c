/* SPDX-License-Identifier: MIT */
#include "../signals.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <windows.h>

#include "errors.h"
#include "interrupt.h"

/* By when the system has told of a Ctrl-C. */
#define LATEST_MS 1000

static HANDLE end_is_asked;         /* an event that one waiting takes */
static SRWLOCK lock = SRWLOCK_INIT; /* of the next one */
static mbv_client* watched;         /* NULL outside of a call */

static void ask_to_end(void) {
    AcquireSRWLockExclusive(&lock);
    if (watched != NULL) {
        mbv_cancel(watched);
    } else {
        (void)SetEvent(end_is_asked);
    }
    ReleaseSRWLockExclusive(&lock);
}

/* Runs on a thread of the system's. */
static BOOL WINAPI handle_control(DWORD control) {
    ask_to_end();
    /* When this returns after the last three, the system ends the program. It waits for some seconds, in
     * which the program comes to its own end. */
    if (control != CTRL_C_EVENT && control != CTRL_BREAK_EVENT) Sleep(INFINITE);
    return TRUE;
}

void signals_prepare(void) {
    end_is_asked = CreateEventW(NULL, FALSE, FALSE, NULL);
    /* Ctrl-C stays ignored where the caller has it so. */
    if (end_is_asked == NULL || !SetConsoleCtrlHandler(handle_control, TRUE)) abort();
}

int signals_sleep(int64_t milliseconds) {
    return WaitForSingleObject(end_is_asked, (DWORD)milliseconds) == WAIT_OBJECT_0 ? EINTR : 0;
}

void signals_watch(mbv_client* client) {
    AcquireSRWLockExclusive(&lock);
    watched = client;
    /* One that came since the last wait. */
    if (WaitForSingleObject(end_is_asked, 0) == WAIT_OBJECT_0) mbv_cancel(client);
    ReleaseSRWLockExclusive(&lock);
}

void signals_unwatch(void) {
    AcquireSRWLockExclusive(&lock);
    watched = NULL;
    ReleaseSRWLockExclusive(&lock);
}

/* ---- What blocks ---- */

struct work {
    blocking_function* function;
    void* argument;
    int error;
};

static DWORD WINAPI do_work(void* argument) {
    struct work* work = argument;
    work->error = work->function(work->argument);
    return 0;
}

/* Whether the thread has ended. Each try can come too early, before the thread blocks. */
static bool call_off(HANDLE thread) {
    for (int tries = 0; tries < 20; ++tries) {
        (void)CancelSynchronousIo(thread);
        if (WaitForSingleObject(thread, 10) == WAIT_OBJECT_0) return true;
    }
    return false;
}

int do_interruptibly(blocking_function* function, void* argument, int* is_left) {
    *is_left = 0;
    struct work* work = malloc(sizeof *work);
    if (work == NULL) return ENOMEM;
    *work = (struct work){.function = function, .argument = argument};
    const HANDLE thread = CreateThread(NULL, 0, do_work, work, 0, NULL);
    if (thread == NULL) {
        const int error = last_error();
        free(work);
        return error;
    }
    const HANDLE handles[] = {thread, end_is_asked}; /* in this order: what is done is done */
    const bool is_done = WaitForMultipleObjects(2, handles, FALSE, INFINITE) == WAIT_OBJECT_0;
    int error = EINTR;
    if (is_done || call_off(thread)) {
        if (is_done) error = work->error;
        /* What Ctrl-C has ended may be back before Ctrl-C is told of, which no later waiting is to take. */
        if (is_done && error == EINTR) (void)WaitForSingleObject(end_is_asked, LATEST_MS);
        free(work);
    } else {
        *is_left = 1;
    }
    (void)CloseHandle(thread);
    return error;
}
