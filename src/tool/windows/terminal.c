/* SPDX-License-Identifier: MIT */
#include "../terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "../io.h"
#include "errors.h"
#include "interrupt.h"

const char terminal_name[] = "CONIN$";

/* A console beeps and takes no more when there is room left for the CR LF alone. */
#define LINE_CAPACITY (TERMINAL_LINE_LIMIT + 1 + 2)

/* In memory of its own, since a thread may be left with it. */
struct line {
    HANDLE input;
    struct secret wide; /* UTF-16 */
};

static int read_line(void* argument) {
    struct line* line = argument;
    DWORD got = 0;
    SetLastError(ERROR_SUCCESS);
    if (!ReadConsoleW(line->input, line->wide.bytes, LINE_CAPACITY, &got, NULL)) return last_error();
    /* After Ctrl-C it returns without having failed. */
    if (got == 0 && GetLastError() != ERROR_SUCCESS) return last_error();
    line->wide.size = got * sizeof(wchar_t);
    return 0;
}

static bool ends_with_newline(const wchar_t* text, size_t size) {
    return size > 0 && text[size - 1] == L'\n';
}

/* Ctrl-Z at the beginning of a line is the end of input. */
static int take_line(const struct line* line, struct secret* secret, bool* may_be_cut) {
    const wchar_t* text = (const wchar_t*)(const void*)line->wide.bytes;
    size_t size = line->wide.size / sizeof *text;
    if (size == 0 || *text == L'\x1a') return 0;
    const size_t typed = ends_with_newline(text, size) ? size - 1 : size;
    *may_be_cut = (typed > 0 && text[typed - 1] == L'\r' ? typed - 1 : typed) > TERMINAL_LINE_LIMIT;
    const int got =
        WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, (int)size, secret->bytes + secret->size,
                            (int)(secret->capacity - secret->size), NULL, NULL);
    if (got == 0) return GetLastError() == ERROR_INSUFFICIENT_BUFFER ? EOVERFLOW : EILSEQ;
    secret->size += (size_t)got;
    return 0;
}

static int ask_for_line(HANDLE input, struct secret* secret, bool* may_be_cut) {
    struct line* line = malloc(sizeof *line);
    if (line == NULL) return ENOMEM;
    line->input = input;
    if (!secret_open(&line->wide, LINE_CAPACITY * sizeof(wchar_t))) {
        free(line);
        return ENOMEM;
    }
    int is_left;
    int error = do_interruptibly(read_line, line, &is_left);
    if (error == 0) error = take_line(line, secret, may_be_cut);
    secret_clear(&line->wide);
    if (is_left) return error;
    secret_close(&line->wide);
    free(line);
    return error;
}

static int ask(HANDLE input, HANDLE output, const char* prompt, struct secret* secret, bool* may_be_cut) {
    DWORD shown;
    if (!GetConsoleMode(input, &shown)) return last_error();
    const DWORD hidden = (shown | ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT) & ~(DWORD)ENABLE_ECHO_INPUT;
    /* Flushing, here and below, keeps what is typed too early or too late from ending up elsewhere. */
    if (!FlushConsoleInputBuffer(input) || !SetConsoleMode(input, hidden)) return last_error();
    int error = io_write_all((io_handle)output, prompt, strlen(prompt));
    if (error == 0) error = ask_for_line(input, secret, may_be_cut);
    (void)io_write_all((io_handle)output, "\r\n", 2); /* the Enter that was not echoed */
    (void)FlushConsoleInputBuffer(input);
    if (!SetConsoleMode(input, shown) && error == 0) error = last_error();
    return error;
}

static HANDLE open_console(const wchar_t* name) {
    return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_EXISTING, 0, NULL);
}

struct terminal_answer terminal_ask(const char* prompt, struct secret* secret) {
    struct terminal_answer answer = {.is_there = false};
    const HANDLE input = open_console(L"CONIN$");
    const HANDLE output = input != INVALID_HANDLE_VALUE ? open_console(L"CONOUT$") : INVALID_HANDLE_VALUE;
    answer.is_there = output != INVALID_HANDLE_VALUE;
    answer.error = answer.is_there ? ask(input, output, prompt, secret, &answer.may_be_cut) : last_error();
    if (output != INVALID_HANDLE_VALUE) (void)CloseHandle(output);
    if (input != INVALID_HANDLE_VALUE) (void)CloseHandle(input);
    return answer;
}
