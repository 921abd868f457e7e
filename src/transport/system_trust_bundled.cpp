// SPDX-License-Identifier: MIT
#include "transport/system_places.hpp"

namespace mobivate::transport {

TrustSources system_trust() { return find_system_trust({}); }

void say_where_system_trust_is_looked_for(text::Message& message) noexcept {
    message << ": ";
    say_system_places(message);
}

}  // namespace mobivate::transport
