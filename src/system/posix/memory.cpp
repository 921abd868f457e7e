// SPDX-License-Identifier: MIT
#include "system/memory.hpp"

#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

namespace mobivate::system {
namespace {

std::size_t whole_pages(std::size_t size) noexcept {
    static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return (size + page - 1) / page * page;
}

}  // namespace

void* allocate_private(std::size_t& size) noexcept {
    // Rounding up must not wrap around to a small size.
    if (size > static_cast<std::size_t>(-1) / 2) return nullptr;
    const std::size_t whole = whole_pages(size);
    void* memory = mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    size = whole;
    // Best effort: an ordinary process may not be allowed to lock memory, and old kernels lack the advice.
    mlock(memory, size);
#if defined(MADV_DONTDUMP)
    madvise(memory, size, MADV_DONTDUMP);
#endif
    set_copied_on_fork(memory, size, false);
    return memory;
}

void free_private(void* memory, std::size_t size) noexcept { munmap(memory, size); }

void set_copied_on_fork([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t size,
                        [[maybe_unused]] bool copied) noexcept {
#if defined(MADV_WIPEONFORK)
    madvise(memory, size, copied ? MADV_KEEPONFORK : MADV_WIPEONFORK);
#endif
}

void wipe(void* memory, std::size_t size) noexcept {
    if (size > 0) explicit_bzero(memory, size);
}

}  // namespace mobivate::system
