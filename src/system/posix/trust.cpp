// SPDX-License-Identifier: MIT
#include "system/trust.hpp"

namespace mobivate::system {

bool judges_certificates() noexcept { return false; }

struct Judging::State {};

// NOLINTNEXTLINE(performance-unnecessary-value-param): not where there is one
Judging::Judging(std::vector<std::string> /*chain*/) {}

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): not where there is one
std::optional<Judgement> Judging::wait(int /*most_ms*/) const noexcept { return Judgement::refused; }

}  // namespace mobivate::system
