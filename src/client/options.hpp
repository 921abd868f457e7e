// SPDX-License-Identifier: MIT
// What mbv_set sets. Options are strings, so that a new one never changes the ABI.
#pragma once

#include <string>
#include <string_view>

#include "request/endpoint.hpp"
#include "text/message.hpp"
#include "transport/connection.hpp"

namespace mobivate::client {

struct Options {
    Options();

    request::Endpoint endpoint;
    transport::Route route;
    transport::Limits limits;
    std::string user_agent;
};

// Sets one option. False: nothing has changed, and `why` names the option and what is wrong with it.
[[nodiscard]] bool set_option(Options& options, std::string_view name, std::string_view value,
                              text::Message& why);

}  // namespace mobivate::client
