/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* fallocate, and where libc has it struct statx */
#include "../output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
/* musl has struct statx from 1.2.5 on, and of these names none; before, only the kernel's header has it. */
#if !defined(STATX_TYPE) && defined(__has_include)
#if __has_include(<linux/stat.h>)
#include <linux/stat.h>
#endif
#endif
#if !defined(STATX_ATTR_IMMUTABLE)
#define STATX_ATTR_IMMUTABLE 0x10
#define STATX_ATTR_APPEND 0x20
#endif
#if !defined(STATX_ATTR_MOUNT_ROOT) /* Linux 5.8 */
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif
#endif

#include "../io.h"
#include "../output_messages.h"

struct output {
    const char* path;
    const char* name;              /* the last part of path */
    int directory;                 /* the one that the name is in */
    int file;                      /* the new file; with in_place, the one that has the name */
    bool in_place;                 /* a mount point: its content can be replaced, but not its name */
    char temporary[NEW_NAME_SIZE]; /* the new file's name; empty when it does not exist */
};

static bool fail(const struct output* output, struct report* report, const char* reason) {
    return output_fail(output->path, reason, report);
}

/* ---- What is there ---- */

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

/* What stat does not tell. Where the system or its file system does not tell it either, nothing is set. */
struct attributes {
    bool immutable;
    bool append_only;
    bool mount_point;
};

static struct attributes attributes_of(int directory, const char* name) {
    struct attributes result = {0};
#if defined(SYS_statx) && defined(STATX_TYPE)
    struct statx file;
    if (syscall(SYS_statx, directory, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, 0, &file) != 0)
        return result;
    const uint64_t known = file.stx_attributes & file.stx_attributes_mask;
    result.immutable = (known & STATX_ATTR_IMMUTABLE) != 0;
    result.append_only = (known & STATX_ATTR_APPEND) != 0;
    result.mount_point = (known & STATX_ATTR_MOUNT_ROOT) != 0;
#else
    (void)directory;
    (void)name;
#endif
    return result;
}

/* Whether a rename may take the place of what is there: a sticky directory, such as /tmp, protects the
 * files of others. */
static bool is_protected(const struct stat* directory, const struct stat* file) {
    const uid_t user = geteuid();
    return (directory->st_mode & S_ISVTX) != 0 && user != 0 && file->st_uid != user &&
           directory->st_uid != user;
}

/* NULL, or why no key can be written there. */
static const char* why_not_writable(struct output* output) {
    const struct attributes above = attributes_of(output->directory, "");
    const struct attributes own = attributes_of(output->directory, output->name);
    struct stat directory;
    struct stat file;
    if (fstat(output->directory, &directory) != 0) return strerror(errno);
    const bool exists = fstatat(output->directory, output->name, &file, AT_SYMLINK_NOFOLLOW) == 0;
    if (!exists && errno != ENOENT) return strerror(errno);
    if (exists) {
        /* The rename would replace the link or the device, which is hardly what was meant. */
        if (S_ISLNK(file.st_mode)) {
            return "it is a symbolic link; name the file that it points to, or - for standard output";
        }
        if (S_ISDIR(file.st_mode)) return strerror(EISDIR);
        if (!S_ISREG(file.st_mode)) return "it is not a regular file; - is standard output";
        if (own.immutable) return "the file is immutable (see chattr)";
        if (own.append_only) return "the file is append-only (see chattr)";
    }
    output->in_place = exists && own.mount_point;
    if (output->in_place) return NULL;
    if (above.immutable) return "its directory is immutable (see chattr)";
    if (above.append_only) return "its directory is append-only (see chattr)";
    if (exists && is_protected(&directory, &file)) {
        return "another user's file in a directory that protects it";
    }
    return NULL;
}

bool output_open(struct output** opened, const char* path, struct report* report) {
    struct output* output = malloc(sizeof *output);
    *opened = output;
    if (output == NULL) return output_fail(path, strerror(ENOMEM), report);
    const char* slash = strrchr(path, '/');
    *output =
        (struct output){.path = path, .name = slash != NULL ? slash + 1 : path, .directory = -1, .file = -1};
    if (*output->name == '\0') return fail(output, report, "it names no file");
    output->directory = open_directory_of(path, output->name);
    if (output->directory < 0) return fail(output, report, strerror(errno));
    const char* why_not = why_not_writable(output);
    return why_not == NULL || fail(output, report, why_not);
}

bool output_is_in_place(const struct output* output) { return output->in_place; }

/* ---- The lock ----
 *
 * POSIX's own record locks: they tell who holds one, and hold between the machines that share a directory
 * by NFS. Such a lock is lost when its process closes any descriptor of the file, so none but output->file
 * is ever opened for it after it is locked. */

/* Returns 0, EAGAIN when another process has the lock, or the errno value of a system that cannot lock. */
static int lock(int file) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(file, F_SETLK, &whole) == 0) return 0;
    return errno == EACCES ? EAGAIN : errno;
}

/* The process that has the lock; 0 when it cannot be told (it ended, or runs on another machine). */
static pid_t holder_of(int file) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(file, F_GETLK, &whole) != 0 || whole.l_type == F_UNLCK || whole.l_pid < 0) return 0;
    return whole.l_pid;
}

/* Whether the name still belongs to the file that is open: a run that ends renames or removes it. */
static bool has_name(const struct output* output, int file, const char* name) {
    struct stat opened;
    struct stat named;
    return fstat(file, &opened) == 0 && fstatat(output->directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

enum attempt { DONE, AGAIN, FAILED };

/* The new file is always one that this run has made: one that lay there may be somebody else's. */
static enum attempt make_new_file(struct output* output, const char* name, struct report* report) {
    const int file = openat(output->directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                            S_IRUSR | S_IWUSR);
    if (file < 0) {
        if (errno == EEXIST) return AGAIN;
        (void)fail(output, report, strerror(errno));
        return FAILED;
    }
    /* Where files cannot be locked, that the file exists is all the lock there is. */
    const int error = lock(file);
    if (error == EAGAIN || !has_name(output, file, name)) {
        /* Another run took it for left behind, before it was locked: that run goes on, this one looks anew.
         */
        (void)close(file);
        return AGAIN;
    }
    output->file = file;
    (void)snprintf(output->temporary, sizeof output->temporary, "%s", name);
    return DONE;
}

static enum attempt fail_in_the_way(const struct output* output, const char* name, int error,
                                    struct report* report) {
    (void)output_fail_in_the_way(output->path, (size_t)(output->name - output->path), name, error, report);
    return FAILED;
}

/* The name is taken: by a run that is at work, which ends this one, or by one that was killed. */
static enum attempt remove_left_behind(const struct output* output, const char* name, struct report* report) {
    const int file = openat(output->directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0) return errno == ENOENT ? AGAIN : fail_in_the_way(output, name, errno, report);
    enum attempt result = AGAIN;
    const int error = lock(file);
    if (error == EAGAIN) {
        (void)output_fail_busy(output->path, holder_of(file), report);
        result = FAILED;
    } else if (error != 0) {
        result = fail_in_the_way(output, name, error, report);
    } else if (has_name(output, file, name) && unlinkat(output->directory, name, 0) != 0) {
        result = fail_in_the_way(output, name, errno, report);
    }
    (void)close(file);
    return result;
}

static bool lock_new_file(struct output* output, struct report* report) {
    char name[NEW_NAME_SIZE];
    output_new_name(output->name, name);
    /* Each further turn means that another run came or went in between. */
    for (int turns = 0; turns < 100; ++turns) {
        enum attempt result = make_new_file(output, name, report);
        if (result == AGAIN) result = remove_left_behind(output, name, report);
        if (result != AGAIN) return result == DONE;
    }
    return output_fail_busy(output->path, 0, report);
}

/* ---- Before anything is sent ---- */

static bool reserve_new_file(struct output* output, struct report* report) {
    if (!lock_new_file(output, report)) return false;
    /* The umask may have taken even the owner's rights. */
    if (fchmod(output->file, S_IRUSR | S_IWUSR) != 0) return fail(output, report, strerror(errno));
    /* A disk that is full says so now, and not when there is a key. */
    const int error = posix_fallocate(output->file, 0, KEY_CAPACITY);
    if (error == 0 || error == EINVAL || error == EOPNOTSUPP) return true; /* a file system that cannot */
    return fail(output, report, strerror(error));
}

static int open_in_place(struct output* output) {
    const int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    output->file = openat(output->directory, output->name, O_RDWR | flags);
    /* One that may be written and not read; output_read tells whom that disturbs. */
    if (output->file < 0 && errno == EACCES)
        output->file = openat(output->directory, output->name, O_WRONLY | flags);
    if (output->file < 0) return errno;
    struct stat file;
    if (fstat(output->file, &file) != 0) return errno;
    return S_ISREG(file.st_mode) ? 0 : EINVAL;
}

static void warn_if_others_can_read(const struct output* output) {
    struct stat file;
    if (fstat(output->file, &file) != 0 || (file.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
    char warning[4352];
    (void)snprintf(
        warning, sizeof warning,
        "warning: %s is a mount point, so its mode (%03o) stays, and lets other users read the key.",
        output->path, (unsigned)(file.st_mode & 0777));
    report_sentence(warning);
}

static bool reserve_in_place(struct output* output, struct report* report) {
    int error = open_in_place(output);
    if (error != 0) return fail(output, report, strerror(error));
    if (lock(output->file) == EAGAIN) return output_fail_busy(output->path, holder_of(output->file), report);
#if defined(FALLOC_FL_KEEP_SIZE)
    /* Room on the disk, with the old content as it is. */
    error = fallocate(output->file, FALLOC_FL_KEEP_SIZE, 0, KEY_CAPACITY) == 0 ? 0 : errno;
    if (error != 0 && error != EINVAL && error != EOPNOTSUPP && error != ENOSYS) {
        return fail(output, report, strerror(error));
    }
#endif
    warn_if_others_can_read(output);
    return true;
}

bool output_reserve(struct output* output, struct report* report) {
    return output->in_place ? reserve_in_place(output, report) : reserve_new_file(output, report);
}

/* ---- What the file has now ---- */

static int read_whole(int file, struct secret* into) {
    bool end = false;
    int error = 0;
    while (error == 0 && !end) error = io_read_some(file, into, &end);
    return error;
}

static int read_beside(const struct output* output, struct secret* into, bool* exists) {
    const int file =
        openat(output->directory, output->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    *exists = file >= 0 || errno != ENOENT;
    if (file < 0) return *exists ? errno : 0;
    const int error = read_whole(file, into);
    (void)close(file);
    return error;
}

bool output_read(struct output* output, struct secret* into, bool* exists, struct report* report) {
    *exists = true;
    /* In place it is the locked file, and to close another descriptor of it would end the lock. */
    const int error = output->in_place ? read_whole(output->file, into) : read_beside(output, into, exists);
    if (error == 0 && output->in_place && lseek(output->file, 0, SEEK_SET) != 0)
        return fail(output, report, strerror(errno));
    return error == 0 || output_fail_to_read(output->path, error, report);
}

/* ---- When there is a key ---- */

/* A file keeps nobody waiting: no signal ends it. */
static int write_all(int file, const char* bytes, size_t size) {
    while (size > 0) {
        const ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR) return errno;
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

/* Cuts after writing: a reader in between, or after a crash, finds the whole key in the first line. */
static int write_line(int file, const char* line, size_t size) {
    int error = write_all(file, line, size);
    if (error == 0 && ftruncate(file, (off_t)size) != 0) error = errno;
    return error != 0 ? error : io_sync(file);
}

static int rename_new_file(struct output* output) {
    if (renameat(output->directory, output->temporary, output->directory, output->name) != 0) return errno;
    output->temporary[0] = '\0';
    return io_sync(output->directory); /* the new name, too */
}

/* Something was mounted there in the meantime, or the system could not tell that it was. */
static int write_in_place_instead(struct output* output, const char* line, size_t size) {
    const int file = output->file;
    int error = open_in_place(output);
    if (error == 0) error = write_line(output->file, line, size);
    if (output->file >= 0) (void)close(output->file);
    output->file = file;
    return error;
}

int output_commit(struct output* output, const char* line, size_t size) {
    int error = write_line(output->file, line, size);
    if (error != 0 || output->in_place) return error;
    error = rename_new_file(output);
    return error == EBUSY ? write_in_place_instead(output, line, size) : error;
}

void output_close(struct output* output) {
    if (output == NULL) return;
    if (output->temporary[0] != '\0') (void)unlinkat(output->directory, output->temporary, 0);
    if (output->file >= 0) (void)close(output->file);
    if (output->directory >= 0) (void)close(output->directory);
    free(output);
}
