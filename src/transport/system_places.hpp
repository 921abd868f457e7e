// SPDX-License-Identifier: MIT
// Where the systems keep the certificates that they trust.
#pragma once

#include <string>

#include "transport/trust_sources.hpp"

namespace mobivate::transport {

// What there is in the system whose root is that folder; "" is this one. Throws std::bad_alloc.
TrustSources find_system_trust(const std::string& root);

// Where it looked, as a clause, for one that has nothing.
void say_system_places(text::Message& message) noexcept;

}  // namespace mobivate::transport
