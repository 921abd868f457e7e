/* SPDX-License-Identifier: MIT */
#include "../io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <winternl.h>

#include "errors.h"
#include "interrupt.h"
#include "wide.h"

#define SHARED_BY_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static HANDLE handle_of(io_handle handle) { return (HANDLE)handle; }

static const DWORD standard_handles[] = {
    [IO_INPUT] = STD_INPUT_HANDLE,
    [IO_OUTPUT] = STD_OUTPUT_HANDLE,
    [IO_ERROR] = STD_ERROR_HANDLE,
};

void io_prepare(void) {
    for (size_t i = 0; i < sizeof standard_handles / sizeof *standard_handles; ++i) {
        /* A number that is no handle now may be one of the next file. */
        DWORD flags;
        if (!GetHandleInformation(GetStdHandle(standard_handles[i]), &flags))
            (void)SetStdHandle(standard_handles[i], INVALID_HANDLE_VALUE);
    }
}

io_handle io_standard(enum io_standard stream) { return (io_handle)GetStdHandle(standard_handles[stream]); }

bool io_is_terminal(io_handle handle) {
    DWORD mode;
    return GetConsoleMode(handle_of(handle), &mode) != 0;
}

/* ---- Whether it can be written ----
 *
 * To be asked, not tried: who reads a pipe takes a write of no bytes for its end. */

/* As the system has it; winternl.h leaves it out. */
struct pipe_state {
    ULONG type, configuration, most_instances, instances;
    ULONG inbound_quota, readable, outbound_quota, writable;
    ULONG state, end;
};
#define PIPE_CONNECTED 3

static bool is_opened_for_writing(HANDLE handle) {
    PUBLIC_OBJECT_BASIC_INFORMATION facts;
    const NTSTATUS status = NtQueryObject(handle, ObjectBasicInformation, &facts, sizeof facts, NULL);
    return !NT_SUCCESS(status) || (facts.GrantedAccess & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
}

static bool has_reader(HANDLE pipe) {
    struct pipe_state facts;
    IO_STATUS_BLOCK done;
    const NTSTATUS status =
        NtQueryInformationFile(pipe, &done, &facts, sizeof facts, FilePipeLocalInformation);
    return !NT_SUCCESS(status) || facts.state == PIPE_CONNECTED;
}

int io_check_writable(io_handle handle) {
    SetLastError(ERROR_SUCCESS);
    const DWORD type = GetFileType(handle_of(handle));
    if (type == FILE_TYPE_UNKNOWN) return GetLastError() != ERROR_SUCCESS ? last_error() : EBADF;
    if (!is_opened_for_writing(handle_of(handle))) return EBADF;
    return type == FILE_TYPE_PIPE && !has_reader(handle_of(handle)) ? EPIPE : 0;
}

/* ---- Reading and writing ---- */

/* In memory of its own, since a thread may be left with it. */
struct transfer {
    HANDLE handle;
    char* bytes;
    size_t size;
    size_t done;
};

/* A pipe gives nothing at its end, but also when somebody has written nothing. */
static bool goes_on(HANDLE handle) {
    return GetFileType(handle) == FILE_TYPE_PIPE && PeekNamedPipe(handle, NULL, 0, NULL, NULL, NULL);
}

static int read_once(void* argument) {
    struct transfer* transfer = argument;
    DWORD got = 0;
    do {
        if (!ReadFile(transfer->handle, transfer->bytes, (DWORD)transfer->size, &got, NULL)) {
            const DWORD error = GetLastError();
            return error == ERROR_BROKEN_PIPE || error == ERROR_HANDLE_EOF ? 0 : error_of(error);
        }
    } while (got == 0 && goes_on(transfer->handle));
    transfer->done = got;
    return 0;
}

static int write_once(void* argument) {
    struct transfer* transfer = argument;
    DWORD written = 0;
    if (!WriteFile(transfer->handle, transfer->bytes, (DWORD)transfer->size, &written, NULL))
        return last_error();
    transfer->done = written;
    return 0;
}

/* A file keeps nobody waiting. */
static int do_transfer(struct transfer facts, blocking_function* function, size_t* done) {
    if (GetFileType(facts.handle) == FILE_TYPE_DISK) {
        const int error = function(&facts);
        *done = facts.done;
        return error;
    }
    struct transfer* transfer = malloc(sizeof *transfer);
    if (transfer == NULL) return ENOMEM;
    *transfer = facts;
    int is_left;
    const int error = do_interruptibly(function, transfer, &is_left);
    if (is_left) return error;
    *done = transfer->done;
    free(transfer);
    return error;
}

int io_read_some(io_handle handle, struct secret* into, bool* end) {
    size_t got = 0;
    *end = into->size == into->capacity;
    if (*end) return 0;
    const struct transfer transfer = {handle_of(handle), into->bytes + into->size,
                                      into->capacity - into->size, 0};
    const int error = do_transfer(transfer, read_once, &got);
    into->size += got;
    *end = got == 0;
    return error;
}

/* How many of the bytes are whole characters of UTF-8, if the text goes on behind them. */
static size_t whole_characters(const char* bytes, size_t size) {
    size_t whole = size;
    while (whole > 0 && size - whole < 3 && ((unsigned char)bytes[whole] & 0xc0) == 0x80) --whole;
    return whole > 0 ? whole : size;
}

/* A console takes UTF-16, whatever its code page is. */
static int write_to_console(HANDLE console, const char* bytes, size_t size) {
    wchar_t wide[1024];
    int error = 0;
    while (size > 0 && error == 0) {
        const size_t most = sizeof wide / sizeof *wide;
        const size_t piece = size <= most ? size : whole_characters(bytes, most);
        const int count = MultiByteToWideChar(CP_UTF8, 0, bytes, (int)piece, wide, (int)most);
        DWORD written;
        if (count == 0 || !WriteConsoleW(console, wide, (DWORD)count, &written, NULL)) error = last_error();
        bytes += piece;
        size -= piece;
    }
    (void)SecureZeroMemory(wide, sizeof wide); /* it may have been a key */
    return error;
}

int io_write_all(io_handle handle, const char* bytes, size_t size) {
    if (io_is_terminal(handle)) return write_to_console(handle_of(handle), bytes, size);
    while (size > 0) {
        /* WriteFile's argument lacks a const that it keeps. */
        const struct transfer transfer = {handle_of(handle), (char*)(uintptr_t)bytes, size, 0};
        size_t written = 0;
        const int error = do_transfer(transfer, write_once, &written);
        if (error != 0) return error;
        bytes += written;
        size -= written;
    }
    return 0;
}

int io_sync(io_handle handle) {
    /* With a pipe it would wait for the reader. */
    if (GetFileType(handle_of(handle)) != FILE_TYPE_DISK || FlushFileBuffers(handle_of(handle))) return 0;
    /* What may only be appended to may not be flushed either. */
    const int error = last_error();
    return error == EACCES ? 0 : error;
}

/* ---- Files ---- */

static bool is_directory(const wchar_t* path) {
    const DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

int io_open(const char* path, io_handle* file) {
    wchar_t* wide;
    int error = wide_path(path, &wide);
    if (error != 0) return error;
    const HANDLE opened = CreateFileW(wide, GENERIC_READ, SHARED_BY_ALL, NULL, OPEN_EXISTING, 0, NULL);
    *file = (io_handle)opened;
    if (opened == INVALID_HANDLE_VALUE) error = last_error();
    if (error == EACCES && is_directory(wide)) error = EISDIR;
    free(wide);
    return error;
}

void io_close(io_handle file) { (void)CloseHandle(handle_of(file)); }

/* Whether it exists, and which it is. */
static bool identify(const char* path, BY_HANDLE_FILE_INFORMATION* facts) {
    wchar_t* wide;
    if (wide_path(path, &wide) != 0) return false;
    const HANDLE file =
        CreateFileW(wide, 0, SHARED_BY_ALL, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    free(wide);
    const bool is_known = file != INVALID_HANDLE_VALUE && GetFileInformationByHandle(file, facts);
    if (file != INVALID_HANDLE_VALUE) (void)CloseHandle(file);
    return is_known;
}

bool io_is_same_file(const char* one, const char* other) {
    BY_HANDLE_FILE_INFORMATION first;
    BY_HANDLE_FILE_INFORMATION second;
    return identify(one, &first) && identify(other, &second) &&
           first.dwVolumeSerialNumber == second.dwVolumeSerialNumber &&
           first.nFileIndexHigh == second.nFileIndexHigh && first.nFileIndexLow == second.nFileIndexLow;
}
