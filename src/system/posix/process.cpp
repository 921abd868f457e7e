// SPDX-License-Identifier: MIT
#include "system/process.hpp"

#include <atomic>
#include <new>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

namespace mobivate::system {
namespace {

using Number = std::atomic<Process>;

// Where the kernel cannot wipe memory on fork, fork() itself tells. It does not tell of a clone() without it.
Number* number_told_by_fork() noexcept {
    static Number number{0};
    pthread_atfork(nullptr, nullptr, [] { number.store(0); });
    return &number;
}

// Zero in a forked child, until the first who asks there gives it a number.
Number* number_that_ends_with_fork() noexcept {
#if defined(MADV_WIPEONFORK)
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* memory = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) {
        if (madvise(memory, page, MADV_WIPEONFORK) == 0) return ::new (memory) Number{0};
        munmap(memory, page);
    }
#endif
    return number_told_by_fork();
}

}  // namespace

Process this_process() noexcept {
    static Number* const current = number_that_ends_with_fork();
    static Number last{0};
    Process number = current->load();
    if (number == 0) {
        const Process fresh = last.fetch_add(1) + 1;
        if (current->compare_exchange_strong(number, fresh)) number = fresh;
    }
    return number;
}

// The linker has seen to it (-z nodelete).
void stay_loaded() noexcept {}

}  // namespace mobivate::system
