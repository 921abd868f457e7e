// SPDX-License-Identifier: MIT
// relay.exe FILE COMMAND...: runs a program of Windows's whose standard input is one of Windows's own pipes,
// and whose standard output goes into FILE, and from there to this program's; its standard error goes into
// FILE.errors. Node.js can use none of the pipes of the system that wine runs on.
#include <windows.h>

#include <string>

namespace {

HANDLE child_input;

DWORD WINAPI forward_input(void*) {
    char bytes[4096];
    DWORD count = 0;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, sizeof bytes, &count, nullptr) != FALSE &&
           count > 0) {
        DWORD written = 0;
        if (WriteFile(child_input, bytes, count, &written, nullptr) == FALSE) break;
    }
    CloseHandle(child_input);
    return 0;
}

void forward_output(HANDLE file) {
    char bytes[4096];
    DWORD count = 0;
    while (ReadFile(file, bytes, sizeof bytes, &count, nullptr) != FALSE && count > 0) {
        DWORD written = 0;
        WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, count, &written, nullptr);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    std::string command;
    for (int i = 2; i < argc; ++i) command += std::string(i > 2 ? " " : "") + "\"" + argv[i] + "\"";
    SECURITY_ATTRIBUTES inherited{sizeof inherited, nullptr, TRUE};
    STARTUPINFOA how{};
    how.cb = sizeof how;
    how.dwFlags = STARTF_USESTDHANDLES;
    const std::string errors = std::string(argv[1]) + ".errors";
    how.hStdError =
        CreateFileA(errors.c_str(), GENERIC_WRITE, FILE_SHARE_READ, &inherited, CREATE_ALWAYS, 0, nullptr);
    constexpr DWORD shared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    how.hStdOutput = CreateFileA(argv[1], GENERIC_WRITE, shared, &inherited, CREATE_ALWAYS, 0, nullptr);
    const HANDLE output = CreateFileA(argv[1], GENERIC_READ, shared, nullptr, OPEN_EXISTING, 0, nullptr);
    if (how.hStdOutput == INVALID_HANDLE_VALUE || output == INVALID_HANDLE_VALUE) return 3;
    if (CreatePipe(&how.hStdInput, &child_input, &inherited, 0) == FALSE) return 3;
    SetHandleInformation(child_input, HANDLE_FLAG_INHERIT, 0);
    PROCESS_INFORMATION child{};
    if (CreateProcessA(nullptr, command.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr, &how, &child) ==
        FALSE)
        return 4;
    CloseHandle(how.hStdInput);
    CloseHandle(how.hStdOutput);
    CloseHandle(CreateThread(nullptr, 0, forward_input, nullptr, 0, nullptr));
    // A file tells nobody that it has grown.
    while (WaitForSingleObject(child.hProcess, 2) == WAIT_TIMEOUT) forward_output(output);
    forward_output(output);
    DWORD status = 0;
    GetExitCodeProcess(child.hProcess, &status);
    ExitProcess(status);
}
