// SPDX-License-Identifier: MIT
#include "system/file.hpp"

#include <algorithm>
#include <cerrno>

#include "system/windows/wide.hpp"

namespace mobivate::system {
namespace {

constexpr DWORD shared_by_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

int error_number(DWORD error) noexcept {
    switch (error) {
        case ERROR_SUCCESS: return 0;
        case ERROR_FILE_NOT_FOUND:
        case ERROR_PATH_NOT_FOUND:
        case ERROR_INVALID_NAME:
        case ERROR_BAD_PATHNAME:
        case ERROR_INVALID_DRIVE:
        case ERROR_NOT_READY:
        case ERROR_BAD_NETPATH:
        case ERROR_BAD_NET_NAME: return ENOENT;
        case ERROR_DIRECTORY: return ENOTDIR;
        case ERROR_ACCESS_DENIED:
        case ERROR_SHARING_VIOLATION:
        case ERROR_LOCK_VIOLATION: return EACCES;
        case ERROR_FILENAME_EXCED_RANGE: return ENAMETOOLONG;
        case ERROR_TOO_MANY_OPEN_FILES: return EMFILE;
        case ERROR_NOT_ENOUGH_MEMORY:
        case ERROR_OUTOFMEMORY:
        case ERROR_NO_SYSTEM_RESOURCES: return ENOMEM;
        default: return EIO;
    }
}

int last_error() noexcept { return error_number(GetLastError()); }

HANDLE handle(std::intptr_t number) noexcept { return reinterpret_cast<HANDLE>(number); }

// A directory, too.
HANDLE open_to_read(const wchar_t* name, DWORD flags) noexcept {
    return CreateFileW(name, GENERIC_READ, shared_by_all, nullptr, OPEN_EXISTING, flags, nullptr);
}

std::uint64_t number(DWORD high, DWORD low) noexcept { return std::uint64_t{high} << 32U | low; }
std::uint64_t number(const FILETIME& time) noexcept {
    return number(time.dwHighDateTime, time.dwLowDateTime);
}

}  // namespace

int check_readable(const std::string& path, FileKind kind) noexcept {
    const WideText name = wide(path);
    if (name == nullptr) return ENOMEM;
    const DWORD attributes = GetFileAttributesW(name.get());
    if (attributes == INVALID_FILE_ATTRIBUTES) return last_error();
    const bool is_directory = (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    if (is_directory != (kind == FileKind::directory)) return is_directory ? EISDIR : ENOTDIR;
    const HANDLE opened = open_to_read(name.get(), FILE_FLAG_BACKUP_SEMANTICS);
    if (opened == INVALID_HANDLE_VALUE) return last_error();
    CloseHandle(opened);
    return 0;
}

File::File(const std::string& path) noexcept {
    const WideText name = wide(path);
    if (name == nullptr) {
        error_ = ENOMEM;
        return;
    }
    const HANDLE opened = open_to_read(name.get(), FILE_FLAG_OVERLAPPED | FILE_FLAG_BACKUP_SEMANTICS);
    if (opened == INVALID_HANDLE_VALUE) {
        error_ = last_error();
        return;
    }
    handle_ = reinterpret_cast<std::intptr_t>(opened);
    if (GetFileType(opened) != FILE_TYPE_DISK) return;
    BY_HANDLE_FILE_INFORMATION facts{};
    FILE_BASIC_INFO times{};
    if (GetFileInformationByHandle(opened, &facts) == FALSE ||
        GetFileInformationByHandleEx(opened, FileBasicInfo, &times, sizeof times) == FALSE) {
        error_ = last_error();
        return;
    }
    if ((facts.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        error_ = EISDIR;
        return;
    }
    is_regular_ = true;
    size_ = static_cast<std::size_t>(number(facts.nFileSizeHigh, facts.nFileSizeLow));
    identity_ = {facts.dwVolumeSerialNumber,
                 number(facts.nFileIndexHigh, facts.nFileIndexLow),
                 size_,
                 number(facts.ftCreationTime),
                 number(facts.ftLastWriteTime),
                 static_cast<std::uint64_t>(times.ChangeTime.QuadPart)};
}

File::~File() {
    if (handle_ != -1) CloseHandle(handle(handle_));
}

int File::read(char* to, std::size_t size, int most_ms, std::size_t& count) noexcept {
    count = 0;
    OVERLAPPED reading{};
    reading.Offset = static_cast<DWORD>(at_);
    reading.OffsetHigh = static_cast<DWORD>(at_ >> 32U);
    reading.hEvent = CreateEventW(nullptr, TRUE, FALSE, nullptr);
    if (reading.hEvent == nullptr) return last_error();
    DWORD taken = 0;
    const auto most = static_cast<DWORD>(std::min<std::size_t>(size, MAXDWORD));
    DWORD error =
        ReadFile(handle(handle_), to, most, nullptr, &reading) != FALSE ? ERROR_SUCCESS : GetLastError();
    if (error == ERROR_IO_PENDING || error == ERROR_SUCCESS) {
        if (error == ERROR_IO_PENDING &&
            WaitForSingleObject(reading.hEvent, static_cast<DWORD>(most_ms)) != WAIT_OBJECT_0) {
            CancelIoEx(handle(handle_), &reading);
        }
        // It may have come just before it was called off.
        error = GetOverlappedResult(handle(handle_), &reading, &taken, TRUE) != FALSE ? ERROR_SUCCESS
                                                                                      : GetLastError();
    }
    CloseHandle(reading.hEvent);
    count = taken;
    at_ += taken;
    switch (error) {
        case ERROR_HANDLE_EOF:
        case ERROR_BROKEN_PIPE: return 0;
        case ERROR_OPERATION_ABORTED: return EAGAIN;
        default: return error_number(error);
    }
}

// ---- directories ----

namespace {

struct Listing {
    std::string path;
    HANDLE search = INVALID_HANDLE_VALUE;
    bool begun = false;
    WIN32_FIND_DATAW entry{};
    char name[3 * MAX_PATH + 1] = {};
};

}  // namespace

Directory::Directory(const std::string& path) noexcept {
    error_ = check_readable(path, FileKind::directory);
    if (error_ != 0) return;
    Listing* listing = new (std::nothrow) Listing;
    handle_ = listing;
    try {
        if (listing == nullptr) throw std::bad_alloc();
        listing->path = path + "\\";
        const WideText pattern = wide(listing->path + "*");
        if (pattern == nullptr) throw std::bad_alloc();
        listing->search = FindFirstFileW(pattern.get(), &listing->entry);
        if (listing->search == INVALID_HANDLE_VALUE) error_ = last_error();
    } catch (const std::bad_alloc&) {
        error_ = ENOMEM;
    }
}

Directory::~Directory() {
    const auto* listing = static_cast<Listing*>(handle_);
    if (listing != nullptr && listing->search != INVALID_HANDLE_VALUE) FindClose(listing->search);
    delete listing;
}

const char* Directory::next() noexcept {
    auto* listing = static_cast<Listing*>(handle_);
    if (listing == nullptr || listing->search == INVALID_HANDLE_VALUE) return nullptr;
    if (listing->begun && FindNextFileW(listing->search, &listing->entry) == FALSE) return nullptr;
    listing->begun = true;
    if (WideCharToMultiByte(CP_UTF8, 0, listing->entry.cFileName, -1, listing->name, sizeof listing->name,
                            nullptr, nullptr) == 0) {
        listing->name[0] = '\0';
    }
    return listing->name;
}

bool Directory::can_read(const char* name) const noexcept {
    try {
        return check_readable(static_cast<const Listing*>(handle_)->path + name, FileKind::file) == 0;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

}  // namespace mobivate::system
