// SPDX-License-Identifier: MIT
#include "text/case_folding.hpp"

#include <algorithm>
#include <iterator>

namespace mobivate::text {
namespace {

struct Range {
    std::uint32_t first;
    std::uint32_t last;
    std::uint32_t step;
    std::int32_t difference;
};

struct Expansion {
    std::uint32_t code_point;
    std::array<std::uint32_t, 3> folded;  // unused ones are 0
};

#include "text/case_folding.inc"

}  // namespace

FoldedCase fold_case(std::uint32_t code_point) noexcept {
    if (code_point < 0x80) return {{code_point + (code_point >= 'A' && code_point <= 'Z' ? 0x20U : 0U)}, 1};
    const auto* const range =
        std::lower_bound(std::begin(ranges), std::end(ranges), code_point,
                         [](const Range& entry, std::uint32_t wanted) { return entry.last < wanted; });
    if (range != std::end(ranges) && code_point >= range->first &&
        (code_point - range->first) % range->step == 0) {
        return {{code_point + static_cast<std::uint32_t>(range->difference)}, 1};
    }
    const auto* const expansion = std::lower_bound(
        std::begin(expansions), std::end(expansions), code_point,
        [](const Expansion& entry, std::uint32_t wanted) { return entry.code_point < wanted; });
    if (expansion != std::end(expansions) && expansion->code_point == code_point)
        return {expansion->folded, expansion->folded[2] == 0 ? std::size_t{2} : std::size_t{3}};
    return {{code_point}, 1};
}

}  // namespace mobivate::text
