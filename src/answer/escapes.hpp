// SPDX-License-Identifier: MIT
// A text as it reads once its escapes are taken off, layer by layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "secret/buffer.hpp"

namespace mobivate::answer {

// One character, or a byte of one, and where it stands in the original text.
struct Cell {
    std::uint32_t code;  // a code point; a byte from 0x80 on has `byte_flag` added
    std::uint32_t begin;
    std::uint32_t end;

    static constexpr std::uint32_t byte_flag = 0x80000000U;
    [[nodiscard]] bool is_byte() const noexcept { return (code & byte_flag) != 0; }
};

// The cells of a text. Its memory is wiped.
class Cells {
public:
    // Each byte of the text a cell. Throws std::bad_alloc.
    explicit Cells(std::string_view text);

    // Takes one layer of escapes off; says whether there was any.
    bool unescape() noexcept;

    // The text with its bytes put together to characters, and those folded in case. Throws std::bad_alloc.
    void fold_into(Cells& folded) const;
    Cells() noexcept = default;

    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() / sizeof(Cell); }
    [[nodiscard]] const Cell& operator[](std::size_t index) const noexcept { return cells_[index]; }

private:
    secret::Buffer bytes_;
    Cell* cells_ = nullptr;  // lies in it

    void reserve(std::size_t count);
    void push(std::size_t index, Cell cell) noexcept { cells_[index] = cell; }
    void set_count(std::size_t count) noexcept { bytes_.set_size(count * sizeof(Cell)); }
};

}  // namespace mobivate::answer
