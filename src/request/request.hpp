// SPDX-License-Identifier: MIT
// A request of the API, as the bytes that go over the wire.
#pragma once

#include <string_view>

#include "call.hpp"
#include "request/endpoint.hpp"
#include "secret/buffer.hpp"

namespace mobivate::request {

// What a call is about: user name and password in UTF-8, or a key in printable ASCII without spaces.
struct Credentials {
    std::string_view username;
    std::string_view password;
    std::string_view key;

    // What no text may show.
    [[nodiscard]] std::string_view secret() const noexcept { return key.empty() ? password : key; }
};

// Writes the whole request into `bytes`; what that held before is wiped. False when out of memory.
// Credentials that are not as they should be have to be refused before.
[[nodiscard]] bool build(const Call& call, const Endpoint& endpoint, std::string_view user_agent,
                         const Credentials& credentials, secret::Buffer& bytes);

}  // namespace mobivate::request
