// SPDX-License-Identifier: MIT
// libcurl wakes its multi handle by an event here, which no program inherits.
#include "system/descriptors.hpp"

namespace mobivate::system {

InheritedPair::InheritedPair(curl_socket_t /*any*/) noexcept {}

void InheritedPair::close_on_exec() const noexcept {}

}  // namespace mobivate::system
