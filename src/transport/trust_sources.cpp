// SPDX-License-Identifier: MIT
#include "transport/trust_sources.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "text/ascii.hpp"

namespace mobivate::transport {
namespace {

// The form of a name in a hashed directory: eight hexadecimal digits, a dot, and a number.
bool is_hashed_name(std::string_view name) noexcept {
    return name.size() > 9 && name[8] == '.' &&
           std::all_of(name.begin(), name.begin() + 8, [](char c) { return text::hex_value(c) >= 0; }) &&
           std::all_of(name.begin() + 9, name.end(), text::is_digit);
}

}  // namespace

std::string_view problem_of_directory(const std::string& path) noexcept {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
    if (directory == nullptr) return std::strerror(errno);
    std::string_view problem = "it has no hashed certificates; see `openssl rehash`";
    while (const dirent* entry = readdir(directory.get())) {
        if (!is_hashed_name(entry->d_name)) continue;
        if (faccessat(dirfd(directory.get()), entry->d_name, R_OK, 0) == 0) return {};
        problem = "its hashed certificates cannot be read";
    }
    return problem;
}

}  // namespace mobivate::transport
