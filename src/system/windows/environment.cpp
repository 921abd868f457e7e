// SPDX-License-Identifier: MIT
// By Windows's own functions: what a program sets through .NET or Node.js does not reach the C runtime's
// copy.
#include "system/environment.hpp"

#include "system/windows/wide.hpp"

namespace mobivate::system {

std::string_view environment(const char* name, std::string& memory) {
    const WideText wide_name = wide(name);
    if (wide_name == nullptr) throw std::bad_alloc();
    // Another thread may make it longer between two looks.
    std::wstring value;
    for (DWORD size = GetEnvironmentVariableW(wide_name.get(), nullptr, 0); size > value.size();
         size = GetEnvironmentVariableW(wide_name.get(), value.data(), size)) {
        value.resize(size);
    }
    memory = utf8(value.c_str());
    return memory;
}

bool environment_has(const char* name) noexcept {
    const WideText wide_name = wide(name);
    // The size of "" is 1, its end.
    return wide_name != nullptr && GetEnvironmentVariableW(wide_name.get(), nullptr, 0) > 1;
}

// A program that is started with more rights does not get its environment from who asked for it.
bool environment_is_the_callers() noexcept { return false; }

void blank_the_callers_environment() noexcept {}

}  // namespace mobivate::system
