// SPDX-License-Identifier: MIT
#include "system/descriptors.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace mobivate::system {
namespace {

bool is_inherited(int descriptor) noexcept {
    const int flags = fcntl(descriptor, F_GETFD);
    return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

// Bytes to be read (FIONREAD), or bytes that the other end has not read yet (TIOCOUTQ). ioctl's requests have
// another type in musl.
template <auto request>
bool has_bytes(int descriptor) noexcept {
    int bytes = 0;
    return ioctl(descriptor, request, &bytes) == 0 && bytes > 0;
}

}  // namespace

InheritedPair::InheritedPair(curl_socket_t any) noexcept {
    for (curl_socket_t& number : numbers_) number = fcntl(any, F_DUPFD_CLOEXEC, 0);
    for (const curl_socket_t number : numbers_) {
        if (number != CURL_SOCKET_BAD) close(number);
    }
}

void InheritedPair::close_on_exec() const noexcept {
    const auto [reading, writing] = numbers_;
    const bool is_the_pair = is_inherited(reading) && is_inherited(writing) && has_bytes<FIONREAD>(reading) &&
                             has_bytes<TIOCOUTQ>(writing);
    if (!is_the_pair) return;
    for (const curl_socket_t number : numbers_) fcntl(number, F_SETFD, FD_CLOEXEC);
}

}  // namespace mobivate::system
