// SPDX-License-Identifier: MIT
#include "system/process.hpp"

#include <windows.h>

namespace mobivate::system {

// There is no fork.
Process this_process() noexcept { return 1; }

void stay_loaded() noexcept {
    HMODULE self = nullptr;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                       reinterpret_cast<const wchar_t*>(&stay_loaded), &self);
}

}  // namespace mobivate::system
