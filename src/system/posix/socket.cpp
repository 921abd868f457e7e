// SPDX-License-Identifier: MIT
#include "system/socket.hpp"

#include <array>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

// Not libc's header of the same name, which does not go together with the kernel's.
#if defined(__linux__)
#include <linux/tcp.h>

#include <cstddef>
#endif

namespace mobivate::system {

curl_socket_t open_socket(void* /*unused*/, curlsocktype /*purpose*/,
                          struct curl_sockaddr* address) noexcept {
#if defined(SOCK_CLOEXEC)
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
    const curl_socket_t opened = socket(address->family, address->socktype, address->protocol);
    if (opened != CURL_SOCKET_BAD) fcntl(opened, F_SETFD, FD_CLOEXEC);
    return opened;
#endif
}

void end_connection(curl_socket_t socket) noexcept { shutdown(socket, SHUT_RDWR); }

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

bool is_ipv4_loopback(const char* address) noexcept {
    std::array<unsigned char, 4> bytes{};
    return inet_pton(AF_INET, address, bytes.data()) == 1 && bytes[0] == 127;
}

}  // namespace mobivate::system
