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
    const bool is_directory = S_ISDIR(facts.st_mode);
    if (is_directory != wanted) return wanted ? ENOTDIR : EISDIR;
    const int rights = wanted ? R_OK | X_OK : R_OK;
    return access(path.c_str(), rights) == 0 ? 0 : errno;
}

}  // namespace mobivate::system
