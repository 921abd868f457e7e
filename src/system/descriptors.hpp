// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <curl/curl.h>

namespace mobivate::system {

// The pair of sockets that a libcurl before 8.13 wakes its multi handle with, and lets every program inherit
// that the host starts. It does not say which they are.
class InheritedPair {
public:
    // Before the pair is opened: it gets the lowest numbers that are free, unless another thread is quicker.
    // `any` is a descriptor that is open.
    explicit InheritedPair(curl_socket_t any) noexcept;

    // After it, and after the multi handle was woken: which shows whether it is this pair. If not, or if it
    // is not inherited anyway, nothing is changed.
    void close_on_exec() const noexcept;

private:
    std::array<curl_socket_t, 2> numbers_{CURL_SOCKET_BAD, CURL_SOCKET_BAD};
};

}  // namespace mobivate::system
