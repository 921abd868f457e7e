// SPDX-License-Identifier: MIT
#include "secret/buffer.hpp"

#include <algorithm>
#include <cstring>

#include "system/memory.hpp"

namespace mobivate::secret {
Buffer::~Buffer() {
    if (data_ == nullptr) return;
    clear();
    system::free_private(data_, capacity_);
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
    void* memory = system::allocate_private(capacity);
    if (memory == nullptr) return false;
    data_ = static_cast<char*>(memory);
    capacity_ = capacity;
    return true;
}

void Buffer::set_copied_on_fork(bool copied) noexcept {
    system::set_copied_on_fork(data_, capacity_, copied);
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
    system::wipe(data_ + part.size(), used_ - part.size());
    size_ = used_ = part.size();
}

void Buffer::set_size(std::size_t size) noexcept {
    used_ = std::max({used_, size_, size});
    size_ = size;
}

}  // namespace mobivate::secret
