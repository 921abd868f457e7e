// SPDX-License-Identifier: MIT
// What the tests ask of the operating system, and Windows has by another name. What it has not at all is left
// out where it is tested.
#pragma once

#include <string>

#if defined(_WIN32)

#include <winsock2.h>

#include <ws2tcpip.h>

#include <windows.h>

#include <direct.h>
#include <io.h>
#include <process.h>

#include <cstdlib>
#include <cstring>

namespace platform {

inline void set_environment(const char* name, const std::string& value) { _putenv_s(name, value.c_str()); }
inline void unset_environment(const char* name) { _putenv_s(name, ""); }

inline bool make_directory(const std::string& path) { return _mkdir(path.c_str()) == 0 || errno == EEXIST; }
inline void remove_file(const std::string& path) { _unlink(path.c_str()); }

// This program again with one argument: its exit status.
inline int run_self(const std::string& argument) {
    char self[MAX_PATH];
    GetModuleFileNameA(nullptr, self, sizeof self);
    return static_cast<int>(_spawnl(_P_WAIT, self, "self", ("\"" + argument + "\"").c_str(), nullptr));
}

// Has a loaded library call another function in the place of one that it imports, which is returned. Null
// where it imports none of that name.
inline void* replace_import(const wchar_t* library, const char* name, void* replacement) {
    auto* const image = reinterpret_cast<unsigned char*>(GetModuleHandleW(library));
    if (image == nullptr) return nullptr;
    const auto& dos = *reinterpret_cast<const IMAGE_DOS_HEADER*>(image);
    const auto& headers = *reinterpret_cast<const IMAGE_NT_HEADERS*>(image + dos.e_lfanew);
    const DWORD imports = headers.OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT].VirtualAddress;
    for (const auto* from = reinterpret_cast<const IMAGE_IMPORT_DESCRIPTOR*>(image + imports);
         from->Name != 0; ++from) {
        const auto* named = reinterpret_cast<const IMAGE_THUNK_DATA*>(image + from->OriginalFirstThunk);
        auto* bound = reinterpret_cast<IMAGE_THUNK_DATA*>(image + from->FirstThunk);
        for (; named->u1.AddressOfData != 0; ++named, ++bound) {
            if (IMAGE_SNAP_BY_ORDINAL(named->u1.Ordinal)) continue;
            const auto* import =
                reinterpret_cast<const IMAGE_IMPORT_BY_NAME*>(image + named->u1.AddressOfData);
            if (std::strcmp(reinterpret_cast<const char*>(import->Name), name) != 0) continue;
            DWORD protection = 0;
            auto& place = bound->u1.Function;
            VirtualProtect(&place, sizeof place, PAGE_READWRITE, &protection);
            void* const replaced = reinterpret_cast<void*>(place);
            place = reinterpret_cast<ULONGLONG>(replacement);
            VirtualProtect(&place, sizeof place, protection, &protection);
            return replaced;
        }
    }
    return nullptr;
}

}  // namespace platform

#else

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace platform {

inline void set_environment(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }
inline void unset_environment(const char* name) { unsetenv(name); }

inline bool make_directory(const std::string& path) {
    return mkdir(path.c_str(), 0700) == 0 || errno == EEXIST;
}
inline void remove_file(const std::string& path) { unlink(path.c_str()); }

inline int run_self(const std::string& argument) {
    const pid_t child = fork();
    if (child == 0) _exit(execl("/proc/self/exe", "self", argument.c_str(), static_cast<char*>(nullptr)));
    int status = 0;
    const bool ended = waitpid(child, &status, 0) == child && WIFEXITED(status);
    return ended ? WEXITSTATUS(status) : -1;
}

}  // namespace platform

#endif
