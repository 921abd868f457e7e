// SPDX-License-Identifier: MIT
// The one request of the API, as the bytes that go over the wire.
#pragma once

#include <string_view>

#include "request/endpoint.hpp"
#include "secret/buffer.hpp"

namespace mobivate::request {

struct Credentials {
    std::string_view username;  // UTF-8
    std::string_view password;  // UTF-8
};

// Writes the whole request into `bytes`; what that held before is wiped. False when out of memory.
// Credentials that are not UTF-8 have to be refused before.
[[nodiscard]] bool build(const Endpoint& endpoint, std::string_view user_agent,
                         const Credentials& credentials, secret::Buffer& bytes);

}  // namespace mobivate::request
