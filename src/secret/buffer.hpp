// SPDX-License-Identifier: MIT
// Memory for secrets: a fixed region that is wiped, and that swap, core dumps and forked children do not get
// where the system lets an ordinary process forbid it.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace mobivate::secret {

class Buffer {
public:
    Buffer() noexcept = default;
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        swap(other);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer();

    // Makes room for at least `capacity` bytes; what the buffer held is wiped (reserve) or kept (grow). False
    // when out of memory: then the buffer is as it was.
    [[nodiscard]] bool reserve(std::size_t capacity) noexcept;
    [[nodiscard]] bool grow(std::size_t capacity) noexcept;

    // Appends what fits and says whether all of it did.
    bool append(std::string_view bytes) noexcept;
    bool append(std::size_t count, char byte) noexcept;
    bool append(char byte) noexcept {
        if (size_ == capacity_) return false;
        data_[size_++] = byte;
        return true;
    }

    // Keeps the bytes of `part`, which lie in this buffer, and wipes all others.
    void keep_only(std::string_view part) noexcept;
    void clear() noexcept { keep_only({}); }

    // What a child that is forked from now on finds here: a copy, or zeroes, as from the start.
    void set_copied_on_fork(bool copied) noexcept;

    // Writing in place: the caller fills at most capacity() bytes from data() and says how many count.
    void set_size(std::size_t size) noexcept;

    [[nodiscard]] char* data() noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }

private:
    [[nodiscard]] bool allocate(std::size_t capacity) noexcept;
    void swap(Buffer& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(used_, other.used_);
        std::swap(capacity_, other.capacity_);
    }

    char* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t used_ = 0;  // how far from the start bytes may have been written since the last wipe
    std::size_t capacity_ = 0;
};

}  // namespace mobivate::secret
