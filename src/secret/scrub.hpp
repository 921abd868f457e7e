// SPDX-License-Identifier: MIT
#pragma once

namespace mobivate::secret {

// Wipes what the functions called before have left behind outside of any buffer: the stack below, and on
// x86-64 and arm64 the vector registers, which hold what was last copied or decrypted until somebody needs
// them, and which the dynamic linker spills to the stack at the next call that is bound lazily.
void scrub() noexcept;

// Does so when it is left.
class ScrubOnExit {
public:
    ScrubOnExit() noexcept = default;
    ScrubOnExit(const ScrubOnExit&) = delete;
    ScrubOnExit& operator=(const ScrubOnExit&) = delete;
    ~ScrubOnExit() { scrub(); }
};

}  // namespace mobivate::secret
