// SPDX-License-Identifier: MIT
// What libcurl does of its own accord, or does not do.
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "integration/service.hpp"
#include "interpose.hpp"
#include "listener.hpp"

using namespace service;

namespace {

// A message with each of these words in it.
void check_words(const std::string& message, const std::vector<std::string>& words) {
    INFO(message);
    for (const std::string& word : words) {
        CAPTURE(word);
        CHECK(message.find(word) != std::string::npos);
    }
    CHECK(message.find("memory") == std::string::npos);
}

}  // namespace

TEST_CASE("a libcurl that is too old is named with both versions" * doctest::skip(host::libcurl_is_inside)) {
    const Account account;
    const auto client = https_client();
    host::set_libcurl_version("7.81.0", 0x075100);
    const auto result = caller::create_key(client.get(), account.username, password);
    host::set_libcurl_version(nullptr, 0);
    CHECK(result.status == MBV_ERR_INTERNAL);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    check_words(result.error_message, {"7.81.0", "7.87.0"});
    CHECK(account.truth().requests == 0);
    // It is as the header says: on the first that will do, the client works.
    host::set_libcurl_version("7.87.0", 0x075700);
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    host::set_libcurl_version(nullptr, 0);
}

TEST_CASE("an option that libcurl refuses is named, with libcurl's code" *
          doctest::skip(host::libcurl_is_inside)) {
    const Account account;
    const auto client = https_client();
    host::refuse_option(CURLOPT_SSLVERSION, CURLE_NOT_BUILT_IN);
    const auto result = caller::create_key(client.get(), account.username, password);
    host::refuse_option(CURLoption{}, CURLE_OK);
    CHECK(result.status == MBV_ERR_INTERNAL);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    check_words(result.error_message,
                {"CURLOPT_SSLVERSION", "CURLcode 4", curl_easy_strerror(CURLE_NOT_BUILT_IN)});
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
}

TEST_CASE("a failure of the multi handle is named, with libcurl's code" *
          doctest::skip(host::libcurl_is_inside)) {
    const Account account;
    const auto client = https_client();
    host::fail_perform(CURLM_INTERNAL_ERROR);
    const auto result = caller::create_key(client.get(), account.username, password);
    host::fail_perform(CURLM_OK);
    CHECK(result.status == MBV_ERR_INTERNAL);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    check_words(result.error_message, {"CURLMcode 4", curl_multi_strerror(CURLM_INTERNAL_ERROR)});
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
}

TEST_CASE("a lookup that hangs is waited for by nobody") {
    const Account account;
    caller::Client client = client_for("https://unanswered.test");
    set(client, "timeout_ms", "200");
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_ERR_TIMEOUT);
    host::await_lookup();
    if (!host::libcurl_is_inside) CHECK(host::quick_exit_was_set());
    // Should they wait for the lookup, they would wait for ever: it is answered after them.
    client.reset();
    host::release_lookups();
}

TEST_CASE("an idle connection is kept for seconds") {
    const Account account;
    const auto client = https_client();
    for (const int idle_ms : {0, 2000, 4000}) {
        host::move_clock(std::chrono::milliseconds(idle_ms));
        REQUIRE(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    }
    const auto connections = account.truth().connections;
    REQUIRE(connections.size() == 3);
    CHECK(connections[0] == connections[1]);
    CHECK(connections[1] != connections[2]);
}

namespace {

// A peer that takes what comes first, gives one answer, and closes.
class OneAnswer {
public:
    explicit OneAnswer(std::string answer) {
        thread_ = std::thread([this, answer = std::move(answer)] {
            const int peer = listener_.next();
            char bytes[4096];
            const ssize_t size_received = recv(peer, bytes, sizeof bytes, 0);
            received_.assign(bytes, size_received > 0 ? static_cast<std::size_t>(size_received) : 0);
            (void)send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
            close(peer);
        });
    }
    OneAnswer(const OneAnswer&) = delete;
    OneAnswer& operator=(const OneAnswer&) = delete;
    ~OneAnswer() { received(); }
    [[nodiscard]] const std::string& host() const { return listener_.host(); }
    const std::string& received() {
        if (thread_.joinable()) thread_.join();
        return received_;
    }

private:
    host::Listener listener_;
    std::string received_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("a SOCKS5 proxy is offered no GSSAPI, whose exchange blocks") {
    OneAnswer proxy("");
    const auto client = https_client();
    set(client, "proxy", "socks5://user:secret@" + proxy.host());
    CHECK(caller::create_key(client.get(), "user@example.com", password).status == MBV_ERR_CONNECT);
    // RFC 1928: version 5, two methods: none, and user name with password.
    CHECK(proxy.received() == std::string("\x05\x02\x00\x02", 4));
}

TEST_CASE("why a handshake failed is told in words") {
    const std::string nothing(32, '\0');
    const auto record = [](char type, const std::string& content) {
        return std::string{type, 3, 3, 0, static_cast<char>(content.size())} + content;
    };
    // A ServerHello of TLS 1.2, and a certificate that is the integer 5 in a sequence.
    const std::string hello = std::string("\x02\0\0\x2d\x03\x03", 6) + nothing +
                              std::string("\0\xc0\x2f\0\0\x05\xff\x01\0\x01\0", 11);
    const std::string certificate("\x0b\0\0\x0b\0\0\x08\0\0\x05\x30\x03\x02\x01\x05", 15);
    const struct {
        const char* what;
        std::string answer;
        const char* words;  // OpenSSL's; other TLS libraries have others
    } cases[] = {
        {"the server does not speak TLS", "HTTP/1.1 400 Bad Request\r\n\r\n",
         "SSL routines::wrong version number"},
        {"no version in common", record(0x15, "\x02\x46"), "SSL routines::tlsv1 alert protocol version"},
        {"no certificate", record(0x16, hello) + record(0x16, certificate),
         "asn1 encoding routines::wrong tag"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.what);
        OneAnswer server(each.answer);
        const auto client = client_for("https://" + server.host());
        const auto result = caller::create_key(client.get(), "user@example.com", password);
        CAPTURE(result.error_message);
        CHECK(result.key_state == MBV_KEY_UNCHANGED);
        if (std::string(curl_version_info(CURLVERSION_NOW)->ssl_version).rfind("OpenSSL/", 0) != 0) continue;
        CHECK(result.status == MBV_ERR_TLS);
        CHECK(result.error_message.find(each.words) != std::string::npos);
    }
}

TEST_CASE("a proxy's password comes out by no text of libcurl's") {
    const Account account;
    const auto client = https_client();
    for (const char* proxy : {"http://user:hunter2@127.0.0.1:1", "socks5://user:hunter2@127.0.0.1:1",
                              "http://user:hunter2@host.invalid", "https://user:hunter2@127.0.0.1:1"}) {
        set(client, "proxy", proxy);
        const auto result = caller::create_key(client.get(), account.username, password);
        INFO(result.error_message);
        CHECK(result.status != MBV_OK);
        CHECK(result.error_message.find("hunter2") == std::string::npos);
    }
    // These are not checked by mbv_set; libcurl quotes them in its errors.
    set(client, "proxy", "");
    caller::Client other(mbv_new());
    set(other, "base_url", standin::fact("https"));
    for (const char* proxy : {"ftp://user:hunter2@127.0.0.1:1", "http://user:hunter2@127.0.0.1:port",
                              "https://user:hunter2@[bad"}) {
        setenv("https_proxy", proxy, 1);
        const auto result = caller::create_key(other.get(), account.username, password);
        unsetenv("https_proxy");
        INFO(result.error_message);
        // libcurl 7.88 says of two of them that the proxy's name could not be resolved.
        CHECK((result.status == MBV_ERR_CONNECT || result.status == MBV_ERR_RESOLVE));
        CHECK(result.error_message.find("hunter2") == std::string::npos);
        CHECK(result.error_message.find("CURLcode") != std::string::npos);
    }
}
