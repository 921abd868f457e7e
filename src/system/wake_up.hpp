// SPDX-License-Identifier: MIT
// Ends a poll from another thread.
#pragma once

#include <atomic>

#include <curl/curl.h>

namespace mobivate::system {

class WakeUp {
public:
    WakeUp() noexcept = default;
    WakeUp(const WakeUp&) = delete;
    WakeUp& operator=(const WakeUp&) = delete;
    ~WakeUp();

    // Gets the descriptors, where they are not there yet. 0, or the system's error.
    [[nodiscard]] int prepare() noexcept;

    // Makes descriptor() readable, until it is cleared. From any thread, at any time, and from a signal's
    // handler.
    void wake() noexcept;
    void clear() const noexcept;
    [[nodiscard]] curl_socket_t descriptor() const noexcept { return reading_; }

    // In a forked child: the parent's descriptors are left alone.
    void forget() noexcept;

private:
    curl_socket_t reading_ = CURL_SOCKET_BAD;
    std::atomic<curl_socket_t> writing_{CURL_SOCKET_BAD};
};

}  // namespace mobivate::system
