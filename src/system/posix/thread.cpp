// SPDX-License-Identifier: MIT
#include "system/thread.hpp"

#include <pthread.h>

namespace mobivate::system {

CancellationDisabled::CancellationDisabled() noexcept {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old_state_);
}

CancellationDisabled::~CancellationDisabled() { pthread_setcancelstate(old_state_, nullptr); }

}  // namespace mobivate::system
