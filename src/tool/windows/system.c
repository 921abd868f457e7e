/* SPDX-License-Identifier: MIT */
#include "../system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "errors.h"
#include "wide.h"

/* ---- Errors ---- */

/* Beyond every errno value. */
#define FIRST_OF_WINDOWS 0x10000

int error_of(unsigned long windows_error) {
    switch (windows_error) {
        case ERROR_SUCCESS: return 0;
        case ERROR_FILE_NOT_FOUND:
        case ERROR_PATH_NOT_FOUND:
        case ERROR_INVALID_NAME:
        case ERROR_BAD_PATHNAME: return ENOENT;
        case ERROR_DIRECTORY: return ENOTDIR;
        case ERROR_ACCESS_DENIED: return EACCES;
        case ERROR_FILE_EXISTS:
        case ERROR_ALREADY_EXISTS: return EEXIST;
        case ERROR_FILENAME_EXCED_RANGE: return ENAMETOOLONG;
        case ERROR_DISK_FULL:
        case ERROR_HANDLE_DISK_FULL: return ENOSPC;
        case ERROR_WRITE_PROTECT: return EROFS;
        case ERROR_INVALID_HANDLE: return EBADF;
        case ERROR_BROKEN_PIPE:
        case ERROR_NO_DATA:
        case ERROR_PIPE_NOT_CONNECTED: return EPIPE;
        case ERROR_OPERATION_ABORTED: return EINTR;
        case ERROR_NO_UNICODE_TRANSLATION: return EILSEQ;
        case ERROR_NOT_ENOUGH_MEMORY:
        case ERROR_OUTOFMEMORY:
        case ERROR_COMMITMENT_LIMIT:
        case ERROR_NO_SYSTEM_RESOURCES: return ENOMEM;
        default: return FIRST_OF_WINDOWS + (int)(windows_error & 0xffff);
    }
}

int last_error(void) { return error_of(GetLastError()); }

static void cut_end(wchar_t* text) {
    size_t size = wcslen(text);
    while (size > 0 && wcschr(L"\r\n .", text[size - 1]) != NULL) --size;
    text[size] = L'\0';
}

const char* system_error(int error) {
    static char text[1024];
    if (error < FIRST_OF_WINDOWS) return strerror(error);
    const DWORD number = (DWORD)(error - FIRST_OF_WINDOWS);
    wchar_t wide[300];
    const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    const DWORD size = FormatMessageW(flags, NULL, number, 0, wide, sizeof wide / sizeof *wide, NULL);
    if (size > 0) cut_end(wide);
    if (size == 0 || WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, sizeof text, NULL, NULL) == 0)
        (void)snprintf(text, sizeof text, "error %lu of Windows", number);
    return text;
}

/* ---- The process ---- */

int64_t system_now_ms(void) { return (int64_t)GetTickCount64(); }

void system_protect_memory(void) {
    /* No report of a crash, and so no dump in it, and no window that asks about one. */
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    /* What can be locked is limited by the working set. */
    const SIZE_T room = (SIZE_T)1024 * 1024;
    SIZE_T least, most;
    if (GetProcessWorkingSetSize(GetCurrentProcess(), &least, &most))
        (void)SetProcessWorkingSetSize(GetCurrentProcess(), least + room, most + room);
}

/* One that is not UTF-16 becomes one that is not UTF-8, which is refused where it is used. */
static char* argument_of(const wchar_t* wide) {
    static char not_utf8[] = "\xff";
    char* argument;
    switch (wide_to_utf8(wide, &argument)) {
        case 0: return argument;
        case EILSEQ: return not_utf8;
        default: return NULL;
    }
}

/* What is allocated here lives as long as the program. */
int wmain(int argc, wchar_t** wide) {
    char** argv = calloc((size_t)argc + 1, sizeof *argv);
    if (argv == NULL) return EXIT_FAILURE;
    for (int i = 0; i < argc; ++i) {
        argv[i] = argument_of(wide[i]);
        if (argv[i] == NULL) return EXIT_FAILURE;
    }
    return tool_main(argc, argv);
}
