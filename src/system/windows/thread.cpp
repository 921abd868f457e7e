// SPDX-License-Identifier: MIT
// Windows has no cancelling of threads that would unwind them.
#include "system/thread.hpp"

namespace mobivate::system {

CancellationDisabled::CancellationDisabled() noexcept = default;

CancellationDisabled::~CancellationDisabled() = default;

}  // namespace mobivate::system
