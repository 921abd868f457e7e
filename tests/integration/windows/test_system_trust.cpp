// SPDX-License-Identifier: MIT
// Trust by Windows's own judgement, against the user's list of trusted authorities: with the stand-in's in
// it, and without.
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "integration/environment.hpp"
#include "integration/service.hpp"

#include <wincrypt.h>

using namespace service;

namespace {

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::string der_of(const std::string& path) {
    const std::string pem = content(path);
    std::string der(pem.size(), '\0');
    auto size = static_cast<DWORD>(der.size());
    REQUIRE(CryptStringToBinaryA(pem.data(), static_cast<DWORD>(pem.size()), CRYPT_STRING_BASE64HEADER,
                                 reinterpret_cast<BYTE*>(der.data()), &size, nullptr, nullptr) != FALSE);
    der.resize(size);
    return der;
}

// As long as one lives, the user trusts that authority. Each use of the store is one of its own: wine writes
// down what was changed when it is closed.
class TrustedAuthority {
public:
    explicit TrustedAuthority(const std::string& path) : der_(der_of(path)) {
        const HCERTSTORE store = CertOpenSystemStoreW(0, L"Root");
        REQUIRE(CertAddEncodedCertificateToStore(store, X509_ASN_ENCODING, bytes(), size(),
                                                 CERT_STORE_ADD_REPLACE_EXISTING, nullptr) != FALSE);
        CertCloseStore(store, 0);
    }
    TrustedAuthority(const TrustedAuthority&) = delete;
    TrustedAuthority& operator=(const TrustedAuthority&) = delete;
    ~TrustedAuthority() {
        const HCERTSTORE store = CertOpenSystemStoreW(0, L"Root");
        const CERT_CONTEXT* own = CertCreateCertificateContext(X509_ASN_ENCODING, bytes(), size());
        const CERT_CONTEXT* found =
            CertFindCertificateInStore(store, X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, own, nullptr);
        CHECK(found != nullptr);
        if (found != nullptr) CertDeleteCertificateFromStore(found);
        CertFreeCertificateContext(own);
        CertCloseStore(store, 0);
    }

private:
    [[nodiscard]] const BYTE* bytes() const { return reinterpret_cast<const BYTE*>(der_.data()); }
    [[nodiscard]] DWORD size() const { return static_cast<DWORD>(der_.size()); }

    std::string der_;
};

// A client that names no trust of its own.
caller::Client client_with_the_systems_trust(const std::string& base_url) {
    caller::Client client(mbv_new());
    REQUIRE(client != nullptr);
    set(client, "base_url", base_url);
    set(client, "proxy", "");
    // wine reads all of its certificates when it is first asked.
    set(client, "timeout_ms", "60000");
    set(client, "connect_timeout_ms", "60000");
    return client;
}

void check_refused(const char* fault, const std::string& why) {
    CAPTURE(std::string(fault));
    const auto before = standin::state();
    const auto client = client_with_the_systems_trust(standin::fact("tls_faults", fault));
    const auto result = caller::create_key(client.get(), "alice@example.com", "correct horse battery staple");
    CAPTURE(result.error_message);
    CHECK(result.status == MBV_ERR_TLS);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(result.error_message.find(why) != std::string::npos);
    CHECK(standin::state().requests == before.requests);
}

}  // namespace

// In a process of its own each: wine looks at the list once.
TEST_CASE("an authority that the user does not trust is refused") {
    const Account account;
    const auto client = client_with_the_systems_trust(standin::fact("https"));
    const auto result = caller::create_key(client.get(), account.username, password);
    CHECK(result.status == MBV_ERR_TLS);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(result.error_message.find("this computer's own list of authorities") != std::string::npos);
    CHECK(account.truth().requests == 0);
}

TEST_CASE("an authority that the user trusts is accepted") {
    const TrustedAuthority trusted(standin::fact("ca_file"));
    const Account account;
    const auto client = client_with_the_systems_trust(standin::fact("https"));
    const auto result = caller::create_key(client.get(), account.username, password);
    CAPTURE(result.error_message);
    CHECK(result.status == MBV_OK);
    check_claim(account, result);
}

TEST_CASE("what a trusted authority has not certified is refused") {
    const TrustedAuthority trusted(standin::fact("ca_file"));
    check_refused("expired", "expired");
    check_refused("self_signed", "not trusted");
    check_refused("untrusted", "not trusted");
    check_refused("no_intermediate", "not trusted");
    check_refused("wrong_host", "");
    check_refused("tls11_only", "");
}

TEST_CASE("what the options and the environment name is asked instead of the system") {
    const TrustedAuthority trusted(standin::fact("ca_file"));
    const std::string folder = standin::fact("ca_file").substr(0, standin::fact("ca_file").rfind('/'));
    const std::string stranger = folder + "/self-signed.pem";
    const Account account;
    const auto status = [&](const caller::Client& client) {
        return caller::create_key(client.get(), account.username, password).status;
    };
    const auto by_option = client_with_the_systems_trust(standin::fact("https"));
    CHECK(status(by_option) == MBV_OK);
    set(by_option, "ca_file", stranger);
    CHECK(status(by_option) == MBV_ERR_TLS);
    const auto by_environment = client_with_the_systems_trust(standin::fact("https"));
    const Environment named("SSL_CERT_FILE", stranger);
    CHECK(status(by_environment) == MBV_ERR_TLS);
}

TEST_CASE("the system is asked under the call's time, the time to connect, and cancelling") {
    const TrustedAuthority trusted(standin::fact("ca_file"));
    const Account account;
    // The issuer is to be had from a server that does not answer.
    const std::string url = standin::fact("tls_faults", "unreachable_issuer");
    const auto call = [&](const caller::Client& client) {
        const auto result = caller::create_key(client.get(), account.username, password);
        CHECK(result.key_state == MBV_KEY_UNCHANGED);
        return result;
    };
    const auto whole = client_with_the_systems_trust(url);
    set(whole, "timeout_ms", "300");
    const auto timed_out = call(whole);
    CAPTURE(timed_out.error_message);
    CHECK(timed_out.status == MBV_ERR_TIMEOUT);
    const auto connecting = client_with_the_systems_trust(url);
    set(connecting, "connect_timeout_ms", "300");
    const auto not_connected = call(connecting);
    CAPTURE(not_connected.error_message);
    CHECK(not_connected.status == MBV_ERR_TIMEOUT);
    CHECK(not_connected.error_message.find("connect_timeout_ms") != std::string::npos);

    const auto cancelled = client_with_the_systems_trust(url);
    const int before = standin::state().connections;
    caller::Result result;
    std::thread calling([&] { result = call(cancelled); });
    standin::await_connections(before + 1);
    const auto begin = std::chrono::steady_clock::now();
    mbv_cancel(cancelled.get());
    calling.join();
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(result.status == MBV_ERR_CANCELLED);
    CHECK(std::chrono::duration_cast<std::chrono::milliseconds>(took).count() <= 50);
    CHECK(account.truth().requests == 0);
}
