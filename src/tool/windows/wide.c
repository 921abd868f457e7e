/* SPDX-License-Identifier: MIT */
#include "wide.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <windows.h>

#include "errors.h"

/* Where an absolute path gets longer than this, Windows takes it only with its prefix for long ones. Room is
 * left for the name of a file beside it. */
#define SHORT_PATH (MAX_PATH - 40)

static int convert(const char* utf8, wchar_t** wide) {
    const int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, NULL, 0);
    if (size == 0) return EILSEQ;
    *wide = malloc((size_t)size * sizeof **wide);
    if (*wide == NULL) return ENOMEM;
    (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, *wide, size);
    return 0;
}

/* The path with the prefix that lets it be long. */
static wchar_t* lengthen(const wchar_t* full) {
    const bool is_share = wcsncmp(full, L"\\\\", 2) == 0;
    const wchar_t* prefix = is_share ? L"\\\\?\\UNC\\" : L"\\\\?\\";
    const wchar_t* rest = is_share ? full + 2 : full;
    wchar_t* path = malloc((wcslen(prefix) + wcslen(rest) + 1) * sizeof *path);
    if (path != NULL) (void)wcscat(wcscpy(path, prefix), rest);
    return path;
}

static int make_full(const wchar_t* given, wchar_t** full) {
    const DWORD size = GetFullPathNameW(given, 0, NULL, NULL);
    if (size == 0) return last_error();
    wchar_t* path = malloc(size * sizeof *path);
    if (path == NULL) return ENOMEM;
    const DWORD length = GetFullPathNameW(given, size, path, NULL);
    if (length == 0 || length >= size) {
        const int error = length == 0 ? last_error() : ENAMETOOLONG;
        free(path);
        return error;
    }
    *full = path;
    return 0;
}

int wide_path(const char* path, wchar_t** wide) {
    if (*path == '\0') return ENOENT;
    wchar_t* given = NULL;
    int error = convert(path, &given);
    if (error != 0) return error;
    error = make_full(given, wide);
    free(given);
    const bool is_device = error == 0 && wcsncmp(*wide, L"\\\\.\\", 4) == 0;
    const bool has_prefix = error == 0 && wcsncmp(*wide, L"\\\\?\\", 4) == 0;
    if (error != 0 || wcslen(*wide) < SHORT_PATH || is_device || has_prefix) return error;
    wchar_t* long_path = lengthen(*wide);
    free(*wide);
    *wide = long_path;
    return long_path != NULL ? 0 : ENOMEM;
}

int wide_to_utf8(const wchar_t* wide, char** utf8) {
    const int size = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, NULL, 0, NULL, NULL);
    if (size == 0) return EILSEQ;
    *utf8 = malloc((size_t)size);
    if (*utf8 == NULL) return ENOMEM;
    (void)WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, *utf8, size, NULL, NULL);
    return 0;
}
