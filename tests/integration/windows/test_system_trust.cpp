// SPDX-License-Identifier: MIT
// Trust by Windows's own judgement, against the user's list of trusted authorities: with the stand-in's in it,
// and without.
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

// As long as one lives, the user trusts the certificates of that authority.
class TrustedAuthority {
public:
    explicit TrustedAuthority(const std::string& path)
        : store_(CertOpenSystemStoreW(0, L"Root")) {
        const std::string pem = content(path);
        std::string der(pem.size(), '\0');
        auto size = static_cast<DWORD>(der.size());
        auto* bytes = reinterpret_cast<BYTE*>(der.data());
        REQUIRE(CryptStringToBinaryA(pem.data(), static_cast<DWORD>(pem.size()), CRYPT_STRING_BASE64HEADER, bytes,
                                     &size, nullptr, nullptr) != FALSE);
        REQUIRE(CertAddEncodedCertificateToStore(store_, X509_ASN_ENCODING, bytes, size,
                                                 CERT_STORE_ADD_REPLACE_EXISTING, &certificate_) != FALSE);
    }
    TrustedAuthority(const TrustedAuthority&) = delete;
    TrustedAuthority& operator=(const TrustedAuthority&) = delete;
    ~TrustedAuthority() {
        CertDeleteCertificateFromStore(certificate_);
        CertCloseStore(store_, 0);
    }

private:
    HCERTSTORE store_;
    const CERT_CONTEXT* certificate_ = nullptr;
};

// A client that names no trust of its own.
caller::Client client_with_the_systems_trust(const std::string& base_url) {
    caller::Client client(mbv_new());
    REQUIRE(client != nullptr);
    set(client, "base_url", base_url);
    set(client, "proxy", "");
    return client;
}

void check_refused(const char* fault, const std::string& why) {
    CAPTURE(fault);
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

TEST_CASE("an authority that the user does not trust is refused, and accepted once it is trusted") {
    const Account account;
    const auto call = [&] {
        const auto client = client_with_the_systems_trust(standin::fact("https"));
        return caller::create_key(client.get(), account.username, password);
    };
    const auto before = call();
    CHECK(before.status == MBV_ERR_TLS);
    CHECK(before.key_state == MBV_KEY_UNCHANGED);
    CHECK(before.error_message.find("this computer's own list of authorities") != std::string::npos);
    CHECK(account.truth().requests == 0);
    {
        const TrustedAuthority trusted(standin::fact("ca_file"));
        const auto meanwhile = call();
        CAPTURE(meanwhile.error_message);
        CHECK(meanwhile.status == MBV_OK);
        check_claim(account, meanwhile);
    }
    CHECK(call().status == MBV_ERR_TLS);
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
