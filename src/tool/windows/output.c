/* SPDX-License-Identifier: MIT
 *
 * Whoever reads FILE must never find it busy either. So once the key is in the new file, the only handle of
 * it is the one with the lock, which was opened to read and shares everything. */
#include "../output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "../io.h"
#include "../output_messages.h"
#include "../system.h"
#include "errors.h"
#include "private.h"
#include "wide.h"

#define SHARED_BY_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* That of the file systems. */
#define LONGEST_NAME 255

/* How long an old file that somebody has open, such as a virus scanner, is waited for. */
#define LONGEST_WAIT_MS 5000
#define WAIT_MS 20

/* How often a file that may not be opened is tried again: one that is removed refuses like that until the
 * last program has closed it. */
#define TRIES_OF_REFUSED 10

struct output {
    const char* path;
    size_t directory_size; /* that of the path up to the last part */
    wchar_t* target;       /* the full path */
    wchar_t* temporary;    /* the new file's */
    char temporary_name[NEW_NAME_SIZE];
    HANDLE writing; /* the new file, until it is written */
    HANDLE locking; /* it, too, until the end */
};

static bool fail(const struct output* output, struct report* report, const char* reason) {
    return output_fail(output->path, reason, report);
}

static bool fail_with(const struct output* output, struct report* report, int error) {
    return fail(output, report, system_error(error));
}

static void close_handle(HANDLE* handle) {
    if (*handle != INVALID_HANDLE_VALUE) (void)CloseHandle(*handle);
    *handle = INVALID_HANDLE_VALUE;
}

/* ---- What is there ---- */

static size_t size_of_directory(const char* path) {
    size_t size = 0;
    for (size_t i = 0; path[i] != '\0'; ++i) {
        const bool ends_drive = i == 1 && path[i] == ':';
        if (path[i] == '/' || path[i] == '\\' || ends_drive) size = i + 1;
    }
    return size;
}

static wchar_t* last_part(wchar_t* full) { return wcsrchr(full, L'\\') + 1; }

/* Some of them would find other files. */
static bool has_forbidden_character(const wchar_t* name) {
    for (; *name != L'\0'; ++name) {
        if (*name < L' ' || wcschr(L"<>\"|?*", *name) != NULL) return true;
    }
    return false;
}

/* Returns 0, or an error. */
static int look_at_directory(struct output* output) {
    wchar_t* name = last_part(output->target);
    if (wcslen(name) > LONGEST_NAME) return ENAMETOOLONG;
    /* A root keeps its backslash. */
    wchar_t* end = name - 2 > output->target && name[-2] != L':' ? name - 1 : name;
    const wchar_t cut = *end;
    *end = L'\0';
    const DWORD attributes = GetFileAttributesW(output->target);
    const int error = attributes == INVALID_FILE_ATTRIBUTES ? last_error() : 0;
    *end = cut;
    if (error != 0) return error;
    return (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? 0 : ENOTDIR;
}

/* A link, which the new file would replace; and not what is stored elsewhere, or in another way. */
static bool is_link(const WIN32_FIND_DATAW* file) {
    return (file->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 &&
           IsReparseTagNameSurrogate(file->dwReserved0);
}

/* What is open elsewhere is waited for. Nothing tells when it is closed. */
static HANDLE open_to_replace(const wchar_t* path) {
    for (int waited = 0;; waited += WAIT_MS) {
        const HANDLE opened =
            CreateFileW(path, DELETE, SHARED_BY_ALL, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
        const bool is_busy = opened == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION;
        if (!is_busy || waited >= LONGEST_WAIT_MS) return opened;
        Sleep(WAIT_MS);
    }
}

static const char not_regular[] = "it is not a regular file; - is standard output";

/* NULL, or why the new file could not take its place. */
static const char* why_not_replaceable(struct output* output, const WIN32_FIND_DATAW* file) {
    if (is_link(file))
        return "it is a symbolic link; name the file that it points to, or - for standard output";
    if ((file->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return system_error(EISDIR);
    if ((file->dwFileAttributes & FILE_ATTRIBUTE_READONLY) != 0) return "the file is read-only (see attrib)";
    const HANDLE opened = open_to_replace(output->target);
    if (opened == INVALID_HANDLE_VALUE) return system_error(last_error());
    const DWORD type = GetFileType(opened);
    (void)CloseHandle(opened);
    return type == FILE_TYPE_DISK ? NULL : not_regular;
}

/* The name as one for all its spellings: a file has a long and a short one, and lower case is upper case. */
static int make_temporary(struct output* output, const WIN32_FIND_DATAW* file) {
    wchar_t* name = last_part(output->target);
    wchar_t spelling[MAX_PATH];
    const wchar_t* spelt = file != NULL ? file->cFileName : name;
    if (wcslen(spelt) >= MAX_PATH) return ENAMETOOLONG;
    (void)CharUpperW(wcscpy(spelling, spelt));
    char* utf8;
    int error = wide_to_utf8(spelling, &utf8);
    if (error != 0) return error;
    output_new_name(utf8, output->temporary_name);
    free(utf8);
    const size_t directory = (size_t)(name - output->target);
    output->temporary = malloc((directory + NEW_NAME_SIZE) * sizeof *output->temporary);
    if (output->temporary == NULL) return ENOMEM;
    wmemcpy(output->temporary, output->target, directory);
    for (size_t i = 0; i < NEW_NAME_SIZE; ++i)
        output->temporary[directory + i] = (wchar_t)output->temporary_name[i];
    return 0;
}

static bool look(struct output* output, struct report* report) {
    int error = wide_path(output->path, &output->target);
    if (error != 0) return fail_with(output, report, error);
    if (wcsncmp(output->target, L"\\\\.\\", 4) == 0) {
        return fail(output, report, not_regular);
    }
    if (wcschr(last_part(output->target), L':') != NULL) {
        return fail(output, report, "it is a part of a file, a stream, and cannot be replaced alone");
    }
    if (has_forbidden_character(last_part(output->target))) {
        return fail(output, report,
                    "no file's name can have control characters or one of < > \" | ? * in it");
    }
    error = look_at_directory(output);
    if (error != 0) return fail_with(output, report, error);
    WIN32_FIND_DATAW file;
    const HANDLE search = FindFirstFileW(output->target, &file);
    const bool exists = search != INVALID_HANDLE_VALUE;
    if (!exists && last_error() != ENOENT) return fail_with(output, report, last_error());
    if (exists) {
        (void)FindClose(search);
        const char* why_not = why_not_replaceable(output, &file);
        if (why_not != NULL) return fail(output, report, why_not);
    }
    error = make_temporary(output, exists ? &file : NULL);
    return error == 0 || fail_with(output, report, error);
}

bool output_open(struct output** opened, const char* path, struct report* report) {
    struct output* output = malloc(sizeof *output);
    *opened = output;
    if (output == NULL) return output_fail(path, system_error(ENOMEM), report);
    *output = (struct output){
        .path = path,
        .directory_size = size_of_directory(path),
        .writing = INVALID_HANDLE_VALUE,
        .locking = INVALID_HANDLE_VALUE,
    };
    if (path[output->directory_size] == '\0') return fail(output, report, "it names no file");
    return look(output, report);
}

bool output_is_in_place(const struct output* output) {
    (void)output;
    return false; /* no single file is mounted here */
}

/* ---- The lock ----
 *
 * On a byte that no file has, so that it keeps nobody from reading. */

static int lock(HANDLE file) {
    OVERLAPPED place = {.OffsetHigh = 0x40000000};
    const DWORD flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
    if (LockFileEx(file, flags, 0, 1, 0, &place)) return 0;
    const DWORD error = GetLastError();
    return error == ERROR_LOCK_VIOLATION || error == ERROR_IO_PENDING ? EAGAIN : error_of(error);
}

static bool is_same(HANDLE one, HANDLE other) {
    BY_HANDLE_FILE_INFORMATION first;
    BY_HANDLE_FILE_INFORMATION second;
    return GetFileInformationByHandle(one, &first) && GetFileInformationByHandle(other, &second) &&
           first.dwVolumeSerialNumber == second.dwVolumeSerialNumber &&
           first.nFileIndexHigh == second.nFileIndexHigh && first.nFileIndexLow == second.nFileIndexLow;
}

/* Whether the name still belongs to the file that is open: a run that ends renames or removes it. */
static bool has_name(const struct output* output, HANDLE opened) {
    HANDLE named = CreateFileW(output->temporary, 0, SHARED_BY_ALL, NULL, OPEN_EXISTING,
                               FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    const bool result = named != INVALID_HANDLE_VALUE && is_same(opened, named);
    close_handle(&named);
    return result;
}

static int remove_opened(HANDLE file) {
    FILE_DISPOSITION_INFO remove = {.DeleteFile = TRUE};
    return SetFileInformationByHandle(file, FileDispositionInfo, &remove, sizeof remove) ? 0 : last_error();
}

enum attempt { DONE, AGAIN, REFUSED, FAILED };

/* The new file is always one that this run has made: one that lay there may be somebody else's. */
static enum attempt make_new_file(struct output* output, struct report* report) {
    SECURITY_ATTRIBUTES private_alone = {.nLength = sizeof private_alone};
    int error = make_private(&private_alone.lpSecurityDescriptor);
    if (error != 0) {
        (void)fail_with(output, report, error);
        return FAILED;
    }
    output->writing = CreateFileW(output->temporary, GENERIC_READ | GENERIC_WRITE, SHARED_BY_ALL,
                                  &private_alone, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    error = output->writing == INVALID_HANDLE_VALUE ? last_error() : 0;
    (void)LocalFree(private_alone.lpSecurityDescriptor);
    if (error == EEXIST) return AGAIN;
    if (error != 0) {
        (void)fail_with(output, report, error);
        return error == EACCES ? REFUSED : FAILED;
    }
    output->locking = CreateFileW(output->temporary, GENERIC_READ, SHARED_BY_ALL, NULL, OPEN_EXISTING,
                                  FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    const bool is_mine = output->locking != INVALID_HANDLE_VALUE && is_same(output->writing, output->locking);
    /* Where files cannot be locked, that the file exists is all the lock there is. */
    if (is_mine && lock(output->locking) != EAGAIN && has_name(output, output->locking)) return DONE;
    /* Another run took it for left behind, before it was locked: that run goes on, this one looks anew. */
    close_handle(&output->locking);
    close_handle(&output->writing);
    return AGAIN;
}

/* The name is taken: by a run that is at work, which ends this one, or by one that was killed. */
static enum attempt remove_left_behind(const struct output* output, struct report* report) {
    HANDLE file = CreateFileW(output->temporary, GENERIC_READ | DELETE, SHARED_BY_ALL, NULL, OPEN_EXISTING,
                              FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    int error = file == INVALID_HANDLE_VALUE ? last_error() : lock(file);
    enum attempt result = AGAIN;
    if (error == EAGAIN) {
        (void)output_fail_busy(output->path, 0, report);
        result = FAILED;
    } else if (error == 0 && has_name(output, file)) {
        error = remove_opened(file);
    }
    if (error != 0 && error != EAGAIN && error != ENOENT) {
        (void)output_fail_in_the_way(output->path, output->directory_size, output->temporary_name, error,
                                     report);
        result = error == EACCES ? REFUSED : FAILED;
    }
    close_handle(&file);
    return result;
}

static bool lock_new_file(struct output* output, struct report* report) {
    int refused = 0;
    /* Each further turn means that another run came or went in between. */
    for (int turns = 0; turns < 100; ++turns) {
        enum attempt result = make_new_file(output, report);
        if (result == AGAIN) result = remove_left_behind(output, report);
        if (result == DONE)
            report->exit_code = EXIT_DONE; /* an attempt before may have told of its failure */
        if (result == REFUSED && ++refused < TRIES_OF_REFUSED) {
            Sleep(WAIT_MS);
        } else if (result != AGAIN) {
            return result == DONE;
        }
    }
    return output_fail_busy(output->path, 0, report);
}

/* ---- Writing ---- */

/* From the beginning, and cuts what is behind it. */
static int write_from_beginning(HANDLE file, const char* bytes, size_t size) {
    const LARGE_INTEGER beginning = {.QuadPart = 0};
    if (!SetFilePointerEx(file, beginning, NULL, FILE_BEGIN)) return last_error();
    const int error = io_write_all((io_handle)file, bytes, size);
    if (error != 0) return error;
    if (!SetEndOfFile(file)) return last_error();
    return io_sync((io_handle)file);
}

bool output_reserve(struct output* output, struct report* report) {
    if (!lock_new_file(output, report)) return false;
    /* A disk that is full says so now, and not when there is a key. */
    static const char room[KEY_CAPACITY];
    const int error = write_from_beginning(output->writing, room, sizeof room);
    return error == 0 || fail_with(output, report, error);
}

bool output_read(struct output* output, struct secret* into, bool* exists, struct report* report) {
    io_handle file;
    int error = io_open(output->path, &file);
    *exists = error != ENOENT;
    if (error != 0) return !*exists || output_fail_to_read(output->path, error, report);
    bool end = false;
    while (error == 0 && !end) error = io_read_some(file, into, &end);
    io_close(file);
    return error == 0 || output_fail_to_read(output->path, error, report);
}

/* A file that somebody has open without letting it go is not replaced; nothing tells when it is closed. */
static int give_name(struct output* output) {
    for (int waited = 0;; waited += WAIT_MS) {
        const DWORD how = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
        if (MoveFileExW(output->temporary, output->target, how)) return 0;
        const DWORD error = GetLastError();
        const DWORD attributes = GetFileAttributesW(output->target);
        if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
            return EISDIR;
        if ((error != ERROR_ACCESS_DENIED && error != ERROR_SHARING_VIOLATION) || waited >= LONGEST_WAIT_MS)
            return error_of(error);
        Sleep(WAIT_MS);
    }
}

int output_commit(struct output* output, const char* line, size_t size) {
    int error = write_from_beginning(output->writing, line, size);
    close_handle(&output->writing);
    if (error == 0) error = give_name(output);
    if (error == 0) close_handle(&output->locking); /* nothing is left to remove */
    return error;
}

void output_close(struct output* output) {
    if (output == NULL) return;
    close_handle(&output->writing);
    if (output->locking != INVALID_HANDLE_VALUE) (void)DeleteFileW(output->temporary);
    close_handle(&output->locking);
    free(output->temporary);
    free(output->target);
    free(output);
}
