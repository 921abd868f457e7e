// SPDX-License-Identifier: MIT
// How long a call may go on: until its time has passed, or until it is cancelled.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>

#include "outcome.hpp"

namespace mobivate::transport {

struct Limits {
    std::chrono::milliseconds whole{};
    std::chrono::milliseconds connect{};
};

using Clock = std::chrono::steady_clock;

class Allowance {
public:
    Allowance(const Limits& limits, const std::atomic<bool>& cancelled) noexcept
        : limits_(limits), cancelled_(cancelled), deadline_(Clock::now() + limits.whole) {}

    // Why the call has to end now; ok while it may go on.
    [[nodiscard]] Status over() const noexcept {
        if (cancelled_.load()) return Status::cancelled;
        return Clock::now() < deadline_ ? Status::ok : Status::timeout;
    }
    [[nodiscard]] int remaining_ms() const noexcept {
        const auto remaining = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
        return static_cast<int>(std::clamp<decltype(remaining)>(remaining, 0, INT_MAX));
    }
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

private:
    const Limits& limits_;
    const std::atomic<bool>& cancelled_;
    const Clock::time_point deadline_;
};

}  // namespace mobivate::transport
