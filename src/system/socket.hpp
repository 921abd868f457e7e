// SPDX-License-Identifier: MIT
// What libcurl does not do with its sockets and addresses.
#pragma once

#include <curl/curl.h>

namespace mobivate::system {

// CURLOPT_OPENSOCKETFUNCTION: a socket that a program started by the host does not inherit.
curl_socket_t open_socket(void* unused, curlsocktype purpose, struct curl_sockaddr* address) noexcept;

// Ends the connection in both directions: nothing that is written from now on leaves, whoever writes it.
void end_connection(curl_socket_t socket) noexcept;

// Whether bytes that were handed to this socket stayed in this machine for good: the connection has ended,
// and the system had not sent them yet. False wherever the system cannot tell.
[[nodiscard]] bool has_unsent_bytes(curl_socket_t ended_socket) noexcept;

// Whether it is the text of an IPv4 address that never leaves the machine.
[[nodiscard]] bool is_ipv4_loopback(const char* address) noexcept;

}  // namespace mobivate::system
