// SPDX-License-Identifier: MIT
#include "system/environment.hpp"

#include <sys/auxv.h>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>

namespace mobivate::system {

std::string_view environment(const char* name, std::string& /*memory*/) {
    const char* value = secure_getenv(name);
    return value != nullptr ? value : "";
}

bool environment_has(const char* name) noexcept {
    const char* value = secure_getenv(name);
    return value != nullptr && *value != '\0';
}

bool environment_is_the_callers() noexcept { return getauxval(AT_SECURE) != 0; }

void blank_the_callers_environment() noexcept {
    if (!environment_is_the_callers()) return;
    // libcurl creates the file that SSLKEYLOGFILE names, with the program's rights, and NSS takes its trust
    // from SSL_DIR. unsetenv() would disturb other threads; one byte disturbs nobody. The kernel puts what
    // the caller handed over between these two on the stack.
    const auto begin = static_cast<std::uintptr_t>(getauxval(AT_RANDOM));
    const auto end = static_cast<std::uintptr_t>(getauxval(AT_EXECFN));
    for (const char* name : {"SSLKEYLOGFILE", "SSL_DIR"}) {
        char* value = std::getenv(name);
        const auto at = reinterpret_cast<std::uintptr_t>(value);
        if (begin < at && at < end) *value = '\0';
    }
}

}  // namespace mobivate::system
