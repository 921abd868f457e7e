// SPDX-License-Identifier: MIT
// A host of another kind: this program's own send, poll, clock and functions of libcurl's are found before
// the others', by libmobivate and by libcurl.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include <curl/curl.h>

namespace host {

// In the calling thread, sockets take so many bytes more and then none. There is room again when a poll that
// waited for it has ended for another reason: a time-out, say.
class SlowSockets {
public:
    explicit SlowSockets(long bytes, bool until_poll_ends = true);
    SlowSockets(const SlowSockets&) = delete;
    SlowSockets& operator=(const SlowSockets&) = delete;
    ~SlowSockets();

    std::atomic<bool> blocked{false};  // nothing is taken any more
    long bytes_left;
    const bool until_poll_ends;
};

// The thread that calls stands still in its next poll, as with SIGSTOP, until it is let go.
struct Standstill {
    std::atomic<bool> reached{false};
    std::atomic<bool> over{false};
};
void stand_still_in_poll(Standstill* standstill);  // the calling thread; NULL: no more

// Moves the monotonic clock of this process.
void move_clock(std::chrono::milliseconds by);

// What getpid() says; 0: the truth.
void set_process_id(int id);

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
