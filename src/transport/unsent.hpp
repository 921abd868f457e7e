// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

namespace mobivate::transport {

// Whether bytes that were handed to this socket stayed in this machine for good: the connection has ended,
// and the system had not sent them yet. False wherever the system cannot tell.
[[nodiscard]] bool has_unsent_bytes(curl_socket_t ended_socket) noexcept;

}  // namespace mobivate::transport
