/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "../io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interruptible.h"

void io_prepare(void) {
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
        if (fcntl(descriptor, F_GETFD) >= 0) continue;
        /* The wrong way round, so that its use still fails as that of a closed one does. open takes the
         * lowest free number, which is this one. */
        (void)open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

io_handle io_standard(enum io_standard stream) {
    static const io_handle descriptors[] = {
        [IO_INPUT] = STDIN_FILENO,
        [IO_OUTPUT] = STDOUT_FILENO,
        [IO_ERROR] = STDERR_FILENO,
    };
    return descriptors[stream];
}

bool io_is_terminal(io_handle handle) { return isatty((int)handle) != 0; }

int io_check_writable(io_handle handle) {
    const int descriptor = (int)handle;
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return errno;
    if ((flags & O_ACCMODE) == O_RDONLY) return EBADF;
    struct pollfd pipe = {.fd = descriptor, .events = 0};
    return poll(&pipe, 1, 0) > 0 && (pipe.revents & (POLLERR | POLLHUP)) != 0 ? EPIPE : 0;
}

int io_read_some(io_handle handle, struct secret* into, bool* end) {
    const int descriptor = (int)handle;
    for (;;) {
        const int interrupted = wait_until_ready(descriptor, TO_READ);
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

int io_write_all(io_handle handle, const char* bytes, size_t size) {
    const int descriptor = (int)handle;
    while (size > 0) {
        const int interrupted = wait_until_ready(descriptor, TO_WRITE);
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

int io_sync(io_handle handle) {
    if (fsync((int)handle) == 0) return 0;
    /* What a pipe or a terminal, and some file systems for their directories, answer. */
    return errno == EINVAL || errno == ENOTSUP || errno == EROFS ? 0 : errno;
}

int io_open(const char* path, io_handle* file) {
    /* Not blocking, so that a FIFO without a writer is waited for where a signal can end the waiting. */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) return errno;
    *file = descriptor;
    return 0;
}

void io_close(io_handle file) { (void)close((int)file); }

bool io_is_same_file(const char* one, const char* other) {
    struct stat first;
    struct stat second;
    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}
