// SPDX-License-Identifier: MIT
//
// OpenSSL is used through the very libssl that libcurl was built on: the functions are weak references, so
// that this library names no TLS library as its own need and also loads beside a libcurl without OpenSSL.
// There they are never called, since CURLOPT_SSL_CTX_FUNCTION is refused.
#include "transport/trust.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#pragma weak SSL_CTX_set_options
#pragma weak SSL_CTX_set_keylog_callback
#pragma weak SSL_CTX_set_cert_store
#pragma weak SSL_CTX_set_cert_verify_callback
#pragma weak X509_STORE_new
#pragma weak X509_STORE_free
#pragma weak X509_STORE_set_flags
#pragma weak X509_STORE_add_lookup
#pragma weak X509_LOOKUP_hash_dir
#pragma weak X509_LOOKUP_file
#pragma weak X509_LOOKUP_ctrl
#pragma weak X509_STORE_CTX_new
#pragma weak X509_STORE_CTX_free
#pragma weak X509_STORE_CTX_init
#pragma weak X509_STORE_CTX_get0_cert
#pragma weak X509_STORE_CTX_get0_param
#pragma weak X509_STORE_CTX_get0_store
#pragma weak X509_STORE_CTX_get0_untrusted
#pragma weak X509_STORE_CTX_get_error
#pragma weak X509_STORE_CTX_set_error
#pragma weak X509_VERIFY_PARAM_set1
#pragma weak X509_verify_cert
#pragma weak ERR_clear_error
#pragma weak OPENSSL_init_crypto

namespace mobivate::transport {
namespace {

struct OpensslDeleter {
    void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
    void operator()(X509_STORE_CTX* context) const noexcept { X509_STORE_CTX_free(context); }
};

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

bool add_directory(X509_STORE* store, const std::string& directory) noexcept {
    X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    return lookup != nullptr && X509_LOOKUP_add_dir(lookup, directory.c_str(), X509_FILETYPE_PEM) == 1;
}

bool add_bundle(X509_STORE* store, const std::string& bundle) noexcept {
    X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    return lookup != nullptr && X509_LOOKUP_load_file(lookup, bundle.c_str(), X509_FILETYPE_PEM) == 1;
}

}  // namespace

void keep_tls_library_at_exit() noexcept {
    if (OPENSSL_init_crypto != nullptr) OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
}

void Trust::choose(const std::string& ca_dir, const std::string& ca_file) {
    problem_.clear();
    sources_ = {ca_dir, ca_file};
    if (!sources_.directory.empty() || !sources_.bundle.empty()) return;
    sources_ = {environment("SSL_CERT_DIR"), environment("SSL_CERT_FILE")};
    if (!sources_.directory.empty() || !sources_.bundle.empty()) return;
    const curl_version_info_data* libcurl = curl_version_info(CURLVERSION_NOW);
    if (libcurl->capath != nullptr) sources_.directory = libcurl->capath;
    if (libcurl->cainfo != nullptr) sources_.bundle = libcurl->cainfo;
}

void Trust::say_that_bundle_is_unreadable() noexcept {
    problem_ << "no certificate could be read from " << sources_.bundle;
}

CURLcode Trust::apply(CURL* easy) noexcept {
    const char* directory = sources_.directory.empty() ? nullptr : sources_.directory.c_str();
    const char* bundle = sources_.bundle.empty() ? nullptr : sources_.bundle.c_str();
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &Trust::prepare_context);
    if (code == CURLE_OK) {
        // The store is made in prepare_context, which leaves nothing for libcurl to parse. Nor may libcurl
        // keep a store: it would set the one of an earlier connection in place of this one's.
        directory = bundle = nullptr;
        code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
        if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
        if (code != CURLE_OK) return code;
    } else if (code == CURLE_OUT_OF_MEMORY) {
        return code;
    } else if (bundle != nullptr && access(bundle, R_OK) != 0) {
        // The other TLS libraries do not say which file it was.
        say_that_bundle_is_unreadable();
    }
    code = curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, directory);
}

CURLcode Trust::prepare_context(CURL* /*easy*/, void* context, void* self) noexcept {
    auto& trust = *static_cast<Trust*>(self);
    auto* tls = static_cast<SSL_CTX*>(context);
    SSL_CTX_set_options(tls, SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION);
    // libcurl would write the session's keys to the file that SSLKEYLOGFILE names.
    SSL_CTX_set_keylog_callback(tls, nullptr);

    std::unique_ptr<X509_STORE, OpensslDeleter> store(X509_STORE_new());
    if (store == nullptr) return CURLE_OUT_OF_MEMORY;
    // As libcurl sets it: a trusted intermediate is trusted without its root.
    X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    const TrustSources& sources = trust.sources_;
    if (!sources.directory.empty() && !add_directory(store.get(), sources.directory))
        return CURLE_OUT_OF_MEMORY;
    if (sources.directory.empty() && !sources.bundle.empty() && !add_bundle(store.get(), sources.bundle)) {
        ERR_clear_error();
        trust.say_that_bundle_is_unreadable();
        return CURLE_SSL_CACERT_BADFILE;
    }
    SSL_CTX_set_cert_store(tls, store.release());
    SSL_CTX_set_cert_verify_callback(
        tls, [](X509_STORE_CTX* chain, void* argument) { return verify_chain(chain, argument); }, self);
    return CURLE_OK;
}

int Trust::verify_chain(void* store_context, void* self) noexcept {
    auto& trust = *static_cast<Trust*>(self);
    auto* first = static_cast<X509_STORE_CTX*>(store_context);
    if (X509_verify_cert(first) == 1) return 1;
    const TrustSources& sources = trust.sources_;
    if (sources.directory.empty() || sources.bundle.empty()) return 0;

    X509_STORE* store = X509_STORE_CTX_get0_store(first);
    if (!add_bundle(store, sources.bundle)) {
        ERR_clear_error();
        return 0;
    }
    const std::unique_ptr<X509_STORE_CTX, OpensslDeleter> second(X509_STORE_CTX_new());
    const bool verified = second != nullptr &&
                          X509_STORE_CTX_init(second.get(), store, X509_STORE_CTX_get0_cert(first),
                                              X509_STORE_CTX_get0_untrusted(first)) == 1 &&
                          X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(second.get()),
                                                 X509_STORE_CTX_get0_param(first)) == 1 &&
                          X509_verify_cert(second.get()) == 1;
    if (second != nullptr) X509_STORE_CTX_set_error(first, X509_STORE_CTX_get_error(second.get()));
    return verified ? 1 : 0;
}

}  // namespace mobivate::transport
