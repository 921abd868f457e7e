// SPDX-License-Identifier: MIT
#pragma once

namespace mobivate::system {

// While it lives, the calling thread cannot be cancelled (pthread_cancel): the unwinding would meet a
// noexcept and end the process, and leave secrets behind. The thread is cancelled at its next cancellation
// point after it.
class CancellationDisabled {
public:
    CancellationDisabled() noexcept;
    CancellationDisabled(const CancellationDisabled&) = delete;
    CancellationDisabled& operator=(const CancellationDisabled&) = delete;
    ~CancellationDisabled();

private:
    int old_state_ = 0;
};

}  // namespace mobivate::system
