// SPDX-License-Identifier: MIT
// Telling a process from the one that it was forked from.
#pragma once

#include <cstdint>

namespace mobivate::system {

// A number that no ancestor of this process had when it forked. Process IDs are not that: in a PID namespace
// of its own a child may have its parent's.
using Process = std::uint64_t;
[[nodiscard]] Process this_process() noexcept;

}  // namespace mobivate::system
