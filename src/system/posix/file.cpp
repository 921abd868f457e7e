// SPDX-License-Identifier: MIT
#include "system/file.hpp"

#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
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

File::File(const std::string& path) noexcept
    : handle_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct stat facts {};
    if (handle_ < 0 || fstat(static_cast<int>(handle_), &facts) != 0) {
        error_ = errno;
        return;
    }
    is_regular_ = S_ISREG(facts.st_mode);
    if (!is_regular_) return;
    size_ = static_cast<std::size_t>(facts.st_size);
    const auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
#if defined(__APPLE__)
    const timespec& modified = facts.st_mtimespec;
    const timespec& changed = facts.st_ctimespec;
#else
    const timespec& modified = facts.st_mtim;
    const timespec& changed = facts.st_ctim;
#endif
    identity_ = {number(facts.st_dev),    number(facts.st_ino),     number(facts.st_size),
                 number(modified.tv_sec), number(modified.tv_nsec), number(changed.tv_sec),
                 number(changed.tv_nsec)};
}

File::~File() {
    if (handle_ >= 0) close(static_cast<int>(handle_));
}

// NOLINTNEXTLINE(readability-make-member-function-const): what is read moves on
int File::read(char* to, std::size_t size, int most_ms, std::size_t& count) noexcept {
    const int file = static_cast<int>(handle_);
    const ssize_t taken = ::read(file, to, size);
    count = taken > 0 ? static_cast<std::size_t>(taken) : 0;
    if (taken >= 0) return 0;
    if (errno == EINTR) return EAGAIN;
    if (errno != EAGAIN) return errno;
    pollfd ready{file, POLLIN, 0};
    poll(&ready, 1, most_ms);
    return EAGAIN;
}

Directory::Directory(const std::string& path) noexcept
    : handle_(opendir(path.c_str())), error_(handle_ != nullptr ? 0 : errno) {}

Directory::~Directory() {
    if (handle_ != nullptr) closedir(static_cast<DIR*>(handle_));
}

const char* Directory::next() noexcept {
    const dirent* entry = handle_ != nullptr ? readdir(static_cast<DIR*>(handle_)) : nullptr;
    return entry != nullptr ? entry->d_name : nullptr;
}

bool Directory::can_read(const char* name) const noexcept {
    return faccessat(dirfd(static_cast<DIR*>(handle_)), name, R_OK, 0) == 0;
}

}  // namespace mobivate::system
