/* SPDX-License-Identifier: MIT
 *
 * Runs a command and tells what it cost:
 *   measure DESCRIPTOR COMMAND ARGUMENTS...
 * writes wall-clock and CPU nanoseconds and the peak resident KiB to DESCRIPTOR, and ends with the command's
 * status. A process's peak begins with that of the process which started it: so this is a small one. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long nanoseconds(struct timeval time) { return (time.tv_sec * 1000000LL + time.tv_usec) * 1000; }

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const int report = atoi(argv[1]);
    fcntl(report, F_SETFD, FD_CLOEXEC);
    const long long begin = now();
    const pid_t process = fork();
    if (process == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (process < 0 || wait4(process, &status, 0, &usage) != process) return 126;
    const long long wall = now() - begin;
    dprintf(report, "%lld %lld %ld\n", wall, nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
            usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
