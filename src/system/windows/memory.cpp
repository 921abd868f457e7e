// SPDX-License-Identifier: MIT
#include "system/memory.hpp"

#include <windows.h>

namespace mobivate::system {
namespace {

// In Windows 10 since version 1703: memory that is left out of reports of crashes.
template <class Function>
Function* find(const char* name) noexcept {
    return reinterpret_cast<Function*>(
        reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"kernel32.dll"), name)));
}

void leave_out_of_reports(void* memory, std::size_t size) noexcept {
    using Function = HRESULT WINAPI(const void*, DWORD);
    static Function* const function = find<Function>("WerRegisterExcludedMemoryBlock");
    if (function != nullptr) function(memory, static_cast<DWORD>(size));
}

void forget_in_reports(void* memory) noexcept {
    using Function = HRESULT WINAPI(const void*);
    static Function* const function = find<Function>("WerUnregisterExcludedMemoryBlock");
    if (function != nullptr) function(memory);
}

}  // namespace

void* allocate_private(std::size_t& size) noexcept {
    if (size > static_cast<std::size_t>(-1) / 2) return nullptr;
    SYSTEM_INFO facts;
    GetSystemInfo(&facts);
    const std::size_t whole = (size + facts.dwPageSize - 1) / facts.dwPageSize * facts.dwPageSize;
    void* memory = VirtualAlloc(nullptr, whole, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (memory == nullptr) return nullptr;
    size = whole;
    // Best effort: a process can lock no more than its smallest working set.
    VirtualLock(memory, size);
    leave_out_of_reports(memory, size);
    return memory;
}

void free_private(void* memory, std::size_t /*size*/) noexcept {
    forget_in_reports(memory);
    VirtualFree(memory, 0, MEM_RELEASE);
}

void set_copied_on_fork(void* /*memory*/, std::size_t /*size*/, bool /*copied*/) noexcept {}

void wipe(void* memory, std::size_t size) noexcept { SecureZeroMemory(memory, size); }

}  // namespace mobivate::system
