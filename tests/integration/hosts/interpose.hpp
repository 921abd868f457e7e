// SPDX-License-Identifier: MIT
// A host of another kind: this program's own send, poll, clock and functions of libcurl's are found before
// the others', by libmobivate and by libcurl.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include <curl/curl.h>

#include "support/slow_sockets.hpp"

namespace host {

// With libcurl inside the library no host can put itself in front of it: what needs that is left out.
#ifdef MOBIVATE_BUNDLED
constexpr bool libcurl_is_inside = true;
#else
constexpr bool libcurl_is_inside = false;
#endif

// The thread that calls stands still in its next poll, as with SIGSTOP, until it is let go.
struct Standstill {
    std::atomic<bool> reached{false};
    std::atomic<bool> over{false};
};
void stand_still_in_poll(Standstill* standstill);  // the calling thread; NULL: no more

// What the calling thread writes is not taken for now (EAGAIN).
void refuse_writes(bool refused);

// Moves the monotonic clock of this process.
void move_clock(std::chrono::milliseconds by);

// What curl_version_info says of its version; NULL: the truth.
void set_libcurl_version(const char* version, unsigned number);

// The option that curl_easy_setopt does not take, and how curl_multi_perform fails.
void refuse_option(CURLoption option, CURLcode code);
void fail_perform(CURLMcode code);

// Whether a multi handle was told to leave lookups to themselves (CURLMOPT_QUICK_EXIT).
bool quick_exit_was_set();

// A lookup of "unanswered.test" is answered when it is released.
void await_lookup();
void release_lookups();

}  // namespace host
