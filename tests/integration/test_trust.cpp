// SPDX-License-Identifier: MIT
// Trust in the life of a program: what changes, what is broken, what is cancelled, and what the host has of
// OpenSSL.
#include <openssl/err.h>

#if !defined(_WIN32)
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "environment.hpp"
#include "service.hpp"
#include "support/platform.hpp"

using namespace service;

namespace {

const std::string folder = standin::fact("ca_file").substr(0, standin::fact("ca_file").rfind('/'));

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::string file(const char* name, const std::string& text) {
    const std::string path = folder + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

std::string directory(const char* name) {
    const std::string path = folder + "/" + name;
    REQUIRE(platform::make_directory(path));
    return path;
}

// A client that takes its trust from the environment.
caller::Client client_without_trust(const std::string& base_url = standin::fact("https")) {
    caller::Client client(mbv_new());
    REQUIRE(client != nullptr);
    set(client, "base_url", base_url);
    set(client, "proxy", "");
    return client;
}

bool names(const caller::Result& result, const std::string& what) {
    return result.error_message.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("SSL_CERT_FILE is obeyed when it changes, also on a connection that is kept") {
    const Account account;
    const Environment no_directory("SSL_CERT_DIR", "");
    const auto client = client_without_trust();
    const std::string stranger = folder + "/self-signed.pem";
    for (int i = 0; i < 2; ++i) {
        {
            const Environment trusted("SSL_CERT_FILE", standin::fact("ca_file"));
            CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
            CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
        }
        const Environment distrusted("SSL_CERT_FILE", stranger);
        const auto result = caller::create_key(client.get(), account.username, password);
        CHECK(result.status == MBV_ERR_TLS);
        CHECK(result.key_state == MBV_KEY_UNCHANGED);
    }
}

TEST_CASE("a bundle that changes is read again for the next connection") {
    const Account account(R"({"keep":"close_after_answer"})");
    const std::string bundle = file("changing.pem", content(standin::fact("ca_file")));
    const auto client = https_client();
    set(client, "ca_file", bundle);
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    standin::await_quiet("https");
    file("changing.pem", content(folder + "/self-signed.pem"));
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_ERR_TLS);
    file("changing.pem", content(standin::fact("ca_file")));
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
}

#if !defined(_WIN32)

TEST_CASE("a call is cancelled while a bundle is read and parsed") {
    // In the form that the index leaves to OpenSSL: a second and more of parsing.
    std::string certificate = content(standin::fact("ca_file"));
    for (std::size_t at = 0; (at = certificate.find(" CERTIFICATE", at)) != std::string::npos; at += 20) {
        certificate.insert(at, " TRUSTED");
    }
    std::string many;
    for (int i = 0; i < 20000; ++i) many += certificate;
    const std::string bundle = file("large.pem", many);
    const int watch = inotify_init1(IN_CLOEXEC);
    REQUIRE(watch >= 0);
    const Account account;
    auto client = https_client();
    set(client, "ca_file", bundle);
    REQUIRE(inotify_add_watch(watch, bundle.c_str(), IN_ACCESS) >= 0);
    caller::Result result;
    std::thread calling([&] { result = caller::create_key(client.get(), account.username, password); });
    pollfd reading{watch, POLLIN, 0};
    REQUIRE(poll(&reading, 1, 10000) == 1);
    const auto begin = std::chrono::steady_clock::now();
    mbv_cancel(client.get());
    calling.join();
    const auto took = std::chrono::steady_clock::now() - begin;
    close(watch);
    unlink(bundle.c_str());
    CHECK(result.status == MBV_ERR_CANCELLED);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(std::chrono::duration_cast<std::chrono::milliseconds>(took).count() <= 50);
}

// The other TLS libraries read nothing but files.
TEST_CASE("a call is cancelled while a bundle is a pipe that nobody writes to" *
          doctest::skip(!caller::on_openssl())) {
    const std::string pipe_path = folder + "/pipe.pem";
    REQUIRE(mkfifo(pipe_path.c_str(), 0600) == 0);
    const int writer = open(pipe_path.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(writer >= 0);
    const Account account;
    auto client = https_client();
    set(client, "ca_file", pipe_path);
    const int before = standin::state().connections;
    caller::Result result;
    std::thread calling([&] { result = caller::create_key(client.get(), account.username, password); });
    standin::await_connections(before + 1);
    const auto begin = std::chrono::steady_clock::now();
    mbv_cancel(client.get());
    calling.join();
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(result.status == MBV_ERR_CANCELLED);
    CHECK(std::chrono::duration_cast<std::chrono::milliseconds>(took).count() <= 50);
    close(writer);
    unlink(pipe_path.c_str());
}

TEST_CASE("a bundle may come out of a pipe" * doctest::skip(!caller::on_openssl())) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const std::string text = content(standin::fact("ca_file"));
    REQUIRE(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    close(ends[1]);
    const Account account;
    auto client = https_client();
    set(client, "ca_file", "/dev/fd/" + std::to_string(ends[0]));
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    close(ends[0]);
}

#endif

TEST_CASE("private keys in a bundle are passed over, whatever they are" *
          doctest::skip(!caller::on_openssl())) {
    const auto encrypted = [](const std::string& label, const std::string& how) {
        return "-----BEGIN " + label + "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: " + how +
               "\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END " + label + "-----\n";
    };
    const std::string vector(16, 'A');
    for (const std::string& key :
         {encrypted("RSA PRIVATE KEY", "AES-256-CBC," + vector + vector),
          encrypted("EC PRIVATE KEY", "CAMELLIA-256-CBC," + vector + vector),
          encrypted("RSA PRIVATE KEY", "DES-EDE3-CBC," + vector),
          encrypted("PRIVATE KEY", "A-CIPHER-OF-TOMORROW," + vector),
          std::string("-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n"),
          std::string(
              "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")}) {
        CAPTURE(key);
        const std::string bundle = file("with_key.pem", key + content(standin::fact("ca_file")) + key);
        const Account account;
        const auto client = client_for(standin::fact("https"));
        set(client, "ca_file", bundle);
        const auto result = caller::create_key(client.get(), account.username, password);
        CHECK_MESSAGE(result.status == MBV_OK, result.error_message);
    }
    // What is encrypted and no key cannot be passed over.
    for (const char* label : {"CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CRL"}) {
        CAPTURE(std::string(label));
        const std::string block = encrypted(label, "AES-256-CBC," + vector + vector);
        const Account account;
        const auto client = client_for(standin::fact("https"));
        set(client, "ca_file", file("encrypted.pem", block + content(standin::fact("ca_file"))));
        const auto result = caller::create_key(client.get(), account.username, password);
        CHECK(result.status == MBV_ERR_TLS);
        CHECK(result.error_message.find("what begins at byte 0 is not a certificate") != std::string::npos);
    }
}

TEST_CASE("a file and a directory of trust may have names that are not ASCII") {
    namespace fs = std::filesystem;
    const std::string name = folder + "/zertifikate-\xC3\xA4\xE2\x82\xAC";
    const fs::path place = fs::u8path(name);
    fs::create_directory(place);
    fs::copy(fs::u8path(standin::fact("ca_dir")), place / "hashed", fs::copy_options::recursive);
    fs::copy(fs::u8path(standin::fact("ca_file")), place / "ca.pem");
    const Account account;
    for (const auto& [option, value] : {std::pair{"ca_file", "/ca.pem"}, std::pair{"ca_dir", "/hashed"}}) {
        CAPTURE(std::string(option));
        const auto client = client_without_trust();
        set(client, option, name + value);
        CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    }
}

// The other TLS libraries tell less, and their words are passed on.
TEST_CASE("trust that cannot be used is named" * doctest::skip(!caller::on_openssl())) {
    const Account account;
    const auto call = [&](const caller::Client& client) {
        const auto result = caller::create_key(client.get(), account.username, password);
        CHECK(result.status == MBV_ERR_TLS);
        CHECK(result.key_state == MBV_KEY_UNCHANGED);
        return result;
    };
    const std::string empty = directory("nothing");
    const std::string missing = folder + "/missing";
    const std::string broken =
        file("broken.pem", "# none\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const std::string text = file("text.pem", "no certificates here\n");
#if !defined(_WIN32)
    const std::string dangling = directory("dangling");
    REQUIRE(symlink(missing.c_str(), (dangling + "/0a0b0c0d.0").c_str()) == 0);
#endif
    const Environment no_file("SSL_CERT_FILE", "");
    const Environment no_directory("SSL_CERT_DIR", "");
    struct Case {
        std::string directory;
        std::string bundle;
        std::vector<std::string> said;
    };
    const std::vector<Case> cases {
        {empty, "", {empty, "no hashed certificates"}}, {missing, "", {missing, "No such file"}},
#if !defined(_WIN32)
            {dangling, "", {dangling, "cannot be read"}},
#endif
            {empty, missing, {empty, missing, "No such file"}}, {"", missing, {missing, "No such file"}},
            {"", broken, {broken, "byte 7"}}, {empty, broken, {broken, "byte 7"}},
            {"", text, {text, "no certificate in PEM"}}, {
            "", folder + "/self-signed.pem", { folder + "/self-signed.pem", "unable to get" }
        }
    };
    if (!caller::on_openssl())
        return;  // the other TLS libraries tell less, and libcurl's words are passed on
    for (const Case& row : cases) {
        CAPTURE(row.directory);
        CAPTURE(row.bundle);
        const Environment with_file("SSL_CERT_FILE", row.bundle);
        const Environment with_directory("SSL_CERT_DIR", row.directory);
        const auto result = call(client_without_trust());
        for (const std::string& what : row.said) {
            INFO(result.error_message);
            CHECK(names(result, what));
        }
    }
    // By option: what an option refuses at once is not there, but what is in a file comes out later.
    const auto both = client_without_trust();
    set(both, "ca_dir", empty);
    set(both, "ca_file", broken);
    CHECK(names(call(both), broken));
    // The system's, which does not know the stand-in.
    const char* system = curl_version_info(CURLVERSION_NOW)->capath;
    if (system != nullptr) CHECK(names(call(client_without_trust()), system));
    // A certificate that is wrong in itself is not a matter of trust.
    const auto expired = client_for(standin::fact("tls_faults", "expired"));
    CHECK(names(call(expired), "expired"));
}

#if !defined(_WIN32)

TEST_CASE("the calling thread's queue of OpenSSL's errors is as it was") {
    const Account account;
    const std::string broken =
        file("broken2.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const auto calls = [&] {
        auto client = https_client();
        CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
        set(client, "ca_file", broken);
        CHECK(caller::create_key(client.get(), account.username, password).status == MBV_ERR_TLS);
        const auto distrusting = client_for(standin::fact("tls_faults", "untrusted"));
        CHECK(caller::create_key(distrusting.get(), account.username, password).status == MBV_ERR_TLS);
        const auto old = client_for(standin::fact("tls_faults", "tls11_only"));
        CHECK(caller::create_key(old.get(), account.username, password).status == MBV_ERR_TLS);
    };
    ERR_clear_error();
    calls();
    CHECK(ERR_peek_error() == 0);

    ERR_raise_data(ERR_LIB_USER, 42, "the %dnd", 2);
    ERR_raise(ERR_LIB_SYS, ENOENT);
    ERR_raise(ERR_LIB_SSL, 7);
    const unsigned long last = ERR_peek_last_error();
    calls();
    const char* source = nullptr;
    const char* function = nullptr;
    const char* data = nullptr;
    int line = 0;
    int flags = 0;
    const unsigned long first = ERR_get_error_all(&source, &line, &function, &data, &flags);
    CHECK(ERR_GET_LIB(first) == ERR_LIB_USER);
    CHECK(ERR_GET_REASON(first) == 42);
    CHECK(std::string(data) == "the 2nd");
    CHECK((flags & ERR_TXT_STRING) != 0);
    CHECK(std::string(source).find("test_trust.cpp") != std::string::npos);
    CHECK(line > 0);
    const unsigned long second = ERR_get_error();
    CHECK(ERR_SYSTEM_ERROR(second));
    CHECK(ERR_GET_REASON(second) == ENOENT);
    CHECK(ERR_get_error() == last);
    CHECK(ERR_get_error() == 0);
}

#endif
