// SPDX-License-Identifier: MIT
#include <winsock2.h>

#include <ws2tcpip.h>

#include "system/socket.hpp"

namespace mobivate::system {

curl_socket_t open_socket(void* /*unused*/, curlsocktype /*purpose*/,
                          struct curl_sockaddr* address) noexcept {
    return WSASocketW(address->family, address->socktype, address->protocol, nullptr, 0,
                      WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

void end_connection(curl_socket_t socket) noexcept { shutdown(socket, SD_BOTH); }

// What SIO_TCP_INFO tells does not say whether the connection has ended.
bool has_unsent_bytes(curl_socket_t /*ended_socket*/) noexcept { return false; }

bool is_ipv4_loopback(const char* address) noexcept {
    IN_ADDR bytes{};
    return inet_pton(AF_INET, address, &bytes) == 1 && bytes.S_un.S_un_b.s_b1 == 127;
}

}  // namespace mobivate::system
