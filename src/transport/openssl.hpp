// SPDX-License-Identifier: MIT
// OpenSSL, in the very copy that libcurl uses. Every function that is called comes from one table, which is
// filled in one of two ways, as the library is built:
//
// With the system's libcurl (openssl_found.cpp) this library names no TLS library as its own need, so that it
// also loads beside a libcurl on another one, and a process may hold several copies of OpenSSL, of versions
// that do not go together. So nothing is bound by name.
//
// With libcurl and OpenSSL inside (openssl_bundled.cpp) the linker fills it.
#pragma once

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <memory>
#include <string>

namespace mobivate::transport {

#define MOBIVATE_OPENSSL_FUNCTIONS(FUNCTION)   \
    FUNCTION(BIO_free)                         \
    FUNCTION(BIO_new_mem_buf)                  \
    FUNCTION(ERR_clear_error)                  \
    FUNCTION(ERR_get_error_all)                \
    FUNCTION(ERR_new)                          \
    FUNCTION(ERR_peek_error)                   \
    FUNCTION(ERR_pop_to_mark)                  \
    FUNCTION(ERR_set_debug)                    \
    FUNCTION(ERR_set_error)                    \
    FUNCTION(ERR_set_mark)                     \
    FUNCTION(OPENSSL_init_crypto)              \
    FUNCTION(OPENSSL_sk_num)                   \
    FUNCTION(OPENSSL_sk_pop_free)              \
    FUNCTION(OPENSSL_sk_value)                 \
    FUNCTION(OpenSSL_version)                  \
    FUNCTION(PEM_X509_INFO_read_bio)           \
    FUNCTION(SSL_CTX_config)                   \
    FUNCTION(SSL_CTX_ctrl)                     \
    FUNCTION(SSL_CTX_get_ssl_method)           \
    FUNCTION(SSL_CTX_set_cert_store)           \
    FUNCTION(SSL_CTX_set_cert_verify_callback) \
    FUNCTION(SSL_CTX_set_keylog_callback)      \
    FUNCTION(SSL_CTX_set_options)              \
    FUNCTION(SSL_CTX_set_verify)               \
    FUNCTION(X509_INFO_free)                   \
    FUNCTION(X509_LOOKUP_ctrl)                 \
    FUNCTION(X509_LOOKUP_hash_dir)             \
    FUNCTION(X509_NAME_get0_der)               \
    FUNCTION(X509_STORE_CTX_free)              \
    FUNCTION(X509_STORE_CTX_get0_cert)         \
    FUNCTION(X509_STORE_CTX_get0_param)        \
    FUNCTION(X509_STORE_CTX_get0_store)        \
    FUNCTION(X509_STORE_CTX_get0_untrusted)    \
    FUNCTION(X509_STORE_CTX_get1_certs)        \
    FUNCTION(X509_STORE_CTX_get1_issuer)       \
    FUNCTION(X509_STORE_CTX_get_error)         \
    FUNCTION(X509_STORE_CTX_init)              \
    FUNCTION(X509_STORE_CTX_new)               \
    FUNCTION(X509_STORE_CTX_set_error)         \
    FUNCTION(X509_STORE_add_cert)              \
    FUNCTION(X509_STORE_add_lookup)            \
    FUNCTION(X509_STORE_free)                  \
    FUNCTION(X509_STORE_get_ex_data)           \
    FUNCTION(X509_STORE_new)                   \
    FUNCTION(X509_STORE_set_ex_data)           \
    FUNCTION(X509_STORE_set_flags)             \
    FUNCTION(X509_STORE_set_get_issuer)        \
    FUNCTION(X509_STORE_set_lookup_certs)      \
    FUNCTION(X509_STORE_up_ref)                \
    FUNCTION(X509_VERIFY_PARAM_set1)           \
    FUNCTION(X509_free)                        \
    FUNCTION(X509_get_issuer_name)             \
    FUNCTION(X509_get_subject_name)            \
    FUNCTION(X509_verify_cert)                 \
    FUNCTION(X509_verify_cert_error_string)    \
    FUNCTION(d2i_X509)                         \
    FUNCTION(i2d_X509)

struct OpenSsl {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a name cannot stand in any
#define MOBIVATE_FUNCTION(name) decltype(&::name) name = nullptr;
    MOBIVATE_OPENSSL_FUNCTIONS(MOBIVATE_FUNCTION)
#undef MOBIVATE_FUNCTION

    // Whether this copy made the context: another one's must not be touched.
    [[nodiscard]] bool made(const SSL_CTX* context) const noexcept;
};

// Looks for it, where that is not done yet. To be called by each user of libcurl before curl_global_init(),
// under a lock of theirs.
void find_openssl() noexcept;

// Where openssl() is there, also before curl_global_init(): OpenSSL is not to tear itself down at exit, and
// which configuration it reads.
void initialise_openssl() noexcept;

// Sees to it that OpenSSL has texts for its errors once a handshake has failed.
void prepare_error_texts(SSL_CTX* context) noexcept;

// Null where libcurl is on another TLS library, or where its copy cannot be told from another one.
const OpenSsl* openssl() noexcept;

// Whether a program has two copies of OpenSSL of libcurl's version, and none of libcurl's contexts has been
// seen yet, which tells the one that it uses. Official builds of Node.js are such programs.
[[nodiscard]] bool openssl_is_undecided() noexcept;
void decide_openssl(const SSL_CTX* context) noexcept;

// libcurl's TLS library with its version, "OpenSSL/3.0.19"; empty where it has none.
std::string tls_library();

struct OpenSslDeleter {
    void operator()(BIO* source) const noexcept { openssl()->BIO_free(source); }
    void operator()(X509* certificate) const noexcept { openssl()->X509_free(certificate); }
    void operator()(X509_STORE* store) const noexcept { openssl()->X509_STORE_free(store); }
    void operator()(X509_STORE_CTX* context) const noexcept { openssl()->X509_STORE_CTX_free(context); }
    void operator()(STACK_OF(X509_INFO) * found) const noexcept;
};
template <typename T>
using OpenSslOwned = std::unique_ptr<T, OpenSslDeleter>;

// While it lives the calling thread's queue of OpenSSL's errors is this library's and libcurl's; then it is
// the host's again, as it was. libcurl clears it, and leaves its own errors for the host to stumble on.
class ErrorQueueKeeper {
public:
    ErrorQueueKeeper() noexcept;
    ErrorQueueKeeper(const ErrorQueueKeeper&) = delete;
    ErrorQueueKeeper& operator=(const ErrorQueueKeeper&) = delete;
    ~ErrorQueueKeeper();

private:
    struct Error {
        unsigned long code = 0;
        std::string file;
        std::string function;
        std::string data;
        int line = 0;
        bool has_data = false;
    };
    struct Errors;

    const OpenSsl* functions_;
    std::unique_ptr<Errors> kept_;
};

}  // namespace mobivate::transport
