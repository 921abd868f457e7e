// SPDX-License-Identifier: MIT
// Files and directories, by their names in UTF-8. An error is a number of errno's, whatever the system calls
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mobivate::system {

enum class FileKind { file, directory };

// Whether there is such a file or directory and this process can read it: 0, or the error. ENOTDIR
// and EISDIR where it is the other kind.
[[nodiscard]] int check_readable(const std::string& path, FileKind kind) noexcept;

// A file that is open for reading. It may be a pipe, as from a shell's <(...).
class File {
public:
    // A file that has the same as before has not changed. All zeroes where it is not a regular file.
    using Identity = std::array<std::uint64_t, 7>;

    explicit File(const std::string& path) noexcept;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File();

    [[nodiscard]] int error() const noexcept { return error_; }  // of opening it
    [[nodiscard]] bool is_regular() const noexcept { return is_regular_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }  // of a regular file
    [[nodiscard]] const Identity& identity() const noexcept { return identity_; }

    // Takes what is there: 0, with a count of 0 at the end; EAGAIN where nothing came within `most_ms`.
    [[nodiscard]] int read(char* to, std::size_t size, int most_ms, std::size_t& count) noexcept;

private:
    std::intptr_t handle_ = -1;
    int error_ = 0;
    bool is_regular_ = false;
    std::size_t size_ = 0;
    Identity identity_{};
    [[maybe_unused]] std::uint64_t at_ = 0;  // where the next byte is, for systems that want to be told
};

class Directory {
public:
    explicit Directory(const std::string& path) noexcept;
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory();

    [[nodiscard]] int error() const noexcept { return error_; }  // of opening it

    // The next name in it, until this is called again; null at the end.
    [[nodiscard]] const char* next() noexcept;
    [[nodiscard]] bool can_read(const char* name) const noexcept;

private:
    void* handle_ = nullptr;
    int error_ = 0;
};

}  // namespace mobivate::system
