// SPDX-License-Identifier: MIT
// In a file of its own, for the kernel's header and libc's of the same name do not go together.
#include "transport/unsent.hpp"

#include <sys/socket.h>

#if defined(__linux__)
#include <linux/tcp.h>

#include <cstddef>
#endif

namespace mobivate::transport {

bool has_unsent_bytes([[maybe_unused]] curl_socket_t ended_socket) noexcept {
#if defined(__linux__)
    constexpr int tcp_level = 6;     // IPPROTO_TCP
    constexpr int state_closed = 7;  // TCP_CLOSE: an open connection might still send them
    tcp_info info{};
    socklen_t size = sizeof info;
    return getsockopt(ended_socket, tcp_level, TCP_INFO, &info, &size) == 0 &&
           size >= offsetof(tcp_info, tcpi_notsent_bytes) + sizeof info.tcpi_notsent_bytes &&
           info.tcpi_state == state_closed && info.tcpi_notsent_bytes > 0;
#else
    return false;
#endif
}

}  // namespace mobivate::transport
