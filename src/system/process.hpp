// SPDX-License-Identifier: MIT
// This process, and this library in it.
#pragma once

#include <cstdint>

namespace mobivate::system {

// A number that no ancestor of this process had when it forked. Process IDs are not that: in a PID namespace
// of its own a child may have its parent's.
using Process = std::uint64_t;
[[nodiscard]] Process this_process() noexcept;

// The library must not be unloaded any more: a lookup that was cancelled goes on in a thread of libcurl's.
void stay_loaded() noexcept;

}  // namespace mobivate::system
