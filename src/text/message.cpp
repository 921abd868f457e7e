// SPDX-License-Identifier: MIT
#include "text/message.hpp"

#include <algorithm>
#include <charconv>

#include "text/utf8.hpp"

namespace mobivate::text {

Message& Message::operator<<(std::string_view text) noexcept {
    const std::size_t taken = whole_characters(text, bytes_.size() - size_);
    std::copy_n(text.data(), taken, bytes_.data() + size_);
    size_ += taken;
    return *this;
}

Message& Message::operator<<(std::int64_t number) noexcept {
    std::array<char, 24> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    return *this << std::string_view(digits.data(), static_cast<std::size_t>(written.ptr - digits.data()));
}

Message& Message::quote(std::string_view text, std::size_t limit) noexcept {
    const std::size_t begin = size_;
    std::string_view rest = text.substr(0, whole_characters(text, limit));
    while (const auto invalid = invalid_utf8(rest)) {
        *this << rest.substr(0, *invalid) << "\xEF\xBF\xBD";
        rest.remove_prefix(*invalid + 1);
    }
    *this << rest;
    for (std::size_t i = begin; i < size_; ++i) {
        const auto byte = static_cast<unsigned char>(bytes_[i]);
        if (byte < 0x20 || byte == 0x7f) bytes_[i] = ' ';
        // U+0080 to U+009F: terminals obey them, too.
        const bool c1_control =
            byte == 0xC2 && i + 1 < size_ && static_cast<unsigned char>(bytes_[i + 1]) < 0xA0;
        if (c1_control) bytes_[i] = bytes_[i + 1] = ' ';
    }
    if (text.size() > limit) *this << "...";
    return *this;
}

}  // namespace mobivate::text
