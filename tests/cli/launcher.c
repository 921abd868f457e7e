/* SPDX-License-Identifier: MIT
 *
 * What the tests of mbv.exe need of Windows itself: launcher.exe HOW ...
 *   access FILE             prints the owner, "protected" where nothing is inherited, and each entry of the
 * access list hold all|none FILE      opens the file, sharing all or nothing, until standard input ends; then
 * prints what it holds closed|read-only|broken|pipe PROGRAM ARGUMENT... runs a program with a standard output
 * that is none, can only be read, is a pipe without a reader, or is one whose content is passed on; ends with
 * its exit code */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
/* After windows.h. */
#include <aclapi.h>
#include <sddl.h>

static int fail(const char* what) {
    fprintf(stderr, "%s: error %lu\n", what, GetLastError());
    return 100;
}

static void print_account(PSID account) {
    char* text = NULL;
    if (ConvertSidToStringSidA(account, &text)) printf("%s", text);
    LocalFree(text);
}

static int print_access(wchar_t* path) {
    PSID owner;
    PACL list;
    PSECURITY_DESCRIPTOR descriptor;
    if (GetNamedSecurityInfoW(path, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                              &owner, NULL, &list, NULL, &descriptor) != ERROR_SUCCESS) {
        return fail("access");
    }
    print_account(owner);
    SECURITY_DESCRIPTOR_CONTROL control;
    DWORD revision;
    if (!GetSecurityDescriptorControl(descriptor, &control, &revision)) return fail("control");
    printf((control & SE_DACL_PROTECTED) != 0 ? "\nprotected\n" : "\n");
    for (DWORD i = 0; list != NULL && i < list->AceCount; ++i) {
        ACCESS_ALLOWED_ACE* entry;
        if (!GetAce(list, i, (void**)&entry)) return fail("entry");
        printf(entry->Header.AceType == ACCESS_ALLOWED_ACE_TYPE ? "allow " : "other ");
        print_account(&entry->SidStart);
        printf(" %lx\n", entry->Mask);
    }
    return 0;
}

static HANDLE open_to_read(const wchar_t* path, DWORD sharing) {
    return CreateFileW(path, GENERIC_READ, sharing, NULL, OPEN_EXISTING, 0, NULL);
}

static int hold(const wchar_t* path, DWORD sharing) {
    const HANDLE file = open_to_read(path, sharing);
    if (file == INVALID_HANDLE_VALUE) return fail("hold");
    printf("held\n");
    fflush(stdout);
    while (getchar() != EOF) continue;
    char content[4096];
    DWORD size;
    if (!ReadFile(file, content, sizeof content, &size, NULL)) return fail("read");
    fwrite(content, 1, size, stdout);
    CloseHandle(file);
    return 0;
}

/* The rest of the command line, as it was given. */
static wchar_t* after(const wchar_t* argument) {
    wchar_t* found = wcsstr(GetCommandLineW(), argument);
    wchar_t* rest = found != NULL ? wcschr(found + wcslen(argument), L' ') : NULL;
    return rest != NULL ? rest + 1 : NULL;
}

static int pass_on(HANDLE reading) {
    char piece[4096];
    DWORD size;
    while (ReadFile(reading, piece, sizeof piece, &size, NULL) && size > 0) fwrite(piece, 1, size, stdout);
    return fflush(stdout);
}

static int run(const wchar_t* how, wchar_t* command) {
    HANDLE reading = NULL, output = NULL;
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    if (wcscmp(how, L"read-only") == 0) {
        output = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited,
                             OPEN_EXISTING, 0, NULL);
    } else if (wcscmp(how, L"closed") != 0) {
        if (!CreatePipe(&reading, &output, &inherited, 0)) return fail("pipe");
        SetHandleInformation(reading, HANDLE_FLAG_INHERIT, 0);
        if (wcscmp(how, L"broken") == 0) CloseHandle(reading);
    }
    STARTUPINFOW with = {.cb = sizeof with, .dwFlags = STARTF_USESTDHANDLES};
    with.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    with.hStdOutput = output;
    with.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    PROCESS_INFORMATION started;
    if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &with, &started)) return fail("run");
    CloseHandle(output);
    if (wcscmp(how, L"pipe") == 0) pass_on(reading);
    DWORD code = 100;
    WaitForSingleObject(started.hProcess, INFINITE);
    GetExitCodeProcess(started.hProcess, &code);
    return (int)code;
}

int wmain(int argc, wchar_t** argv) {
    (void)_setmode(_fileno(stdout), _O_BINARY);
    if (argc == 3 && wcscmp(argv[1], L"access") == 0) return print_access(argv[2]);
    if (argc == 3 && wcscmp(argv[1], L"hold") == 0)
        return hold(argv[2], FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    if (argc == 3 && wcscmp(argv[1], L"hold-alone") == 0) return hold(argv[2], 0);
    wchar_t* command = argc > 2 ? after(argv[1]) : NULL;
    return command != NULL ? run(argv[1], command) : fail("usage");
}
