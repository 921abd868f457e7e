// SPDX-License-Identifier: MIT
// Where a request goes: what the option base_url says.
#pragma once

#include <string>
#include <string_view>

#include "text/message.hpp"

namespace mobivate::request {

struct Endpoint {
    bool secure = true;       // https
    std::string origin;       // "https://host:port/", to connect to
    std::string host_header;  // as in the URL: the port only where it is not the scheme's own
    std::string path;         // of the base URL, without a slash at its end
};

// Reads a base URL. False: it cannot be used, and `why` says so, as the end of a sentence about it.
[[nodiscard]] bool parse_endpoint(std::string_view base_url, Endpoint& endpoint, text::Message& why);

}  // namespace mobivate::request
