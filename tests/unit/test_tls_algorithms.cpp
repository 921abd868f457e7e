// SPDX-License-Identifier: MIT
// A client of TLS that lacks the algorithms which none uses, held against one that has them all: each in a
// library context of its own, in handshakes with a server in a third one.
#include <doctest/doctest.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "transport/tls_algorithms.hpp"

namespace {

struct Deleter {
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
    void operator()(EVP_KDF* derivation) const { EVP_KDF_free(derivation); }
    void operator()(EVP_MAC* code) const { EVP_MAC_free(code); }
    void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(EVP_RAND* generator) const { EVP_RAND_free(generator); }
    void operator()(OSSL_DECODER* decoder) const { OSSL_DECODER_free(decoder); }
    void operator()(SSL* connection) const { SSL_free(connection); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

// Never freed: a provider stays loaded.
OSSL_LIB_CTX* all() {
    static OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
    return context;
}

OSSL_LIB_CTX* used() {
    static OSSL_LIB_CTX* const context = [] {
        OSSL_LIB_CTX* fresh = OSSL_LIB_CTX_new();
        mobivate::transport::leave_out_unused_algorithms(fresh);
        return fresh;
    }();
    return context;
}

OSSL_LIB_CTX* servers() {
    static OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
    return context;
}

// A certificate for a server, and its issuer's, with keys of one type.
struct Certified {
    Owned<EVP_PKEY> key;
    Owned<X509> certificate, issuer;
};

// Null where this OpenSSL has none of that type.
Owned<EVP_PKEY> new_key(const char* type, const char* curve = nullptr) {
    const Owned<EVP_PKEY_CTX> making(EVP_PKEY_CTX_new_from_name(servers(), type, nullptr));
    EVP_PKEY* key = nullptr;
    if (making != nullptr && EVP_PKEY_keygen_init(making.get()) == 1 &&
        (curve == nullptr || EVP_PKEY_CTX_set_group_name(making.get(), curve) == 1)) {
        EVP_PKEY_generate(making.get(), &key);
    }
    ERR_clear_error();
    return Owned<EVP_PKEY>(key);
}

// `digest`: null where the type of key has one of its own.
Owned<X509> certify(const char* subject, EVP_PKEY* key, const char* issuer, EVP_PKEY* issuers_key,
                    const char* digest) {
    Owned<X509> certificate(X509_new_ex(servers(), nullptr));
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    for (const auto& [name, text] : {std::pair(X509_get_subject_name(certificate.get()), subject),
                                     std::pair(X509_get_issuer_name(certificate.get()), issuer)}) {
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text),
                                   -1, -1, 0);
    }
    X509_set_pubkey(certificate.get(), key);
    if (key == issuers_key) {
        const Owned<X509_EXTENSION> authority(
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE"));
        X509_add_ext(certificate.get(), authority.get(), -1);
    }
    const Owned<EVP_MD_CTX> signing(EVP_MD_CTX_new());
    REQUIRE(EVP_DigestSignInit_ex(signing.get(), nullptr, digest, servers(), nullptr, issuers_key, nullptr) ==
            1);
    REQUIRE(X509_sign_ctx(certificate.get(), signing.get()) > 0);
    return certificate;
}

Certified certified(Owned<EVP_PKEY> key, Owned<EVP_PKEY> issuers_key, const char* digest) {
    Certified made;
    made.issuer = certify("issuer", issuers_key.get(), "issuer", issuers_key.get(), digest);
    made.certificate = certify("server", key.get(), "issuer", issuers_key.get(), digest);
    made.key = std::move(key);
    return made;
}

// What becomes of a connection.
struct Outcome {
    bool is_made = false;
    std::string protocol, cipher, answer;
    int group = 0;  // of the key exchange, as OpenSSL numbers them
    int verified = -1;
    int reason = 0;  // OpenSSL's, of the client's error

    bool operator==(const Outcome& other) const {
        return is_made == other.is_made && protocol == other.protocol && cipher == other.cipher &&
               answer == other.answer && group == other.group && verified == other.verified &&
               reason == other.reason;
    }
};

struct Settings {
    int protocol = 0;
    const char* cipher = nullptr;  // of TLS 1.2
    const char* suite = nullptr;   // of TLS 1.3
    const char* group = nullptr;
};

Owned<SSL_CTX> new_server(const std::vector<const Certified*>& certificates, const Settings& settings) {
    Owned<SSL_CTX> server(SSL_CTX_new_ex(servers(), nullptr, TLS_server_method()));
    SSL_CTX_set_dh_auto(server.get(), 1);
    // What is under test is the client: whatever it takes, this does.
    SSL_CTX_set_security_level(server.get(), 0);
    for (const Certified* certificate : certificates) {
        REQUIRE(SSL_CTX_use_certificate(server.get(), certificate->certificate.get()) == 1);
        REQUIRE(SSL_CTX_use_PrivateKey(server.get(), certificate->key.get()) == 1);
    }
    SSL_CTX_set_min_proto_version(server.get(), settings.protocol);
    SSL_CTX_set_max_proto_version(server.get(), settings.protocol);
    if (settings.cipher != nullptr) REQUIRE(SSL_CTX_set_cipher_list(server.get(), settings.cipher) == 1);
    if (settings.suite != nullptr) REQUIRE(SSL_CTX_set_ciphersuites(server.get(), settings.suite) == 1);
    if (settings.group != nullptr) REQUIRE(SSL_CTX_set1_groups_list(server.get(), settings.group) == 1);
    return server;
}

// As it comes over the wire: parsed by the client.
void trust(SSL_CTX* client, OSSL_LIB_CTX* libraries, X509* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    const unsigned char* at = der;
    X509* parsed = X509_new_ex(libraries, nullptr);
    REQUIRE(d2i_X509(&parsed, &at, size) != nullptr);
    OPENSSL_free(der);
    const Owned<X509> owned(parsed);
    REQUIRE(X509_STORE_add_cert(SSL_CTX_get_cert_store(client), parsed) == 1);
}

Outcome connect(OSSL_LIB_CTX* libraries, const std::vector<const Certified*>& certificates,
                const Settings& settings) {
    const auto serving = new_server(certificates, settings);
    const Owned<SSL_CTX> calling(SSL_CTX_new_ex(libraries, nullptr, TLS_client_method()));
    SSL_CTX_set_verify(calling.get(), SSL_VERIFY_PEER, nullptr);
    for (const Certified* certificate : certificates)
        trust(calling.get(), libraries, certificate->issuer.get());
    if (settings.group != nullptr) REQUIRE(SSL_CTX_set1_groups_list(calling.get(), settings.group) == 1);
    const Owned<SSL> server(SSL_new(serving.get()));
    const Owned<SSL> client(SSL_new(calling.get()));
    BIO* servers_end = nullptr;
    BIO* clients_end = nullptr;
    REQUIRE(BIO_new_bio_pair(&servers_end, 1 << 17, &clients_end, 1 << 17) == 1);
    SSL_set_bio(server.get(), servers_end, servers_end);
    SSL_set_bio(client.get(), clients_end, clients_end);
    SSL_set_accept_state(server.get());
    SSL_set_connect_state(client.get());

    Outcome outcome;
    const auto goes_on = [](SSL* side, int result) {
        return result == 1 || SSL_get_error(side, result) == SSL_ERROR_WANT_READ;
    };
    // More flights than any handshake has.
    for (int flight = 0; flight < 20 && !outcome.is_made; ++flight) {
        ERR_clear_error();
        const int called = SSL_do_handshake(client.get());
        if (!goes_on(client.get(), called)) {
            outcome.reason = ERR_GET_REASON(ERR_peek_error());
            break;
        }
        ERR_clear_error();
        const int served = SSL_do_handshake(server.get());
        // What the server has against it, the client reads in an alert.
        outcome.is_made = called == 1 && served == 1;
    }
    ERR_clear_error();
    outcome.verified = static_cast<int>(SSL_get_verify_result(client.get()));
    if (!outcome.is_made) return outcome;
    outcome.protocol = SSL_get_version(client.get());
    outcome.cipher = SSL_get_cipher_name(client.get());
    outcome.group = static_cast<int>(SSL_get_negotiated_group(client.get()));
    std::array<char, 16> text{};
    if (SSL_write(client.get(), "asked", 5) == 5 && SSL_read(server.get(), text.data(), text.size()) == 5 &&
        SSL_write(server.get(), text.data(), 5) == 5 &&
        SSL_read(client.get(), text.data(), text.size()) == 5) {
        outcome.answer.assign(text.data(), 5);
    }
    return outcome;
}

// Both clients fare alike. Returns whether the connection is made.
bool fare_alike(const std::vector<const Certified*>& certificates, const Settings& settings) {
    const Outcome expected = connect(all(), certificates, settings);
    const Outcome found = connect(used(), certificates, settings);
    CAPTURE(expected.reason);
    CAPTURE(found.reason);
    CHECK(found.is_made == expected.is_made);
    CHECK((found == expected));
    return expected.is_made && expected.answer == "asked" && expected.verified == X509_V_OK;
}

const Certified& with_rsa() {
    static const Certified made = certified(new_key("RSA"), new_key("RSA"), "SHA256");
    return made;
}

const Certified& with_ecdsa() {
    static const Certified made = certified(new_key("EC", "P-256"), new_key("EC", "P-256"), "SHA256");
    return made;
}

template <typename T, typename Fetch>
bool has(OSSL_LIB_CTX* libraries, Fetch fetch, const char* name, const char* properties = nullptr) {
    const Owned<T> found(fetch(libraries, name, properties));
    ERR_clear_error();
    return found != nullptr;
}

}  // namespace

TEST_CASE("what no client of TLS uses is left out") {
    for (OSSL_LIB_CTX* libraries : {all(), used()}) {
        const bool expected = libraries == all();
        CAPTURE(expected);
        CHECK(has<EVP_CIPHER>(libraries, EVP_CIPHER_fetch, "AES-256-XTS") == expected);
        CHECK(has<EVP_CIPHER>(libraries, EVP_CIPHER_fetch, "AES-192-GCM") == expected);
        CHECK(has<EVP_KDF>(libraries, EVP_KDF_fetch, "PBKDF2") == expected);
        CHECK(has<EVP_MAC>(libraries, EVP_MAC_fetch, "KMAC-128") == expected);
        CHECK(has<EVP_RAND>(libraries, EVP_RAND_fetch, "HASH-DRBG") == expected);
        CHECK(has<OSSL_DECODER>(libraries, OSSL_DECODER_fetch, "RSA", "input=der,structure=PrivateKeyInfo") ==
              expected);
        CHECK(has<OSSL_DECODER>(libraries, OSSL_DECODER_fetch, "RSA",
                                "input=der,structure=SubjectPublicKeyInfo"));
        CHECK(has<EVP_CIPHER>(libraries, EVP_CIPHER_fetch, "AES-256-GCM"));
        CHECK(has<EVP_MD>(libraries, EVP_MD_fetch, "SHA3-256"));
    }
}

TEST_CASE("every cipher that is offered can be chosen") {
    const Owned<SSL_CTX> client(SSL_CTX_new_ex(all(), nullptr, TLS_client_method()));
    const Owned<SSL_CTX> other(SSL_CTX_new_ex(used(), nullptr, TLS_client_method()));
    const STACK_OF(SSL_CIPHER)* offered = SSL_CTX_get_ciphers(client.get());
    const STACK_OF(SSL_CIPHER)* others = SSL_CTX_get_ciphers(other.get());
    REQUIRE(sk_SSL_CIPHER_num(offered) > 20);
    REQUIRE(sk_SSL_CIPHER_num(others) == sk_SSL_CIPHER_num(offered));
    for (int i = 0; i < sk_SSL_CIPHER_num(offered); ++i) {
        const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(offered, i);
        const std::string name = SSL_CIPHER_get_name(cipher);
        CAPTURE(name);
        CHECK(name == SSL_CIPHER_get_name(sk_SSL_CIPHER_value(others, i)));
        Settings settings;
        const bool is_new = std::string(SSL_CIPHER_get_version(cipher)) == "TLSv1.3";
        settings.protocol = is_new ? TLS1_3_VERSION : TLS1_2_VERSION;
        (is_new ? settings.suite : settings.cipher) = name.c_str();
        CHECK(fare_alike({&with_rsa(), &with_ecdsa()}, settings));
    }
}

TEST_CASE("every group of key exchanges can be chosen") {
    const std::vector<std::string> groups{"X25519MLKEM768",
                                          "SecP256r1MLKEM768",
                                          "SecP384r1MLKEM1024",
                                          "MLKEM512",
                                          "MLKEM768",
                                          "MLKEM1024",
                                          "X25519",
                                          "X448",
                                          "P-256",
                                          "P-384",
                                          "P-521",
                                          "brainpoolP256r1",
                                          "brainpoolP384r1",
                                          "brainpoolP512r1",
                                          "brainpoolP256r1tls13",
                                          "brainpoolP384r1tls13",
                                          "brainpoolP512r1tls13",
                                          "ffdhe2048",
                                          "ffdhe3072",
                                          "ffdhe4096",
                                          "ffdhe6144",
                                          "ffdhe8192"};
    for (const std::string& group : groups) {
        CAPTURE(group);
        // Not every version of OpenSSL has every one.
        bool is_known = true;
        for (OSSL_LIB_CTX* libraries : {all(), used()}) {
            const Owned<SSL_CTX> client(SSL_CTX_new_ex(libraries, nullptr, TLS_client_method()));
            const bool is_set = SSL_CTX_set1_groups_list(client.get(), group.c_str()) == 1;
            ERR_clear_error();
            if (libraries == all()) is_known = is_set;
            CHECK(is_set == is_known);
        }
        if (!is_known) continue;
        // TLS 1.2 has the older ones only; Brainpool's are not in both, nor in every version.
        const bool is_brainpool = group.substr(0, 9) == "brainpool";
        const bool is_old = group[0] == 'P' || (group[0] == 'X' && group.size() < 7);
        for (const int protocol : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            CAPTURE(protocol);
            Settings settings;
            settings.protocol = protocol;
            settings.cipher = "ECDHE-RSA-AES128-GCM-SHA256";
            settings.group = group.c_str();
            const bool is_made = fare_alike({&with_rsa()}, settings);
            if (!is_brainpool) CHECK(is_made == (protocol == TLS1_3_VERSION || is_old));
        }
    }
}

TEST_CASE("every type of certificate can be verified") {
    struct Type {
        const char* key;
        const char* curve;
        std::vector<const char*> digests;
        bool is_usual;  // each version verifies it in both protocols
    };
    const std::vector<Type> types{
        {"RSA", nullptr, {"SHA256", "SHA384", "SHA512"}, true},
        {"RSA", nullptr, {"SHA1", "SHA224", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"}, false},
        {"RSA-PSS", nullptr, {"SHA256", "SHA384"}, true},
        {"EC", "P-256", {"SHA256", "SHA384", "SHA512"}, true},
        {"EC", "P-384", {"SHA384"}, true},
        {"EC", "P-521", {"SHA512"}, true},
        {"EC", "P-256", {"SHA1", "SHA224", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"}, false},
        {"EC", "secp256k1", {"SHA256"}, false},
        {"EC", "brainpoolP256r1", {"SHA256"}, false},
        {"ED25519", nullptr, {nullptr}, true},
        {"ED448", nullptr, {nullptr}, true},
        {"ML-DSA-44", nullptr, {nullptr}, false},
        {"ML-DSA-65", nullptr, {nullptr}, false},
        {"ML-DSA-87", nullptr, {nullptr}, false}};
    for (const Type& type : types) {
        for (const char* digest : type.digests) {
            const std::string name = std::string(type.key) + " " + (type.curve != nullptr ? type.curve : "") +
                                     " " + (digest != nullptr ? digest : "");
            CAPTURE(name);
            auto key = new_key(type.key, type.curve);
            const bool is_new = std::string(type.key).substr(0, 6) == "ML-DSA";  // in OpenSSL 3.5
            if (is_new && key == nullptr) continue;
            REQUIRE(key != nullptr);
            const Certified certificate = certified(std::move(key), new_key(type.key, type.curve), digest);
            for (const int protocol : {TLS1_2_VERSION, TLS1_3_VERSION}) {
                CAPTURE(protocol);
                Settings settings;
                settings.protocol = protocol;
                const bool is_made = fare_alike({&certificate}, settings);
                if (type.is_usual || (is_new && protocol == TLS1_3_VERSION)) CHECK(is_made);
            }
        }
    }
}
