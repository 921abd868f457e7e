// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace mobivate::text {

// The offset of the first byte that does not belong to well-formed UTF-8, if there is one.
[[nodiscard]] std::optional<std::size_t> invalid_utf8(std::string_view text) noexcept;

// How many bytes of well-formed UTF-8 text fit into `capacity` without splitting a character.
[[nodiscard]] std::size_t whole_characters(std::string_view text, std::size_t capacity) noexcept;

// snprintf's way of handing text out: as much as fits, always NUL-terminated; returns the full size.
std::size_t hand_out(std::string_view text, char* buffer, std::size_t capacity) noexcept;

}  // namespace mobivate::text
