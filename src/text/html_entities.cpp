// SPDX-License-Identifier: MIT
#include "text/html_entities.hpp"

#include <algorithm>
#include <iterator>

#include "text/ascii.hpp"

namespace mobivate::text {
namespace {

struct Entity {
    std::uint16_t offset;
    std::uint8_t size;
    bool without_semicolon;
    std::array<std::uint32_t, 2> code_points;
};

#include "text/html_entities.inc"

constexpr std::uint32_t replacement_character = 0xFFFD;
constexpr std::size_t longest_without_semicolon = 6;

std::string_view name_of(const Entity& entity) noexcept { return {names + entity.offset, entity.size}; }

const Entity* find(std::string_view name) noexcept {
    const auto* const found = std::lower_bound(
        std::begin(entities), std::end(entities), name,
        [](const Entity& entity, std::string_view wanted) { return name_of(entity) < wanted; });
    return found != std::end(entities) && name_of(*found) == name ? found : nullptr;
}

bool is_alphanumeric(char c) noexcept {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z');
}

}  // namespace

CharacterReference named_character_reference(std::string_view behind_ampersand) noexcept {
    std::size_t size = 0;
    while (size < std::min(behind_ampersand.size(), longest_entity_name) &&
           is_alphanumeric(behind_ampersand[size]))
        ++size;
    if (size < behind_ampersand.size() && behind_ampersand[size] == ';') {
        if (const Entity* entity = find(behind_ampersand.substr(0, size)))
            return {entity->code_points, size + 1};
    }
    for (size = std::min(size, longest_without_semicolon); size > 1; --size) {
        const Entity* entity = find(behind_ampersand.substr(0, size));
        if (entity != nullptr && entity->without_semicolon) return {entity->code_points, size};
    }
    return {};
}

std::uint32_t numbered_character(std::uint32_t number) noexcept {
    constexpr std::uint32_t last = 0x10FFFF;
    if (number == 0 || number > last || (number >= 0xD800 && number <= 0xDFFF)) return replacement_character;
    return number >= 0x80 && number < 0xA0 ? windows_1252[number - 0x80] : number;
}

}  // namespace mobivate::text
