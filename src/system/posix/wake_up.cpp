// SPDX-License-Identifier: MIT
#include "system/wake_up.hpp"

#include <array>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#endif

namespace mobivate::system {

int WakeUp::prepare() noexcept {
    if (reading_ != CURL_SOCKET_BAD) return 0;
#if defined(__linux__)
    const int both = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (both < 0) return errno;
    std::array<int, 2> ends{both, both};
#else
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return errno;
    for (const int end : ends) {
        fcntl(end, F_SETFD, FD_CLOEXEC);
        fcntl(end, F_SETFL, O_NONBLOCK);
    }
#endif
    reading_ = ends[0];
    writing_.store(ends[1]);
    return 0;
}

// What is written counts as one wake-up, and a full pipe is one already.
void WakeUp::wake() noexcept {
    const curl_socket_t writing = writing_.load();
    if (writing == CURL_SOCKET_BAD) return;
    const int error = errno;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(writing, &one, sizeof one);
    errno = error;
}

void WakeUp::clear() const noexcept {
    std::array<char, 64> taken;  // NOLINT: only what is read into it counts
    while (read(reading_, taken.data(), taken.size()) == static_cast<ssize_t>(taken.size())) {
    }
}

void WakeUp::forget() noexcept {
    writing_.store(CURL_SOCKET_BAD);
    reading_ = CURL_SOCKET_BAD;
}

WakeUp::~WakeUp() {
    if (reading_ == CURL_SOCKET_BAD) return;
    const curl_socket_t writing = writing_.load();
    if (writing != reading_) close(writing);
    close(reading_);
}

}  // namespace mobivate::system
