// SPDX-License-Identifier: MIT
// Memory for secrets, as far as the system helps to keep it private.
#pragma once

#include <cstddef>

namespace mobivate::system {

// Zeroed memory of whole pages, kept out of swap and core dumps, and zeroed in a forked child, where the
// system lets an ordinary process do so. `size` is rounded up. NULL when out of memory.
[[nodiscard]] void* allocate_private(std::size_t& size) noexcept;
void free_private(void* memory, std::size_t size) noexcept;

// Whether a forked child gets a copy of such memory.
void set_copied_on_fork(void* memory, std::size_t size, bool copied) noexcept;

// Overwrites memory in a way that the compiler cannot leave out.
void wipe(void* memory, std::size_t size) noexcept;

}  // namespace mobivate::system
