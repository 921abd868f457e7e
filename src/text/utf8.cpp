// SPDX-License-Identifier: MIT
#include "text/utf8.hpp"

#include <algorithm>

#include <rapidjson/encodings.h>
#include <rapidjson/memorystream.h>

namespace mobivate::text {
namespace {

struct Nowhere {
    using Ch = char;
    void Put(char /*c*/) noexcept {}
};

bool continues_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::optional<std::size_t> invalid_utf8(std::string_view text) noexcept {
    rapidjson::MemoryStream in(text.data(), text.size());
    Nowhere nowhere;
    while (in.Tell() < text.size()) {
        const std::size_t offset = in.Tell();
        // A NUL is a character here; the check itself would take the stream's end for one, too.
        if (!rapidjson::UTF8<>::Validate(in, nowhere)) return offset;
    }
    return std::nullopt;
}

std::size_t whole_characters(std::string_view text, std::size_t capacity) noexcept {
    if (text.size() <= capacity) return text.size();
    std::size_t end = capacity;
    while (end > 0 && continues_character(text[end])) --end;
    return end;
}

std::size_t hand_out(std::string_view text, char* buffer, std::size_t capacity) noexcept {
    if (buffer != nullptr && capacity > 0) {
        const std::size_t taken = whole_characters(text, capacity - 1);
        std::copy_n(text.data(), taken, buffer);
        buffer[taken] = '\0';
    }
    return text.size();
}

}  // namespace mobivate::text
