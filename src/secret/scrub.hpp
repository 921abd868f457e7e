// SPDX-License-Identifier: MIT
#pragma once

namespace mobivate::secret {

// Wipes, when it is left, what the functions called since have left behind outside of any buffer: the stack
// below, and on x86-64 and arm64 the vector registers, which hold what was last copied or decrypted until
// somebody needs them, and which the dynamic linker spills to the stack at the next call that is bound
// lazily.
class ScrubOnExit {
public:
    ScrubOnExit() noexcept = default;
    ScrubOnExit(const ScrubOnExit&) = delete;
    ScrubOnExit& operator=(const ScrubOnExit&) = delete;
    ~ScrubOnExit();
};

}  // namespace mobivate::secret
