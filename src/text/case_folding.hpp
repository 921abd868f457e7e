// SPDX-License-Identifier: MIT
// Unicode's full case folding: what texts are reduced to that differ in case alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mobivate::text {

struct FoldedCase {
    std::array<std::uint32_t, 3> code_points{};
    std::size_t size = 1;
};

[[nodiscard]] FoldedCase fold_case(std::uint32_t code_point) noexcept;

}  // namespace mobivate::text
