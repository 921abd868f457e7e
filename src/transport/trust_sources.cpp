// SPDX-License-Identifier: MIT
#include "transport/trust_sources.hpp"

#include <algorithm>
#include <cstring>

#include "system/file.hpp"
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
    system::Directory directory(path);
    if (directory.error() != 0) return std::strerror(directory.error());
    std::string_view problem = "it has no hashed certificates; see `openssl rehash`";
    while (const char* name = directory.next()) {
        if (!is_hashed_name(name)) continue;
        if (directory.can_read(name)) return {};
        problem = "its hashed certificates cannot be read";
    }
    return problem;
}

}  // namespace mobivate::transport
