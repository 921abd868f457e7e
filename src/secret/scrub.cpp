// SPDX-License-Identifier: MIT
#include "secret/scrub.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "system/memory.hpp"

namespace mobivate::secret {
namespace {

// Twice what a request and its answer use below the caller (measured: 10.2 KB), and more than a handshake
// does, which handles no secret of the caller's (11.5 KB).
constexpr std::size_t stack_size = 20480;

[[gnu::noinline]] void wipe_stack() noexcept {
    std::array<char, stack_size> below;  // NOLINT: what lies there is the point
    system::wipe(below.data(), below.size());
}

#if defined(__x86_64__)

void wipe_upper_registers() noexcept {
    asm volatile(
        "vpxorq %%zmm16, %%zmm16, %%zmm16\n\t"
        "vpxorq %%zmm17, %%zmm17, %%zmm17\n\t"
        "vpxorq %%zmm18, %%zmm18, %%zmm18\n\t"
        "vpxorq %%zmm19, %%zmm19, %%zmm19\n\t"
        "vpxorq %%zmm20, %%zmm20, %%zmm20\n\t"
        "vpxorq %%zmm21, %%zmm21, %%zmm21\n\t"
        "vpxorq %%zmm22, %%zmm22, %%zmm22\n\t"
        "vpxorq %%zmm23, %%zmm23, %%zmm23\n\t"
        "vpxorq %%zmm24, %%zmm24, %%zmm24\n\t"
        "vpxorq %%zmm25, %%zmm25, %%zmm25\n\t"
        "vpxorq %%zmm26, %%zmm26, %%zmm26\n\t"
        "vpxorq %%zmm27, %%zmm27, %%zmm27\n\t"
        "vpxorq %%zmm28, %%zmm28, %%zmm28\n\t"
        "vpxorq %%zmm29, %%zmm29, %%zmm29\n\t"
        "vpxorq %%zmm30, %%zmm30, %%zmm30\n\t"
        "vpxorq %%zmm31, %%zmm31, %%zmm31" ::
            : "memory");
}

// XCR0, which says what registers the system saves, and so which ones there are. The compiler's own
// __builtin_cpu_supports asks the processor a dozen times as the library is loaded, and in a virtual machine
// each of these goes to the host.
std::uint32_t saved_registers() noexcept {
    constexpr std::uint32_t known = 1U << 31U;
    static std::atomic<std::uint32_t> found{0};
    std::uint32_t eax = found.load(std::memory_order_relaxed);
    if (eax != 0) return eax;
    std::uint32_t ebx = 0;
    std::uint32_t ecx = 0;
    std::uint32_t edx = 0;
    __cpuid(1, eax, ebx, ecx, edx);
    eax = 0;
    if ((ecx & bit_OSXSAVE) != 0) asm volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    found.store(eax | known, std::memory_order_relaxed);
    return eax;
}

void wipe_registers() noexcept {
    constexpr std::uint32_t avx = 0x06;
    constexpr std::uint32_t avx512 = 0xE6;
    const std::uint32_t saved = saved_registers();
    if ((saved & avx) == avx) {
        asm volatile("vzeroall" ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                           "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
        if ((saved & avx512) == avx512) wipe_upper_registers();
        return;
    }
    asm volatile(
        "pxor %%xmm0, %%xmm0\n\tpxor %%xmm1, %%xmm1\n\tpxor %%xmm2, %%xmm2\n\tpxor %%xmm3, %%xmm3\n\t"
        "pxor %%xmm4, %%xmm4\n\tpxor %%xmm5, %%xmm5\n\tpxor %%xmm6, %%xmm6\n\tpxor %%xmm7, %%xmm7\n\t"
        "pxor %%xmm8, %%xmm8\n\tpxor %%xmm9, %%xmm9\n\tpxor %%xmm10, %%xmm10\n\tpxor %%xmm11, %%xmm11\n\t"
        "pxor %%xmm12, %%xmm12\n\tpxor %%xmm13, %%xmm13\n\tpxor %%xmm14, %%xmm14\n\tpxor %%xmm15, %%xmm15" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
              "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

#elif defined(__aarch64__)

// The compiler saves the lower halves of v8 to v15, which belong to the caller.
void wipe_registers() noexcept {
    asm volatile(
        "movi v0.2d, #0\n\tmovi v1.2d, #0\n\tmovi v2.2d, #0\n\tmovi v3.2d, #0\n\tmovi v4.2d, #0\n\t"
        "movi v5.2d, #0\n\tmovi v6.2d, #0\n\tmovi v7.2d, #0\n\tmovi v8.2d, #0\n\tmovi v9.2d, #0\n\t"
        "movi v10.2d, #0\n\tmovi v11.2d, #0\n\tmovi v12.2d, #0\n\tmovi v13.2d, #0\n\tmovi v14.2d, #0\n\t"
        "movi v15.2d, #0\n\tmovi v16.2d, #0\n\tmovi v17.2d, #0\n\tmovi v18.2d, #0\n\tmovi v19.2d, #0\n\t"
        "movi v20.2d, #0\n\tmovi v21.2d, #0\n\tmovi v22.2d, #0\n\tmovi v23.2d, #0\n\tmovi v24.2d, #0\n\t"
        "movi v25.2d, #0\n\tmovi v26.2d, #0\n\tmovi v27.2d, #0\n\tmovi v28.2d, #0\n\tmovi v29.2d, #0\n\t"
        "movi v30.2d, #0\n\tmovi v31.2d, #0" ::
            : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",
              "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27",
              "v28", "v29", "v30", "v31");
}

#else

void wipe_registers() noexcept {}

#endif

}  // namespace

// The registers last: wiping memory may use them.
void scrub() noexcept {
    wipe_stack();
    wipe_registers();
}

}  // namespace mobivate::secret
