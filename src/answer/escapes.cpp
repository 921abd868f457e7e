// SPDX-License-Identifier: MIT
#include "answer/escapes.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "text/ascii.hpp"
#include "text/case_folding.hpp"
#include "text/html_entities.hpp"

namespace mobivate::answer {
namespace {

constexpr std::uint32_t last_code_point = 0x10FFFF;

std::uint32_t code_of_byte(std::uint32_t byte) noexcept {
    return byte < 0x80 ? byte : byte | Cell::byte_flag;
}

// What an escape stands for, and how many cells it is written in; 0: there is none.
struct Decoded {
    std::uint32_t first = 0;
    std::uint32_t second = 0;  // 0 where there is but one
    std::size_t taken = 0;
};

// The cells that are left, as characters; what is no ASCII reads as NUL.
class Rest {
public:
    Rest(const Cell* cells, std::size_t size) noexcept : cells_(cells), size_(size) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] char operator[](std::size_t index) const noexcept {
        return index < size_ && cells_[index].code < 0x80 ? static_cast<char>(cells_[index].code) : '\0';
    }
    [[nodiscard]] Rest from(std::size_t index) const noexcept {
        const std::size_t begin = std::min(index, size_);
        return {cells_ + begin, size_ - begin};
    }

private:
    const Cell* cells_;
    std::size_t size_;
};

struct Number {
    std::uint32_t value = 0;  // beyond the last code point: too large, whatever it is
    std::size_t digits = 0;
};

Number read_number(const Rest& text, std::uint32_t base, std::size_t most) noexcept {
    Number number;
    while (number.digits < most) {
        const int digit = text::hex_value(text[number.digits]);
        if (digit < 0 || static_cast<std::uint32_t>(digit) >= base) break;
        number.value = std::min(number.value * base + static_cast<std::uint32_t>(digit), last_code_point + 1);
        ++number.digits;
    }
    return number;
}

constexpr std::size_t any_number = SIZE_MAX;

Decoded unicode_escape(const Rest& text) noexcept {
    if (text[2] == '{') {
        const Number number = read_number(text.from(3), 16, any_number);
        const bool valid =
            number.digits > 0 && number.value <= last_code_point && text[3 + number.digits] == '}';
        return valid ? Decoded{number.value, 0, number.digits + 4} : Decoded{};
    }
    const Number unit = read_number(text.from(2), 16, 4);
    if (unit.digits != 4 || (unit.value >= 0xDC00 && unit.value <= 0xDFFF)) return {};
    if (unit.value < 0xD800 || unit.value > 0xDBFF) return {unit.value, 0, 6};
    const Number low = text[6] == '\\' && text[7] == 'u' ? read_number(text.from(8), 16, 4) : Number{};
    if (low.digits != 4 || low.value < 0xDC00 || low.value > 0xDFFF) return {};
    return {0x10000 + ((unit.value - 0xD800) << 10U) + (low.value - 0xDC00), 0, 12};
}

Decoded backslash_escape(const Rest& text) noexcept {
    if (text[1] == 'u') return unicode_escape(text);
    if (text[1] == 'x') {
        const Number byte = read_number(text.from(2), 16, 2);
        return byte.digits == 2 ? Decoded{code_of_byte(byte.value), 0, 4} : Decoded{};
    }
    constexpr std::string_view names = "\"\\/'bfnrt";
    constexpr std::string_view values = "\"\\/'\b\f\n\r\t";
    const std::size_t at = names.find(text[1]);
    if (at == std::string_view::npos) return {};
    return {static_cast<std::uint32_t>(values[at]), 0, 2};
}

Decoded percent_escape(const Rest& text) noexcept {
    const Number byte = read_number(text.from(1), 16, 2);
    return byte.digits == 2 ? Decoded{code_of_byte(byte.value), 0, 3} : Decoded{};
}

Decoded html_escape(const Rest& text) noexcept {
    if (text[1] == '#') {
        const bool hexadecimal = text[2] == 'x' || text[2] == 'X';
        const std::size_t begin = hexadecimal ? 3 : 2;
        const Number number = read_number(text.from(begin), hexadecimal ? 16 : 10, any_number);
        if (number.digits == 0) return {};
        const std::size_t end = begin + number.digits;
        return {text::numbered_character(number.value), 0, end + (text[end] == ';' ? 1 : 0)};
    }
    std::array<char, text::longest_entity_name + 1> name{};
    for (std::size_t i = 0; i < name.size(); ++i) name[i] = text[i + 1];
    const auto reference = text::named_character_reference({name.data(), name.size()});
    if (reference.taken == 0) return {};
    return {reference.code_points[0], reference.code_points[1], reference.taken + 1};
}

Decoded decode(const Rest& text) noexcept {
    switch (text[0]) {
        case '\\': return backslash_escape(text);
        case '%': return percent_escape(text);
        case '&': return html_escape(text);
        case '+': return {' ', 0, 1};
        default: return {};
    }
}

// The character that the bytes at `index` begin, and how many they are. What is no UTF-8 is Latin-1.
Decoded character_at(const Cells& cells, std::size_t index) noexcept {
    const std::uint32_t code = cells[index].code;
    if (!cells[index].is_byte()) return {code, 0, 1};
    const std::uint32_t lead = code & 0xFFU;
    const Decoded latin_1{lead, 0, 1};
    const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (more == 0 || lead > 0xF4) return latin_1;
    std::uint32_t point = lead & (0x3FU >> more);
    for (std::size_t i = 1; i <= more; ++i) {
        if (index + i >= cells.size()) return latin_1;
        const Cell& next = cells[index + i];
        if (!next.is_byte() || (next.code & 0xC0U) != 0x80U) return latin_1;
        point = point << 6U | (next.code & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 4> least{0, 0x80, 0x800, 0x10000};
    const bool valid = point >= least[more] && point <= last_code_point && (point < 0xD800 || point > 0xDFFF);
    return valid ? Decoded{point, 0, more + 1} : latin_1;
}

}  // namespace

void Cells::reserve(std::size_t count) {
    // Anonymous memory is aligned for anything.
    if (!bytes_.reserve(std::max<std::size_t>(count, 1) * sizeof(Cell))) throw std::bad_alloc();
    cells_ = reinterpret_cast<Cell*>(bytes_.data());
}

Cells::Cells(std::string_view text) {
    reserve(text.size());
    for (std::uint32_t i = 0; i < text.size(); ++i)
        push(i, {code_of_byte(static_cast<unsigned char>(text[i])), i, i + 1});
    set_count(text.size());
}

bool Cells::unescape() noexcept {
    const std::size_t count = size();
    bool found = false;
    std::size_t out = 0;
    for (std::size_t in = 0; in < count;) {
        const Decoded decoded = decode({cells_ + in, count - in});
        if (decoded.taken == 0) {
            push(out++, cells_[in++]);
            continue;
        }
        found = true;
        const std::uint32_t begin = cells_[in].begin;
        const std::uint32_t end = cells_[in + decoded.taken - 1].end;
        in += decoded.taken;
        push(out++, {decoded.first, begin, end});
        // No name of two characters is shorter than that.
        if (decoded.second != 0) push(out++, {decoded.second, begin, end});
    }
    set_count(out);
    return found;
}

void Cells::fold_into(Cells& folded) const {
    std::size_t needed = 0;
    for (std::size_t i = 0; i < size();) {
        const Decoded character = character_at(*this, i);
        needed += text::fold_case(character.first).size;
        i += character.taken;
    }
    folded.reserve(needed);
    std::size_t out = 0;
    for (std::size_t i = 0; i < size();) {
        const Decoded character = character_at(*this, i);
        const text::FoldedCase points = text::fold_case(character.first);
        for (std::size_t point = 0; point < points.size; ++point)
            folded.push(out++,
                        {points.code_points[point], cells_[i].begin, cells_[i + character.taken - 1].end});
        i += character.taken;
    }
    folded.set_count(out);
}

}  // namespace mobivate::answer
