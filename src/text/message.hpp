// SPDX-License-Identifier: MIT
// A message of bounded size that needs no memory to be made, so that running out of it can be told.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mobivate::text {

class Message {
public:
    // What does not fit is left out; the cut is never inside a UTF-8 character.
    Message& operator<<(std::string_view text) noexcept;
    Message& operator<<(std::int64_t number) noexcept;

    // Text of somebody else's: what is no UTF-8 becomes U+FFFD, control characters become spaces, and at most
    // `limit` bytes are taken.
    Message& quote(std::string_view text, std::size_t limit) noexcept;

    void clear() noexcept { size_ = 0; }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, 1024> bytes_{};
    std::size_t size_ = 0;
};

}  // namespace mobivate::text
