// SPDX-License-Identifier: MIT
// Where libcurl and OpenSSL are inside this library: there is one copy, and the linker knows it.
#include <cstdint>

#include <curl/curl.h>

#include "system/environment.hpp"
#include "transport/openssl.hpp"

namespace mobivate::transport {
namespace {

#define MOBIVATE_FUNCTION(name) &::name,
constexpr OpenSsl functions{MOBIVATE_OPENSSL_FUNCTIONS(MOBIVATE_FUNCTION)};
#undef MOBIVATE_FUNCTION

}  // namespace

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): not where it is looked up
bool OpenSsl::made(const SSL_CTX* /*context*/) const noexcept { return true; }

void find_openssl() noexcept {}

const OpenSsl* openssl() noexcept { return &functions; }

bool openssl_is_undecided() noexcept { return false; }

void decide_openssl(const SSL_CTX* /*context*/) noexcept {}

// The system's configuration is for the system's OpenSSL, and may ask for what is not in this one. What
// somebody names is meant for this process, and so for this library as well.
void initialise_openssl() noexcept {
    constexpr std::uint64_t with = OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_LOAD_CONFIG;
    constexpr std::uint64_t without = OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CONFIG;
    const bool is_named = *system::environment("OPENSSL_CONF") != '\0';
    functions.OPENSSL_init_crypto(is_named ? with : without, nullptr);
}

std::string tls_library() { return curl_version_info(CURLVERSION_NOW)->ssl_version; }

}  // namespace mobivate::transport
