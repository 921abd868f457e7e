/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* getentropy */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <sys/random.h>
#endif

#include "io.h"

static bool fail(const struct output* output, struct report* report, const char* reason) {
    return report_fail(report, EXIT_USAGE,
                       "The key could not be written to %s: %s. " NOTHING_SENT
                       " Choose another place for --output.",
                       output->path, reason);
}

static int open_directory_of(const char* path, const char* name) {
    /* Everything up to the last slash, the slash included, which is right for "/" too. */
    char* directory = name == path ? strdup(".") : strndup(path, (size_t)(name - path));
    if (directory == NULL) return -1;
    const int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int error = errno;
    free(directory);
    errno = error;
    return descriptor;
}

/* Whether a rename may take the place of what is there: a sticky directory, such as /tmp, protects the
 * files of others. */
static bool is_protected(const struct stat* directory, const struct stat* file) {
    const uid_t user = geteuid();
    return (directory->st_mode & S_ISVTX) != 0 && user != 0 && file->st_uid != user &&
           directory->st_uid != user;
}

/* NULL, or why the name cannot be given to a new file. */
static const char* why_not_replaceable(const struct output* output) {
    struct stat directory;
    struct stat file;
    if (fstat(output->directory, &directory) != 0) return strerror(errno);
    if (fstatat(output->directory, output->name, &file, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? NULL : strerror(errno);
    }
    /* The rename would replace the link or the device, which is hardly what was meant. */
    if (S_ISLNK(file.st_mode)) return "it is a symbolic link; name the file that it points to";
    if (S_ISDIR(file.st_mode)) return strerror(EISDIR);
    if (!S_ISREG(file.st_mode)) return "it is not a regular file";
    if (is_protected(&directory, &file)) return "another user's file in a directory that protects it";
    return NULL;
}

bool output_open(struct output* output, const char* path, struct report* report) {
    const char* slash = strrchr(path, '/');
    output->path = path;
    output->name = slash != NULL ? slash + 1 : path;
    if (*output->name == '\0') return fail(output, report, "it names no file");
    output->directory = open_directory_of(path, output->name);
    if (output->directory < 0) return fail(output, report, strerror(errno));
    const char* why_not = why_not_replaceable(output);
    return why_not == NULL || fail(output, report, why_not);
}

static int create_temporary(struct output* output) {
    uint64_t random;
    if (getentropy(&random, sizeof random) != 0) return errno;
    (void)snprintf(output->temporary, sizeof output->temporary, ".mbv-%016" PRIx64, random);
    output->file = openat(output->directory, output->temporary,
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (output->file < 0) {
        const int error = errno;
        output->temporary[0] = '\0';
        return error;
    }
    /* The umask may have taken even the owner's rights. */
    return fchmod(output->file, S_IRUSR | S_IWUSR) == 0 ? 0 : errno;
}

/* A disk that is full says so now, and not when there is a key. */
static int reserve_room(int file) {
    const int error = posix_fallocate(file, 0, KEY_CAPACITY);
    return error == EINVAL || error == EOPNOTSUPP ? 0 : error; /* a file system that cannot */
}

bool output_reserve(struct output* output, struct report* report) {
    int error = create_temporary(output);
    if (error == 0) error = reserve_room(output->file);
    return error == 0 || fail(output, report, strerror(error));
}

int output_commit(struct output* output, const char* line, size_t size) {
    int error = io_write_all(output->file, line, size);
    if (error != 0) return error;
    if (ftruncate(output->file, (off_t)size) != 0) return errno; /* gives back what was reserved */
    error = io_sync(output->file);
    if (error != 0) return error;
    if (renameat(output->directory, output->temporary, output->directory, output->name) != 0) return errno;
    output->temporary[0] = '\0';
    return io_sync(output->directory); /* the new name, too */
}

void output_close(struct output* output) {
    if (output->temporary[0] != '\0') (void)unlinkat(output->directory, output->temporary, 0);
    if (output->file >= 0) (void)close(output->file);
    if (output->directory >= 0) (void)close(output->directory);
    *output = (struct output)OUTPUT_CLOSED;
}
