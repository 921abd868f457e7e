// SPDX-License-Identifier: MIT
// Makes one allocation or one system call of a call fail: this program's own malloc, socket, send, ... are
// found before libc's, by libcurl and the TLS library, too.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace interpose {

// Counts the allocations of the calling thread. The nth from now fails (0: none does), and with `all_after`
// those after it as well.
void fail_allocation(long nth, bool all_after);
void stop();
[[nodiscard]] long allocations();
[[nodiscard]] bool failed();

// The system calls that can fail, and the errors that each can fail with.
struct SystemCall {
    const char* name;
    std::vector<int> errors;
};
[[nodiscard]] const std::vector<SystemCall>& system_calls();

// The nth call of that name fails with this error.
void fail_system_call(const std::string& name, long nth, int error);
[[nodiscard]] long calls(const std::string& name);

}  // namespace interpose
