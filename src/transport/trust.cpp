// SPDX-License-Identifier: MIT
#include "transport/trust.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "system/environment.hpp"
#include "system/file.hpp"
#include "system/trust.hpp"
#include "transport/openssl.hpp"

namespace mobivate::transport {
namespace {

constexpr int ask_ms = 10;  // between two looks at whether the call is given up, while the system judges

// X509_L_ADD_DIR by its function: the macro of that name would call it by name.
bool add_directory(X509_STORE* store, const std::string& directory) noexcept {
    const OpenSsl& ssl = *openssl();
    X509_LOOKUP* lookup = ssl.X509_STORE_add_lookup(store, ssl.X509_LOOKUP_hash_dir());
    return lookup != nullptr &&
           ssl.X509_LOOKUP_ctrl(lookup, X509_L_ADD_DIR, directory.c_str(), X509_FILETYPE_PEM, nullptr) == 1;
}

bool add_certificate(X509_STORE* store, std::string_view der) noexcept {
    const OpenSsl& ssl = *openssl();
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const OpenSslOwned<X509> certificate(ssl.d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    return certificate != nullptr && ssl.X509_STORE_add_cert(store, certificate.get()) == 1;
}

// What it leaves in the thread's queue of errors would be taken by libcurl for the cause of a failure.
class ErrorMark {
public:
    ErrorMark() noexcept { openssl()->ERR_set_mark(); }
    ErrorMark(const ErrorMark&) = delete;
    ErrorMark& operator=(const ErrorMark&) = delete;
    ~ErrorMark() { openssl()->ERR_pop_to_mark(); }
};

// The system's minimum (OPENSSL_CONF) where it is higher. libcurl cannot be told so: it sets the minimum that
// it is given, or one of its own.
bool raise_minimum_version(SSL_CTX* context) noexcept {
    const OpenSsl& ssl = *openssl();
    const ErrorMark errors;
    // Fails where the system says nothing.
    ssl.SSL_CTX_config(context, "system_default");
    const long minimum = ssl.SSL_CTX_ctrl(context, SSL_CTRL_GET_MIN_PROTO_VERSION, 0, nullptr);
    return minimum >= TLS1_2_VERSION ||
           ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr) == 1;
}

bool is_about_trust(int error) noexcept {
    switch (error) {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return true;
        default: return false;
    }
}

int openssl_error(system::Judgement judgement) noexcept {
    switch (judgement) {
        case system::Judgement::trusted: return X509_V_OK;
        case system::Judgement::expired: return X509_V_ERR_CERT_HAS_EXPIRED;
        case system::Judgement::no_issuer: return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
        case system::Judgement::untrusted_root: return X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
        case system::Judgement::revoked: return X509_V_ERR_CERT_REVOKED;
        case system::Judgement::wrong_usage: return X509_V_ERR_INVALID_PURPOSE;
        case system::Judgement::bad_signature: return X509_V_ERR_CERT_SIGNATURE_FAILURE;
        case system::Judgement::no_memory: return X509_V_ERR_OUT_OF_MEM;
        default: return X509_V_ERR_CERT_UNTRUSTED;
    }
}

// Throws std::bad_alloc.
std::string der_of(const X509* certificate) {
    const OpenSsl& ssl = *openssl();
    const int size = ssl.i2d_X509(certificate, nullptr);
    if (size <= 0) throw std::bad_alloc();
    std::string der(static_cast<std::size_t>(size), '\0');
    auto* to = reinterpret_cast<unsigned char*>(der.data());
    ssl.i2d_X509(certificate, &to);
    return der;
}

// A proxy's options are not there in a libcurl without proxies.
bool is_set_or_unknown(CURLcode code) noexcept {
    return code == CURLE_OK || code == CURLE_UNKNOWN_OPTION || code == CURLE_NOT_BUILT_IN;
}

}  // namespace

void prepare_tls_library() noexcept {
    system::blank_the_callers_environment();
    find_openssl();
    if (openssl() != nullptr) initialise_openssl();
}

bool Trust::choose(const std::string& ca_dir, const std::string& ca_file) {
    problem_.clear();
    // Nothing is copied where nothing has changed: this is asked before each call.
    std::string_view directory = ca_dir;
    std::string_view bundle = ca_file;
    std::string directory_memory;
    std::string bundle_memory;
    const auto nothing = [&] { return directory.empty() && bundle.empty(); };
    if (nothing()) {
        directory = system::environment("SSL_CERT_DIR", directory_memory);
        bundle = system::environment("SSL_CERT_FILE", bundle_memory);
    }
    if (nothing()) {
        if (system_ == TrustSources{}) system_ = system_trust();
        directory = system_.directory;
        bundle = system_.bundle;
    }
    if (directory == sources_.directory && bundle == sources_.bundle) return false;
    sources_ = {std::string(directory), std::string(bundle)};
    return true;
}

// ---- with OpenSSL ----

struct Trust::Callbacks {
    static CURLcode prepare(CURL* /*easy*/, void* context, void* self) noexcept {
        try {
            return static_cast<Trust*>(self)->prepare_context(context);
        } catch (const std::bad_alloc&) {
            return CURLE_OUT_OF_MEMORY;
        }
    }

    static int verify(X509_STORE_CTX* context, void* self) noexcept {
        const OpenSsl& ssl = *openssl();
        auto& trust = *static_cast<Trust*>(self);
        const ErrorMark errors;
        if (trust.load_awaited_bundle() != CURLE_OK) {
            ssl.X509_STORE_CTX_set_error(context, X509_V_ERR_UNSPECIFIED);
            return 0;
        }
        bool verified = false;
        try {
            if (trust.is_the_systems()) {
                const int error = trust.ask_system(context);
                ssl.X509_STORE_CTX_set_error(context, error);
                verified = error == X509_V_OK;
            } else {
                verified = ssl.X509_verify_cert(context) == 1 || trust.verify_with_bundle(context);
            }
        } catch (const std::bad_alloc&) {
        }
        if (verified) return 1;
        // From some version on libcurl does not see what is returned here, but this.
        if (ssl.X509_STORE_CTX_get_error(context) == X509_V_OK) {
            ssl.X509_STORE_CTX_set_error(context, X509_V_ERR_UNSPECIFIED);
        }
        trust.describe_failure(context);
        return 0;
    }

    // The two ways in which OpenSSL looks for a trusted certificate: both go by its subject.
    static int get_issuer(X509** issuer, X509_STORE_CTX* context, X509* certificate) noexcept {
        const OpenSsl& ssl = *openssl();
        if (!add_named(context, ssl.X509_get_issuer_name(certificate))) return -1;
        return ssl.X509_STORE_CTX_get1_issuer(issuer, context, certificate);
    }
    static STACK_OF(X509) * lookup_certs(X509_STORE_CTX* context, const X509_NAME* name) noexcept {
        if (!add_named(context, name)) return nullptr;
        return openssl()->X509_STORE_CTX_get1_certs(context, name);
    }

private:
    static bool add_named(X509_STORE_CTX* context, const X509_NAME* name) noexcept {
        X509_STORE* store = openssl()->X509_STORE_CTX_get0_store(context);
        return static_cast<Trust*>(openssl()->X509_STORE_get_ex_data(store, 0))->add_named(store, name);
    }
};

CURLcode Trust::prepare_context(void* context) {
    auto* tls = static_cast<SSL_CTX*>(context);
    if (openssl_is_undecided()) {
        decide_openssl(tls);
        if (openssl() == nullptr) return CURLE_OK;  // neither: what libcurl was told by its options holds
    }
    const OpenSsl& ssl = *openssl();
    if (!ssl.made(tls)) {
        problem_ << "libcurl's OpenSSL is another one than it was linked with; the program must not hide it";
        return CURLE_SSL_CONNECT_ERROR;
    }
    if (!raise_minimum_version(tls)) return CURLE_OUT_OF_MEMORY;
    ssl.SSL_CTX_set_options(tls, SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION);
    // libcurl would write the session's keys to the file that SSLKEYLOGFILE names.
    ssl.SSL_CTX_set_keylog_callback(tls, nullptr);
    ssl.SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, nullptr);
    prepare_error_texts(tls);

    OpenSslOwned<X509_STORE> store(ssl.X509_STORE_new());
    if (store == nullptr || ssl.X509_STORE_set_ex_data(store.get(), 0, this) != 1) return CURLE_OUT_OF_MEMORY;
    // As libcurl sets it: a trusted intermediate is trusted without its root.
    ssl.X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    ssl.X509_STORE_set_get_issuer(store.get(), &Callbacks::get_issuer);
    ssl.X509_STORE_set_lookup_certs(store.get(), &Callbacks::lookup_certs);
    bundle_in_use_ = false;
    awaits_bundle_.reset();
    if (!sources_.directory.empty()) {
        if (!add_directory(store.get(), sources_.directory)) return CURLE_OUT_OF_MEMORY;
    } else if (!sources_.bundle.empty()) {
        if (ssl.X509_STORE_up_ref(store.get()) != 1) return CURLE_OUT_OF_MEMORY;
        awaits_bundle_ = OpenSslOwned<X509_STORE>(store.get());
    }
    ssl.SSL_CTX_set_cert_store(tls, store.release());
    ssl.SSL_CTX_set_cert_verify_callback(tls, &Callbacks::verify, this);
    return CURLE_OK;
}

CURLcode Trust::load_awaited_bundle() noexcept {
    const std::shared_ptr<void> store = std::move(awaits_bundle_);
    if (store == nullptr) return refusal_;
    try {
        if (load_bundle(store.get())) return CURLE_OK;
        refusal_ = given_up() ? CURLE_ABORTED_BY_CALLBACK : CURLE_SSL_CACERT_BADFILE;
        if (refusal_ == CURLE_SSL_CACERT_BADFILE) say_what_is_trusted();
    } catch (const std::bad_alloc&) {
        refusal_ = CURLE_OUT_OF_MEMORY;
    }
    return refusal_;
}

bool Trust::load_bundle(void* store) {
    const ErrorMark errors;
    bundle_problem_.clear();
    bundle_ = Bundle::read(sources_.bundle, *allowance_, bundle_problem_);
    if (bundle_ == nullptr) return false;
    parsed_.assign(bundle_->size(), false);
    bundle_in_use_ = true;
    std::size_t found = bundle_->size();
    for (const Bundle::Block& block : bundle_->others()) {
        if (given_up()) return false;
        if (add_block(store, block, found)) continue;
        bundle_problem_ << "what begins at byte " << static_cast<std::int64_t>(block.offset)
                        << " is not a certificate";
        return false;
    }
    if (found == 0) bundle_problem_ << "there is no certificate in PEM in it";
    return found != 0;
}

// Adds what the block holds, as OpenSSL's own reader of bundles does: `found` are certificates and revocation
// lists. False: it could not be read.
bool Trust::add_block(void* store, const Bundle::Block& block, std::size_t& found) {
    const OpenSsl& ssl = *openssl();
    const OpenSslOwned<BIO> source(
        ssl.BIO_new_mem_buf(block.text.data(), static_cast<int>(block.text.size())));
    if (source == nullptr) return false;
    char no_password[] = "";  // else it would ask on the terminal
    const OpenSslOwned<STACK_OF(X509_INFO)> all(
        ssl.PEM_X509_INFO_read_bio(source.get(), nullptr, nullptr, no_password));
    if (all == nullptr) return false;
    const auto* stack = reinterpret_cast<const OPENSSL_STACK*>(all.get());
    for (int i = 0; i < ssl.OPENSSL_sk_num(stack); ++i) {
        const auto* info = static_cast<const X509_INFO*>(ssl.OPENSSL_sk_value(stack, i));
        if (info->crl != nullptr) ++found;
        if (info->x509 == nullptr) continue;
        ++found;
        if (!add_named(store, ssl.X509_get_subject_name(info->x509), &block) ||
            ssl.X509_STORE_add_cert(static_cast<X509_STORE*>(store), info->x509) != 1) {
            return false;
        }
    }
    return true;
}

// Adds the plain certificates with that subject: all of them, or those before a block.
bool Trust::add_named(void* store, const void* name, const Bundle::Block* before) {
    if (!bundle_in_use_) return true;
    const unsigned char* der = nullptr;
    std::size_t size = 0;
    if (openssl()->X509_NAME_get0_der(static_cast<const X509_NAME*>(name), &der, &size) != 1) return false;
    const Bundle::Range range = bundle_->with_subject({reinterpret_cast<const char*>(der), size});
    for (std::size_t i = range.first; i < range.last; ++i) {
        if (parsed_[i] || (before != nullptr && !bundle_->is_before(i, *before))) continue;
        if (given_up() || !add_certificate(static_cast<X509_STORE*>(store), bundle_->certificate(i)))
            return false;
        parsed_[i] = true;
    }
    return true;
}

// After the directory alone has failed: together with the bundle.
bool Trust::verify_with_bundle(void* store_context) {
    const OpenSsl& ssl = *openssl();
    auto* first = static_cast<X509_STORE_CTX*>(store_context);
    if (sources_.directory.empty() || sources_.bundle.empty()) return false;
    X509_STORE* store = ssl.X509_STORE_CTX_get0_store(first);
    if (!load_bundle(store)) return false;
    const OpenSslOwned<X509_STORE_CTX> second(ssl.X509_STORE_CTX_new());
    if (second == nullptr ||
        ssl.X509_STORE_CTX_init(second.get(), store, ssl.X509_STORE_CTX_get0_cert(first),
                                ssl.X509_STORE_CTX_get0_untrusted(first)) != 1 ||
        ssl.X509_VERIFY_PARAM_set1(ssl.X509_STORE_CTX_get0_param(second.get()),
                                   ssl.X509_STORE_CTX_get0_param(first)) != 1) {
        return false;
    }
    const bool verified = ssl.X509_verify_cert(second.get()) == 1;
    ssl.X509_STORE_CTX_set_error(first, ssl.X509_STORE_CTX_get_error(second.get()));
    return verified;
}

// ---- with the system's own judgement ----

bool Trust::is_the_systems() const noexcept {
    return sources_ == TrustSources{} && system::judges_certificates();
}

// OpenSSL's number for what is wrong. Which server it is libcurl checks afterwards, as with any other trust.
int Trust::ask_system(const void* store_context) {
    const OpenSsl& ssl = *openssl();
    const auto* context = static_cast<const X509_STORE_CTX*>(store_context);
    std::vector<std::string> chain{der_of(ssl.X509_STORE_CTX_get0_cert(context))};
    const auto* others = reinterpret_cast<const OPENSSL_STACK*>(ssl.X509_STORE_CTX_get0_untrusted(context));
    for (int i = 0; i < ssl.OPENSSL_sk_num(others); ++i) {
        chain.push_back(der_of(static_cast<const X509*>(ssl.OPENSSL_sk_value(others, i))));
    }
    const system::Judging judging(std::move(chain));
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(connected_by_ - Clock::now()).count();
        was_too_slow_ = left <= 0;
        if (was_too_slow_ || given_up()) return X509_V_ERR_UNSPECIFIED;
        const int most_ms = static_cast<int>(std::min<long long>(left, ask_ms));
        if (const auto judgement = judging.wait(most_ms)) return openssl_error(*judgement);
    }
}

// ---- what is said ----

void Trust::describe_failure(const void* store_context) noexcept {
    if (given_up()) return;
    const int error = openssl()->X509_STORE_CTX_get_error(static_cast<const X509_STORE_CTX*>(store_context));
    if (!is_about_trust(error)) return;
    problem_.clear();
    problem_ << "the certificate is not trusted ("
             << std::string_view(openssl()->X509_verify_cert_error_string(error)) << "); ";
    say_what_is_trusted();
}

void Trust::say_what_is_trusted() noexcept {
    if (is_the_systems()) {
        problem_ << "trusted is what this computer's own list of authorities leads to; set ca_file or ca_dir "
                    "to trust "
                    "another one";
        return;
    }
    if (sources_ == TrustSources{}) {
        problem_ << "there are no certificates to trust";
        say_where_system_trust_is_looked_for(problem_);
        problem_ << "; set ca_file or ca_dir";
        return;
    }
    problem_ << "trusted is ";
    if (!sources_.directory.empty()) {
        (problem_ << "the directory ").quote(sources_.directory, 256);
        const std::string_view why = problem_of_directory(sources_.directory);
        if (!why.empty()) problem_ << " (which is of no use: " << why << ")";
        if (!sources_.bundle.empty()) problem_ << " and ";
    }
    if (!sources_.bundle.empty()) {
        (problem_ << "the file ").quote(sources_.bundle, 256);
        if (!bundle_problem_.view().empty())
            problem_ << " (which is of no use: " << bundle_problem_.view() << ")";
    }
}

// ---- with any TLS library ----

namespace {

// Sets options until one is refused.
class Setter {
public:
    explicit Setter(CURL* easy) noexcept : easy_(easy) {}

    template <typename T>
    Setter& set(CURLoption option, T value) noexcept {
        if (failure_) return *this;
        const CURLcode code = curl_easy_setopt(easy_, option, value);
        if (code != CURLE_OK) failure_ = Failure::option(option, code);
        return *this;
    }
    // A proxy's options are not there in a libcurl without proxies.
    template <typename T>
    Setter& set_if_known(CURLoption option, T value) noexcept {
        if (failure_) return *this;
        const CURLcode code = curl_easy_setopt(easy_, option, value);
        if (!is_set_or_unknown(code)) failure_ = Failure::option(option, code);
        return *this;
    }
    [[nodiscard]] const Failure& failure() const noexcept { return failure_; }

private:
    CURL* easy_;
    Failure failure_;
};

}  // namespace

Failure Trust::apply(CURL* easy, const Allowance& allowance) noexcept {
    allowance_ = &allowance;
    connected_by_ = Clock::now() + allowance.limits().connect;
    was_too_slow_ = false;
    bundle_problem_.clear();
    refusal_ = CURLE_OK;
    const curl_version_info_data* libcurl = curl_version_info(CURLVERSION_NOW);
    if (libcurl->ssl_version == nullptr || *libcurl->ssl_version == '\0') {
        problem_ << "this libcurl (" << std::string_view(libcurl->version) << ") has no TLS";
        return Failure::connect(CURLE_SSL_CONNECT_ERROR);
    }
    Setter options(easy);
    // No session is resumed: it would go on with what an earlier connection trusted.
    options.set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2})
        .set(CURLOPT_SSL_VERIFYPEER, 1L)
        .set(CURLOPT_SSL_VERIFYHOST, 2L)
        .set(CURLOPT_SSL_SESSIONID_CACHE, 0L)
        .set_if_known(CURLOPT_PROXY_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2})
        .set_if_known(CURLOPT_PROXY_SSL_VERIFYPEER, 1L)
        .set_if_known(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    if (options.failure()) return options.failure();
    if (openssl() == nullptr) {
        // Where it is undecided, prepare_context settles it, and then replaces what is set here.
        if (openssl_is_undecided()) {
            options.set(CURLOPT_SSL_CTX_FUNCTION, &Callbacks::prepare)
                .set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(this));
            if (options.failure()) return options.failure();
        }
        return apply_by_options(easy);
    }
    // The store is made in prepare_context, which leaves nothing for libcurl to parse. Nor may libcurl keep a
    // store: it would set the one of an earlier connection in place of this one's.
    return options.set(CURLOPT_SSL_CTX_FUNCTION, &Callbacks::prepare)
        .set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(this))
        .set(CURLOPT_CA_CACHE_TIMEOUT, 0L)
        .set(CURLOPT_CAINFO, nullptr)
        .set(CURLOPT_CAPATH, nullptr)
        .set_if_known(CURLOPT_PROXY_CAINFO, nullptr)
        .set_if_known(CURLOPT_PROXY_CAPATH, nullptr)
        .failure();
}

Failure Trust::apply_by_options(CURL* easy) noexcept {
    // libcurl hands the session's keys to it on these TLS libraries, and lets nobody forbid it.
    if (system::environment_has("SSLKEYLOGFILE")) {
        problem_ << "SSLKEYLOGFILE is set, and with it "
                 << std::string_view(curl_version_info(CURLVERSION_NOW)->ssl_version)
                 << " gives away what is sent; unset it";
        return Failure::connect(CURLE_SSL_CONNECT_ERROR);
    }
    const auto value = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
    const char* bundle = value(sources_.bundle);
    // The other TLS libraries do not say which file it was.
    const int error = bundle != nullptr ? system::check_readable(sources_.bundle, system::FileKind::file) : 0;
    if (error != 0) {
        bundle_problem_ << std::string_view(std::strerror(error));
        say_what_is_trusted();
    }
    Setter options(easy);
    options.set(CURLOPT_CAINFO, bundle).set_if_known(CURLOPT_PROXY_CAINFO, bundle);
    // Newer libcurls keep what was trusted for a day, on GnuTLS as well.
    options.set_if_known(CURLOPT_CA_CACHE_TIMEOUT, 0L);
    if (options.failure()) return options.failure();
    const CURLcode code = curl_easy_setopt(easy, CURLOPT_CAPATH, value(sources_.directory));
    // Not every TLS library takes a directory. Where there is a bundle as well, that alone trusts no more
    // than both.
    if (code != CURLE_OK && !sources_.directory.empty() && bundle == nullptr) {
        problem_.clear();
        problem_ << "libcurl cannot take its certificates from a directory here; set ca_file";
        return Failure::connect(CURLE_SSL_CONNECT_ERROR);
    }
    return options.set_if_known(CURLOPT_PROXY_CAPATH, value(sources_.directory)).failure();
}

}  // namespace mobivate::transport
