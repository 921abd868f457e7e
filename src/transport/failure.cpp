// SPDX-License-Identifier: MIT
#include "transport/failure.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace mobivate::transport {
namespace {

constexpr unsigned oldest_version = 0x075700;
constexpr std::string_view oldest_version_in_words = "7.87.0";
constexpr std::size_t quoted_limit = 400;
constexpr std::size_t problem_limit = 720;  // with what stands around it a message has room for it

bool is_tls_failure(int code) noexcept {
    switch (code) {
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ENGINE_NOTFOUND:
        case CURLE_SSL_ENGINE_SETFAILED:
        case CURLE_SSL_ENGINE_INITFAILED:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_SHUTDOWN_FAILED:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_CLIENTCERT: return true;
        default: return false;
    }
}

Status status_of_failed_connect(int code) noexcept {
    if (is_tls_failure(code)) return Status::tls;
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY: return Status::resolve;
        case CURLE_OPERATION_TIMEDOUT: return Status::timeout;
        case CURLE_OUT_OF_MEMORY: return Status::no_memory;
        case CURLE_FAILED_INIT:
        case CURLE_BAD_FUNCTION_ARGUMENT:
        case CURLE_UNKNOWN_OPTION: return Status::internal;
        default: return Status::connect;
    }
}

std::string_view phase_in_words(Status status) noexcept {
    switch (status) {
        case Status::tls: return "No secure connection could be made: ";
        case Status::resolve: return "A name could not be resolved: ";
        case Status::no_memory: return "There was no memory to connect: ";
        case Status::internal: return "libcurl was used wrongly: ";
        default: return "No connection could be made: ";
    }
}

// How those of libcurl's texts begin that name hosts, ports, certificates and codes alone. Some of the others
// quote a proxy's URL with the password in it, in one version or another, so only these are quoted.
constexpr std::array<std::string_view, 24> quotable{{
    "Could not resolve host: ",
    "Could not resolve proxy: ",
    "Failed to resolve host '",
    "Failed to resolve \"",
    "Failed to connect to ",
    "Connection timed out after ",
    "Connection timeout after ",
    "CONNECT tunnel failed, response ",
    "Received HTTP code ",
    "Proxy CONNECT aborted",
    "CONNECT response too large",
    "SSL certificate problem: ",
    "SSL: ",
    "OpenSSL SSL_connect: ",
    "OpenSSL/",  // and its version, and "error:"
    "TLS connect error: ",
    "error:",
    "server certificate verification failed",
    "gnutls_handshake() failed: ",
    "Can't complete SOCKS",
    "User was rejected by the SOCKS5 server",
    "No authentication method was acceptable",
    "SOCKS5: ",
    "Recv failure: ",
}};

bool is_quotable(std::string_view detail) noexcept {
    return std::any_of(quotable.begin(), quotable.end(), [detail](std::string_view beginning) {
        return detail.substr(0, beginning.size()) == beginning;
    });
}

}  // namespace

bool library_is_too_old() noexcept {
    return curl_version_info(CURLVERSION_NOW)->version_num < oldest_version;
}

void tell_code(text::Message& what, CURLcode code) noexcept {
    what << curl_easy_strerror(code) << " (CURLcode " << std::int64_t{code} << ")";
}

Status Failure::status() const noexcept {
    switch (kind_) {
        case Kind::none: return Status::ok;
        case Kind::start:
        case Kind::no_handle:
        case Kind::no_descriptor: return Status::no_memory;
        case Kind::option: return code_ == CURLE_OUT_OF_MEMORY ? Status::no_memory : Status::internal;
        case Kind::multi: return code_ == CURLM_OUT_OF_MEMORY ? Status::no_memory : Status::internal;
        case Kind::connect: return status_of_failed_connect(code_);
        case Kind::given_up: return static_cast<Status>(code_);
        default: return Status::internal;
    }
}

void Failure::tell(text::Message& what, std::string_view problem, std::string_view detail) const noexcept {
    const std::string_view loaded = curl_version_info(CURLVERSION_NOW)->version;
    const auto code = static_cast<CURLcode>(code_);
    switch (kind_) {
        case Kind::none:
        case Kind::given_up: return;
        case Kind::old_library:
            what << "libcurl " << loaded << " is loaded, and libmobivate needs " << oldest_version_in_words
                 << " or newer";
            break;
        case Kind::start:
            what << "libcurl " << loaded << " could not be started: ";
            tell_code(what, code);
            break;
        case Kind::no_handle: what << "libcurl had no memory for a handle"; break;
        case Kind::no_descriptor:
            what << "There was no file descriptor to wait with: " << std::strerror(code_);
            break;
        case Kind::option: {
            const curl_easyoption* option = curl_easy_option_by_id(option_);
            what << "libcurl " << loaded << " refused the option CURLOPT_"
                 << (option != nullptr ? std::string_view(option->name) : "?") << ": ";
            tell_code(what, code);
            break;
        }
        case Kind::multi: {
            const auto multi_code = static_cast<CURLMcode>(code_);
            what << "libcurl " << loaded << " failed: " << curl_multi_strerror(multi_code) << " (CURLMcode "
                 << std::int64_t{code_} << ")";
            break;
        }
        case Kind::connect:
            what << phase_in_words(status());
            if (!problem.empty()) {
                what.quote(problem, problem_limit);
            } else if (is_quotable(detail)) {
                what.quote(detail, quoted_limit);
            } else {
                tell_code(what, code);
            }
            break;
    }
    what << ".";
}

}  // namespace mobivate::transport
