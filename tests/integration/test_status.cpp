// SPDX-License-Identifier: MIT
// Each row of the header's status table, reached for real.
#include <set>
#include <thread>

#include "service.hpp"

using namespace service;

namespace {

struct Row {
    const char* scenario;
    std::int32_t status;
    std::int32_t key_state;
    std::int32_t http_status;
    std::int32_t server_code;
    const char* server_message;
    std::int64_t retry_after_ms;
};

}  // namespace

TEST_CASE("a key is created, over TLS and over loopback HTTP") {
    for (const char* scheme : {"https", "http"}) {
        CAPTURE(scheme);
        const Account account;
        const auto client = client_for(standin::fact(scheme));
        const auto result = caller::create_key(client.get(), account.username, password);
        CHECK(result.status == MBV_OK);
        CHECK(result.key_state == MBV_KEY_REPLACED);
        CHECK(result.http_status == 200);
        CHECK(result.server_code == 0);
        CHECK(result.retry_after_ms == -1);
        CHECK(result.error_message.empty());
        CHECK(result.server_message.empty());
        CHECK(account.truth().requests == 1);
        check_claim(account, result);
    }
}

TEST_CASE("what the server answers") {
    const Row rows[] = {
        {R"({"status":400,"body":{"code":400,"message":"Bad"}})", MBV_ERR_REJECTED, MBV_KEY_UNCHANGED, 400,
         400, "Bad", -1},
        {R"({"status":401,"body":{"code":401,"message":"Invalid Credentials"}})", MBV_ERR_CREDENTIALS,
         MBV_KEY_UNCHANGED, 401, 401, "Invalid Credentials", -1},
        {R"({"status":402,"body":{"code":402,"message":"No credit"}})", MBV_ERR_REJECTED, MBV_KEY_UNCHANGED,
         402, 402, "No credit", -1},
        {R"({"status":403,"body":{"code":403,"message":"Opted out"}})", MBV_ERR_REJECTED, MBV_KEY_UNCHANGED,
         403, 403, "Opted out", -1},
        // A 4xx without the API's own error may come from what stands between.
        {R"({"status":404,"body_text":"Not found"})", MBV_ERR_REJECTED, MBV_KEY_UNKNOWN, 404, 0, "", -1},
        {R"({"status":401,"creates":true,"body_text":"<html>"})", MBV_ERR_CREDENTIALS, MBV_KEY_UNKNOWN, 401,
         0, "", -1},
        {R"({"status":403,"creates":true,"body_text":"<html>"})", MBV_ERR_REJECTED, MBV_KEY_UNKNOWN, 403, 0,
         "", -1},
        {R"({"status":429,"creates":true,"headers":[["Retry-After","7"]],"body_text":"<html>"})",
         MBV_ERR_RATE_LIMITED, MBV_KEY_UNKNOWN, 429, 0, "", 7000},
        {R"({"status":403,"creates":true,"body":{"error":{"code":403,"message":"Blocked"}}})",
         MBV_ERR_REJECTED, MBV_KEY_UNKNOWN, 403, 0, "", -1},
        {R"({"status":403,"creates":true,"cut":{"after":"headers","how":"close"}})", MBV_ERR_REJECTED,
         MBV_KEY_UNKNOWN, 403, 0, "", -1},
        {R"({"status":429,"headers":[["Retry-After","7"]],"body":{"code":429,"message":"Slow down"}})",
         MBV_ERR_RATE_LIMITED, MBV_KEY_UNCHANGED, 429, 429, "Slow down", 7000},
        {R"({"status":429,"body":{"code":429}})", MBV_ERR_RATE_LIMITED, MBV_KEY_UNCHANGED, 429, 429, "", -1},
        {R"({"status":500,"creates":true,"body":{"code":500,"message":"Internal"}})", MBV_ERR_SERVER,
         MBV_KEY_UNKNOWN, 500, 500, "Internal", -1},
        {R"({"status":503,"creates":false,"body_text":"<html>"})", MBV_ERR_SERVER, MBV_KEY_UNKNOWN, 503, 0,
         "", -1},
        {R"({"status":302,"creates":false,"headers":[["Location","/auth/createkey"]]})", MBV_ERR_PROTOCOL,
         MBV_KEY_UNKNOWN, 302, 0, "", -1},
        {R"({"status":307,"creates":false,"headers":[["Location","/auth/createkey"]]})", MBV_ERR_PROTOCOL,
         MBV_KEY_UNKNOWN, 307, 0, "", -1},
        {R"({"status":204,"creates":true,"body_text":""})", MBV_ERR_PROTOCOL, MBV_KEY_UNKNOWN, 204, 0, "",
         -1},
        {R"({"status":200,"creates":true,"body_text":""})", MBV_ERR_PROTOCOL, MBV_KEY_UNKNOWN, 200, 0, "",
         -1},
        {R"({"creates":true,"raw_text":"HTTP/1.1 100 Continue\r\n\r\n"})", MBV_ERR_PROTOCOL, MBV_KEY_UNKNOWN,
         0, 0, "", -1},
        {R"({"creates":true,"raw_text":"garbage"})", MBV_ERR_PROTOCOL, MBV_KEY_UNKNOWN, 0, 0, "", -1},
        {R"({"creates":true,"cut":{"after":0,"how":"close"}})", MBV_ERR_TRANSPORT, MBV_KEY_UNKNOWN, 0, 0, "",
         -1},
        {R"({"creates":true,"cut":{"after":0,"how":"reset"}})", MBV_ERR_TRANSPORT, MBV_KEY_UNKNOWN, 0, 0, "",
         -1},
        {R"({"creates":false,"cut":{"after":5,"how":"reset"}})", MBV_ERR_TRANSPORT, MBV_KEY_UNKNOWN, 0, 0, "",
         -1},
    };
    for (const char* scheme : {"https", "http"}) {
        for (const Row& row : rows) {
            CAPTURE(scheme);
            CAPTURE(row.scenario);
            const Account account(row.scenario);
            const auto client = client_for(standin::fact(scheme));
            const auto result = caller::create_key(client.get(), account.username, password);
            CHECK(std::string(mbv_status_name(result.status)) == mbv_status_name(row.status));
            CHECK(result.key_state == row.key_state);
            CHECK(result.http_status == row.http_status);
            CHECK(result.server_code == row.server_code);
            CHECK(result.server_message == row.server_message);
            CHECK(result.retry_after_ms == row.retry_after_ms);
            CHECK_FALSE(result.error_message.empty());
            CHECK(account.truth().requests == 1);
            check_claim(account, result);
        }
    }
}

TEST_CASE("a wrong password and an unknown user are refused as documented") {
    const Account account;
    const auto client = https_client();
    const auto wrong = caller::create_key(client.get(), account.username, "wrong-password");
    CHECK(wrong.status == MBV_ERR_CREDENTIALS);
    CHECK(wrong.key_state == MBV_KEY_UNCHANGED);
    CHECK(wrong.server_message == "Invalid Credentials");
    CHECK(wrong.error_message ==
          "The server refused the user name or password (HTTP 401): Invalid Credentials. The old key still "
          "works.");
    CHECK(account.truth().valid_key == account.old_key);
    const auto unknown = caller::create_key(client.get(), "nobody@example.com", password);
    CHECK(unknown.status == MBV_ERR_CREDENTIALS);
}

TEST_CASE("a name that does not exist") {
    const auto client = client_for("https://host.invalid");
    const auto result = caller::create_key(client.get(), "user@example.com", password);
    CHECK(result.status == MBV_ERR_RESOLVE);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(result.error_message.find("host.invalid") != std::string::npos);
}

TEST_CASE("a proxy's name that does not exist, and a proxy that is not there") {
    const auto client = https_client();
    set(client, "proxy", "http://user:proxy-password@proxy.invalid:3128");
    const auto unresolved = caller::create_key(client.get(), "user@example.com", password);
    CHECK(unresolved.status == MBV_ERR_RESOLVE);
    CHECK(unresolved.key_state == MBV_KEY_UNCHANGED);
    CHECK(unresolved.error_message.find("proxy-password") == std::string::npos);
    set(client, "proxy", "http://" + standin::fact("hosts", "refused"));
    const auto refused = caller::create_key(client.get(), "user@example.com", password);
    CHECK(refused.status == MBV_ERR_CONNECT);
    CHECK(refused.key_state == MBV_KEY_UNCHANGED);
}

TEST_CASE("a port that nobody listens on") {
    for (const char* scheme : {"https://", "http://"}) {
        const auto client = client_for(scheme + standin::fact("hosts", "refused"));
        const auto result = caller::create_key(client.get(), "user@example.com", password);
        CHECK(result.status == MBV_ERR_CONNECT);
        CHECK(result.key_state == MBV_KEY_UNCHANGED);
    }
}

TEST_CASE("a proxy that refuses") {
    // The stand-in is no proxy: it answers CONNECT with 405.
    const auto client = https_client();
    set(client, "proxy", standin::fact("http"));
    const auto result = caller::create_key(client.get(), "user@example.com", password);
    CHECK(result.status == MBV_ERR_CONNECT);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(result.http_status == 0);
}

TEST_CASE("time-outs: before a connection, before TLS, and before the answer") {
    const auto unaccepted = client_for("https://" + standin::fact("hosts", "full"));
    set(unaccepted, "connect_timeout_ms", "100");
    auto result = caller::create_key(unaccepted.get(), "user@example.com", password);
    CHECK(result.status == MBV_ERR_TIMEOUT);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(result.error_message ==
          "connect_timeout_ms (100 ms) passed before a connection was made. The old key still works.");

    const auto silent = client_for("https://" + standin::fact("hosts", "silent"));
    set(silent, "timeout_ms", "100");
    result = caller::create_key(silent.get(), "user@example.com", password);
    CHECK(result.status == MBV_ERR_TIMEOUT);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(result.error_message ==
          "timeout_ms (100 ms) passed before a connection was made. The old key still works.");

    const Account account(R"({"creates":true,"cut":{"after":0,"how":"stall"}})");
    const auto waiting = https_client();
    set(waiting, "timeout_ms", "2000");
    result = caller::create_key(waiting.get(), account.username, password);
    CHECK(result.status == MBV_ERR_TIMEOUT);
    CHECK(result.key_state == MBV_KEY_UNKNOWN);
    CHECK(result.error_message.find("timeout_ms (2000 ms) passed before the answer was there.") == 0);
    check_claim(account, result);
}

TEST_CASE("a connection that breaks before the whole request was sent") {
    const standin::Relay relay("https");
    relay.rule(R"({"request":{"after":3000,"how":"reset"}})");
    const std::string long_password(60000, 'p');
    const Account account("{}", long_password);
    const auto client = client_for(relay.url());
    const auto result = caller::create_key(client.get(), account.username, long_password);
    CHECK(result.status == MBV_ERR_TRANSPORT);
    CHECK(account.truth().requests == 0);
    check_claim(account, result);
}

TEST_CASE("arguments that are refused before anything is sent") {
    const auto before = standin::state();
    const auto client = https_client();
    char key[MBV_KEY_CAPACITY];
    std::size_t size = 99;
    const auto call = [&](const char* username, std::size_t username_size, const char* secret,
                          std::size_t secret_size, char* buffer, std::size_t capacity) {
        key[0] = '#';
        size = 99;
        return mbv_create_key(client.get(), username, username_size, secret, secret_size, buffer, capacity,
                              &size);
    };
    const std::string too_long(65537, 'x');
    const std::size_t c_string = MBV_NUL_TERMINATED;
    const auto refused = [&](std::int32_t status, const std::string& message) {
        CHECK(status == MBV_ERR_INVALID_ARGUMENT);
        CHECK(caller::error_message(client.get()) == message + " The old key still works.");
        CHECK(mbv_key_state(client.get()) == MBV_KEY_UNCHANGED);
        CHECK(size == 0);
    };
    refused(call(nullptr, 5, "p", 1, key, sizeof key), "The user name is NULL.");
    CHECK(key[0] == '\0');
    refused(call(nullptr, c_string, "p", 1, key, sizeof key), "The user name is NULL.");
    refused(call("u", 0, "p", 1, key, sizeof key), "The user name is empty.");
    refused(call("", c_string, "p", 1, key, sizeof key), "The user name is empty.");
    refused(call("u", 1, nullptr, 1, key, sizeof key), "The password is NULL.");
    refused(call("u", 1, "", 0, key, sizeof key), "The password is empty.");
    refused(call(too_long.data(), too_long.size(), "p", 1, key, sizeof key),
            "The user name is longer than 65536 bytes.");
    refused(call(too_long.data(), c_string, "p", 1, key, sizeof key),
            "The user name is longer than 65536 bytes.");
    refused(call("u", SIZE_MAX - 1, "p", 1, key, sizeof key), "The user name is longer than 65536 bytes.");
    refused(call("u", 1, too_long.data(), too_long.size(), key, sizeof key),
            "The password is longer than 65536 bytes.");
    refused(call("u\xFF", 2, "p", 1, key, sizeof key), "The user name is not UTF-8 at byte 1.");
    refused(call("u", 1, "ab\xC3", 3, key, sizeof key), "The password is not UTF-8 at byte 2.");
    refused(call("u", 1, "p", 1, nullptr, sizeof key), "The buffer for the key is NULL.");
    refused(call("u", 1, "p", 1, key, 255),
            "The buffer for the key is smaller than MBV_KEY_CAPACITY (256 bytes).");
    refused(call("u", 1, "p", 1, key, 0),
            "The buffer for the key is smaller than MBV_KEY_CAPACITY (256 bytes).");
    CHECK(key[0] == '#');
    CHECK(mbv_create_key(client.get(), nullptr, 0, nullptr, 0, nullptr, 0, nullptr) ==
          MBV_ERR_INVALID_ARGUMENT);
    CHECK(standin::state().requests == before.requests);
    CHECK(standin::state().connections == before.connections);
}

TEST_CASE("NULL in the client's place is tolerated everywhere") {
    char key[MBV_KEY_CAPACITY] = "#";
    std::size_t size = 99;
    CHECK(mbv_create_key(nullptr, "u", 1, "p", 1, key, sizeof key, &size) == MBV_ERR_INVALID_ARGUMENT);
    CHECK(key[0] == '\0');
    CHECK(size == 0);
    key[0] = '#';
    size = 99;
    CHECK(mbv_get_key(nullptr, "u", 1, "p", 1, key, sizeof key, &size) == MBV_ERR_INVALID_ARGUMENT);
    CHECK(key[0] == '\0');
    CHECK(size == 0);
    CHECK(mbv_test_key(nullptr, "key", 3) == MBV_ERR_INVALID_ARGUMENT);
    CHECK(mbv_set(nullptr, "base_url", "https://example.com") == MBV_ERR_INVALID_ARGUMENT);
    CHECK(mbv_take_key(nullptr, key, sizeof key, &size) == MBV_ERR_INVALID_ARGUMENT);
    char text[8] = "#";
    CHECK(mbv_error_message(nullptr, text, sizeof text) == 0);
    CHECK(text[0] == '\0');
    CHECK(mbv_server_message(nullptr, nullptr, 0) == 0);
    CHECK(mbv_key_state(nullptr) == MBV_KEY_UNCHANGED);
    CHECK(mbv_http_status(nullptr) == 0);
    CHECK(mbv_server_code(nullptr) == 0);
    CHECK(mbv_retry_after_ms(nullptr) == -1);
    mbv_cancel(nullptr);
    mbv_uncancel(nullptr);
    mbv_free(nullptr);
}

TEST_CASE("a new client describes nothing") {
    const caller::Client client(mbv_new());
    CHECK(mbv_key_state(client.get()) == MBV_KEY_UNCHANGED);
    CHECK(mbv_http_status(client.get()) == 0);
    CHECK(mbv_server_code(client.get()) == 0);
    CHECK(mbv_retry_after_ms(client.get()) == -1);
    CHECK(caller::error_message(client.get()).empty());
    CHECK(caller::server_message(client.get()).empty());
}

TEST_CASE("names and versions") {
    CHECK(std::string(mbv_status_name(0)) == "MBV_OK");
    CHECK(std::string(mbv_status_name(-5)) == "MBV_ERR_TIMEOUT");
    CHECK(std::string(mbv_status_name(-99)) == "MBV_ERR_INTERNAL");
    CHECK(std::string(mbv_status_name(-16)) == "MBV_ERR_UNKNOWN");
    CHECK(std::string(mbv_status_name(INT32_MIN)) == "MBV_ERR_UNKNOWN");
    CHECK(std::string(mbv_version()) == PROJECT_VERSION);
    CHECK(mbv_version_number() == PROJECT_MAJOR * 10000 + PROJECT_MINOR * 100 + PROJECT_PATCH);
    // The header's, as this program was compiled with it.
    CHECK(std::string(MBV_VERSION) == PROJECT_VERSION);
    CHECK(MBV_VERSION_NUMBER == mbv_version_number());
}

TEST_CASE("every status has a sentence of its own, and other numbers have one for all") {
    std::set<std::string> sentences;
    for (std::int32_t status = -120; status <= 20; ++status) {
        CAPTURE(status);
        const char* text = mbv_status_message(status);
        REQUIRE(text != nullptr);
        const std::string sentence = text;
        CHECK(sentence.size() > 10);
        CHECK(sentence.back() == '.');
        CHECK(sentence.find("old key") == std::string::npos);
        const bool known = std::string(mbv_status_name(status)) != "MBV_ERR_UNKNOWN";
        CHECK(known == (status == -99 || (status <= 0 && status >= -15)));
        CHECK((sentence == "There is no such status.") == !known);
        if (known) CHECK(sentences.insert(sentence).second);
    }
    CHECK(sentences.size() == 17);
    CHECK(std::string(mbv_status_message(MBV_ERR_TIMEOUT)) == "The call took longer than it was allowed to.");
    CHECK(std::string(mbv_status_message(INT32_MIN)) == "There is no such status.");
    CHECK(std::string(mbv_status_message(INT32_MAX)) == "There is no such status.");
}
