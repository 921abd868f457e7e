// SPDX-License-Identifier: MIT
// As much of an X.509 certificate as it takes to find it by its subject, without any TLS library.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mobivate::transport {

// The subject of a certificate in DER, as it stands there. Nothing where the certificate is anything but
// plain and well-formed (RFC 5280): what this lets pass, the TLS library can parse, and what it does not let
// pass, the TLS library may still take.
std::optional<std::string_view> plain_subject(std::string_view certificate) noexcept;

// A number for a name in DER: the same for any two names that X.509 holds to be equal, whatever types of
// string, letter case and spaces they are written with. Different names may share one. Nothing where the name
// is not DER.
std::optional<std::uint64_t> name_number(std::string_view name) noexcept;

}  // namespace mobivate::transport
