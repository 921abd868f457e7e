// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mobivate::system {

enum class FileKind { file, directory };

// Whether there is such a file or directory and this process can read it: 0, or the system's error. ENOTDIR
// and EISDIR where it is the other kind.
[[nodiscard]] int check_readable(const std::string& path, FileKind kind) noexcept;

}  // namespace mobivate::system
