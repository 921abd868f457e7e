// SPDX-License-Identifier: MIT
#include "secret/buffer.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace mobivate::secret {
namespace {

std::size_t whole_pages(std::size_t size) noexcept {
    static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return (size + page - 1) / page * page;
}

// Best effort: an ordinary process may not be allowed to lock memory, and old kernels lack the advice.
void keep_private(void* memory, std::size_t size) noexcept {
    mlock(memory, size);
#if defined(MADV_DONTDUMP)
    madvise(memory, size, MADV_DONTDUMP);
#endif
}

}  // namespace

void wipe(void* memory, std::size_t size) noexcept {
    if (size > 0) explicit_bzero(memory, size);
}

Buffer::~Buffer() {
    if (data_ == nullptr) return;
    clear();
    munmap(data_, capacity_);
}

bool Buffer::reserve(std::size_t capacity) noexcept {
    if (capacity > capacity_) {
        Buffer larger;
        if (!larger.allocate(capacity)) return false;
        swap(larger);
    }
    clear();
    return true;
}

bool Buffer::grow(std::size_t capacity) noexcept {
    if (capacity <= capacity_) return true;
    Buffer larger;
    if (!larger.allocate(capacity)) return false;
    larger.append(view());
    swap(larger);
    return true;
}

bool Buffer::allocate(std::size_t capacity) noexcept {
    // Rounding up must not wrap around to a small size.
    if (capacity > SIZE_MAX / 2) return false;
    const std::size_t size = whole_pages(capacity);
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    keep_private(memory, size);
    data_ = static_cast<char*>(memory);
    capacity_ = size;
    return true;
}

bool Buffer::append(std::string_view bytes) noexcept {
    const std::size_t taken = std::min(bytes.size(), capacity_ - size_);
    if (taken > 0) std::memcpy(data_ + size_, bytes.data(), taken);
    size_ += taken;
    return taken == bytes.size();
}

bool Buffer::append(std::size_t count, char byte) noexcept {
    const std::size_t taken = std::min(count, capacity_ - size_);
    if (taken > 0) std::memset(data_ + size_, byte, taken);
    size_ += taken;
    return taken == count;
}

void Buffer::keep_only(std::string_view part) noexcept {
    used_ = std::max(used_, size_);
    if (!part.empty()) std::memmove(data_, part.data(), part.size());
    wipe(data_ + part.size(), used_ - part.size());
    size_ = used_ = part.size();
}

void Buffer::set_size(std::size_t size) noexcept {
    used_ = std::max({used_, size_, size});
    size_ = size;
}

}  // namespace mobivate::secret
