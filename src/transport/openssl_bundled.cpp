// SPDX-License-Identifier: MIT
// Where libcurl and OpenSSL are inside this library: there is one copy, and the linker knows it.
#include <cstdint>
#include <utility>

#include <curl/curl.h>
#include <openssl/cryptoerr_legacy.h>

#include "system/environment.hpp"
#include "transport/openssl.hpp"
#include "transport/tls_algorithms.hpp"

namespace mobivate::transport {
namespace {

#define MOBIVATE_FUNCTION(name) &::name,
constexpr OpenSsl functions{MOBIVATE_OPENSSL_FUNCTIONS(MOBIVATE_FUNCTION)};
#undef MOBIVATE_FUNCTION

// Once something has failed. OpenSSL would load its texts as it starts, thousands of them: a twentieth of
// what a process with one call costs. Those of libssl come with it.
void load_error_texts() noexcept {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // in favour of loading them as it starts
    for (const auto load :
         {&ERR_load_ERR_strings, &ERR_load_X509_strings, &ERR_load_X509V3_strings, &ERR_load_ASN1_strings,
          &ERR_load_PEM_strings, &ERR_load_EVP_strings, &ERR_load_EC_strings, &ERR_load_RSA_strings,
          &ERR_load_BN_strings, &ERR_load_BIO_strings, &ERR_load_CRYPTO_strings, &ERR_load_RAND_strings}) {
        load();
    }
#pragma GCC diagnostic pop
}

}  // namespace

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): not where it is looked up
bool OpenSsl::made(const SSL_CTX* /*context*/) const noexcept { return true; }

void find_openssl() noexcept {}

const OpenSsl* openssl() noexcept { return &functions; }

bool openssl_is_undecided() noexcept { return false; }

void decide_openssl(const SSL_CTX* /*context*/) noexcept {}

// libcurl quotes OpenSSL's texts when a handshake has failed, which this is told before libcurl is.
void prepare_error_texts(SSL_CTX* context) noexcept {
    SSL_CTX_set_info_callback(context, [](const SSL* /*connection*/, int where, int /*result*/) {
        if (where == SSL_CB_CONNECT_EXIT && ERR_peek_error() != 0) load_error_texts();
    });
}

// The system's configuration is for the system's OpenSSL, and may ask for what is not in this one. What
// somebody names is meant for this process, and so for this library as well: then nothing is left out.
void initialise_openssl() noexcept {
    const bool is_named = system::environment_has("OPENSSL_CONF");
    // Nobody asks for a cipher by the names from before there were providers.
    const std::uint64_t configuration =
        is_named ? OPENSSL_INIT_LOAD_CONFIG : OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS;
    functions.OPENSSL_init_crypto(
        OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | configuration, nullptr);
    static bool is_done = false;  // under the callers' lock
    if (!std::exchange(is_done, true) && !is_named) leave_out_unused_algorithms(nullptr);
}

std::string tls_library() { return curl_version_info(CURLVERSION_NOW)->ssl_version; }

}  // namespace mobivate::transport
