/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "signals.h"

void io_occupy_standard_descriptors(void) {
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
        if (fcntl(descriptor, F_GETFD) >= 0) continue;
        /* The wrong way round, so that its use still fails as that of a closed one does. open takes the
         * lowest free number, which is this one. */
        (void)open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

int io_check_writable(int descriptor) {
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return errno;
    if ((flags & O_ACCMODE) == O_RDONLY) return EBADF;
    struct pollfd pipe = {.fd = descriptor, .events = 0};
    return poll(&pipe, 1, 0) > 0 && (pipe.revents & (POLLERR | POLLHUP)) != 0 ? EPIPE : 0;
}

int io_read_some(int descriptor, struct secret* into, bool* end) {
    for (;;) {
        const int interrupted = signals_wait(descriptor, TO_READ);
        if (interrupted != 0) return interrupted;
        const ssize_t got = read(descriptor, into->bytes + into->size, into->capacity - into->size);
        if (got >= 0) {
            into->size += (size_t)got;
            *end = got == 0;
            return 0;
        }
        if (errno != EAGAIN && errno != EINTR) return errno;
    }
}

int io_write_all(int descriptor, const char* bytes, size_t size) {
    while (size > 0) {
        const int interrupted = signals_wait(descriptor, TO_WRITE);
        if (interrupted != 0) return interrupted;
        /* A pipe that can be written takes this much without blocking. */
        const size_t piece = size < PIPE_BUF ? size : PIPE_BUF;
        const ssize_t written = write(descriptor, bytes, piece);
        if (written < 0 && errno != EAGAIN && errno != EINTR) return errno;
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

int io_write_file(int descriptor, const char* bytes, size_t size) {
    while (size > 0) {
        const ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno != EINTR) return errno;
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

int io_sync(int descriptor) {
    if (fsync(descriptor) == 0) return 0;
    /* What a pipe or a terminal, and some file systems for their directories, answer. */
    return errno == EINVAL || errno == ENOTSUP || errno == EROFS ? 0 : errno;
}
