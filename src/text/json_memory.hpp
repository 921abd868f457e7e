// SPDX-License-Identifier: MIT
// The memory that RapidJSON keeps its place in. It holds nesting, never text: texts are written to and parsed
// in the caller's buffers.
#pragma once

#include <cstdlib>
#include <new>

#include <rapidjson/allocators.h>

namespace mobivate::text {

// RapidJSON does not look at what an allocation returned, so a failed one has to throw.
struct ThrowingAllocator {
    static constexpr bool kNeedFree = true;

    static void* Malloc(std::size_t size) {
        if (size == 0) return nullptr;
        void* memory = std::malloc(size);
        if (memory == nullptr) throw std::bad_alloc();
        return memory;
    }
    static void* Realloc(void* old, std::size_t /*old_size*/, std::size_t size) {
        if (size == 0) {
            std::free(old);
            return nullptr;
        }
        void* memory = std::realloc(old, size);
        if (memory == nullptr) throw std::bad_alloc();
        return memory;
    }
    static void Free(void* memory) noexcept { std::free(memory); }
};

using JsonMemory = rapidjson::MemoryPoolAllocator<ThrowingAllocator>;

// Enough for any document of the API; only hostile nesting needs the heap.
struct JsonScratch {
    ThrowingAllocator heap;
    alignas(std::max_align_t) char bytes[2048];
    JsonMemory memory{bytes, sizeof bytes, 65536, &heap};
};

}  // namespace mobivate::text
