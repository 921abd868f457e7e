// SPDX-License-Identifier: MIT
#include "system/file.hpp"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace mobivate::system {

int check_readable(const std::string& path, FileKind kind) noexcept {
    struct stat facts {};
    if (stat(path.c_str(), &facts) != 0) return errno;
    const bool wanted = kind == FileKind::directory;
    if (S_ISDIR(facts.st_mode) != wanted) return wanted ? ENOTDIR : EISDIR;
    return access(path.c_str(), wanted ? R_OK | X_OK : R_OK) == 0 ? 0 : errno;
}

}  // namespace mobivate::system
