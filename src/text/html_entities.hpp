// SPDX-License-Identifier: MIT
// HTML's character references, as a browser reads them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mobivate::text {

struct CharacterReference {
    std::array<std::uint32_t, 2> code_points{};  // the second one is 0 where there is but one
    std::size_t taken = 0;                       // how many characters it is written in; 0: there is none
};

// No name is longer.
constexpr std::size_t longest_entity_name = 31;

// What stands behind "&": letters and digits, and perhaps a semicolon. A few names count without one, and
// then the longest that fits does.
[[nodiscard]] CharacterReference named_character_reference(std::string_view behind_ampersand) noexcept;

// What "&#NUMBER;" stands for.
[[nodiscard]] std::uint32_t numbered_character(std::uint32_t number) noexcept;

}  // namespace mobivate::text
