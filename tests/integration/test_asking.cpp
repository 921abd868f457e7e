// SPDX-License-Identifier: MIT
// The calls that change nothing: mbv_get_key and mbv_test_key.
#include <cstdint>
#include <string>

#include "environment.hpp"
#include "service.hpp"

using namespace service;

namespace {

const std::string stall_before_answer = R"({"cut":{"after":0,"how":"stall"}})";

// Without the shape of a UUID, which would be blanked in any case.
const std::string key_of_40_bytes = R"("key_size":40)";

struct Row {
    const char* scenario;
    std::int32_t got;     // by mbv_get_key
    std::int32_t tested;  // by mbv_test_key
    std::int32_t http_status;
    std::int32_t server_code;
    const char* server_message;
    std::int64_t retry_after_ms;
};

}  // namespace

TEST_CASE("a key is got and tested, over TLS and over loopback HTTP") {
    for (const char* scheme : {"https", "http"}) {
        for (const Call call : asking_calls) {
            CAPTURE(scheme);
            const Account account;
            const auto client = client_for(standin::fact(scheme));
            const auto result = make(call, client, account);
            CHECK(result.status == MBV_OK);
            CHECK(result.http_status == 200);
            CHECK(result.server_code == 0);
            CHECK(result.retry_after_ms == -1);
            CHECK(result.error_message.empty());
            CHECK(result.server_message.empty());
            CHECK(requests_of(call, account.truth()) == 1);
            check_asked(call, account, result);
        }
    }
}

TEST_CASE("what the server answers to a question") {
    const std::int32_t refused = MBV_ERR_CREDENTIALS;
    const std::int32_t slow = MBV_ERR_RATE_LIMITED;
    const std::int32_t rejected = MBV_ERR_REJECTED;
    const std::int32_t failed = MBV_ERR_SERVER;
    const std::int32_t odd = MBV_ERR_PROTOCOL;
    const std::int32_t broken = MBV_ERR_TRANSPORT;
    const Row rows[] = {
        {R"({"status":400,"body":{"code":400,"message":"Bad"}})", rejected, rejected, 400, 400, "Bad", -1},
        {R"({"status":401,"body":{"code":401,"message":"No"}})", refused, refused, 401, 401, "No", -1},
        {R"({"status":401,"body_text":"<html>"})", refused, refused, 401, 0, "", -1},
        {R"({"status":402,"body":{"code":402}})", rejected, rejected, 402, 402, "", -1},
        {R"({"status":403,"body_text":"<html>"})", rejected, rejected, 403, 0, "", -1},
        {R"({"status":404,"body":{"message":"No API Key"}})", rejected, rejected, 404, 0, "No API Key", -1},
        {R"({"status":429,"headers":[["Retry-After","7"]],"body":{"code":429,"message":"Slow down"}})", slow,
         slow, 429, 429, "Slow down", 7000},
        {R"({"status":500,"body":{"code":500,"message":"Internal"}})", failed, failed, 500, 500, "Internal",
         -1},
        {R"({"status":503,"body_text":"<html>"})", failed, failed, 503, 0, "", -1},
        {R"({"status":204,"body_text":""})", odd, MBV_OK, 204, 0, "", -1},
        {R"({"status":200,"body_text":""})", odd, MBV_OK, 200, 0, "", -1},
        {R"({"status":200,"body_text":"<html>"})", odd, MBV_OK, 200, 0, "", -1},
        {R"({"status":200,"body":{"apiKey":""}})", odd, MBV_OK, 200, 0, "", -1},
        {R"({"status":200,"body":{"apiKey":"with space"}})", odd, MBV_OK, 200, 0, "", -1},
        {R"({"status":299,"body":{}})", odd, MBV_OK, 299, 0, "", -1},
        {R"({"status":300,"body":{"apiKey":"{key}"}})", odd, odd, 300, 0, "", -1},
        {R"({"raw_text":"HTTP/1.1 100 Continue\r\n\r\n"})", odd, odd, 0, 0, "", -1},
        {R"({"raw_text":"garbage"})", odd, odd, 0, 0, "", -1},
        {R"({"cut":{"after":0,"how":"close"}})", broken, broken, 0, 0, "", -1},
        {R"({"cut":{"after":0,"how":"reset"}})", broken, broken, 0, 0, "", -1},
        {R"({"cut":{"after":5,"how":"reset"}})", broken, broken, 0, 0, "", -1},
        {R"({"cut":{"after":"headers","how":"close"}})", broken, MBV_OK, 200, 0, "", -1},
    };
    for (const char* scheme : {"https", "http"}) {
        for (const Call call : asking_calls) {
            for (const Row& row : rows) {
                CAPTURE(scheme);
                CAPTURE(row.scenario);
                const Account account(scenario_for(call, row.scenario));
                const auto client = client_for(standin::fact(scheme));
                const auto result = make(call, client, account);
                const std::int32_t expected = call == Call::get_key ? row.got : row.tested;
                CHECK(std::string(mbv_status_name(result.status)) == mbv_status_name(expected));
                CHECK(result.http_status == row.http_status);
                CHECK(result.server_code == row.server_code);
                CHECK(result.server_message == row.server_message);
                CHECK(result.retry_after_ms == row.retry_after_ms);
                CHECK(requests_of(call, account.truth()) == 1);
                check_asked(call, account, result);
            }
        }
    }
}

TEST_CASE("a success tells of no error, whatever else is in the answer") {
    const Account account(scenario_for(Call::test_key, R"({"body":{"code":200,"message":"Valid"}})"));
    const auto client = https_client();
    const auto result = make(Call::test_key, client, account);
    CHECK(result.status == MBV_OK);
    CHECK(result.server_code == 0);
    CHECK(result.server_message.empty());
}

TEST_CASE("refusals are told in words that fit the call") {
    const Account account;
    const auto client = https_client();
    CHECK(caller::get_key(client.get(), account.username, "wrong-password").error_message ==
          "The server refused the user name or password (HTTP 401): Invalid Credentials.");
    CHECK(caller::test_key(client.get(), "no-such-key").error_message ==
          "The server refuses the key (HTTP 401): Invalid API Key.");
    CHECK(mbv_key_state(client.get()) == MBV_KEY_UNCHANGED);
    // The old one, once there is a new one.
    const auto created = caller::create_key(client.get(), account.username, password);
    REQUIRE(created.status == MBV_OK);
    CHECK(make(Call::test_key, client, account).status == MBV_ERR_CREDENTIALS);
    CHECK(caller::test_key(client.get(), created.key).status == MBV_OK);
}

TEST_CASE("an account without a key has none to hand over") {
    standin::control(
        "POST", "accounts",
        R"({"username":"keyless@example.com","password":"correct-password","scenario":{},"has_key":false})");
    const auto client = https_client();
    const auto result = caller::get_key(client.get(), "keyless@example.com", password);
    CHECK(result.status == MBV_ERR_REJECTED);
    CHECK(result.key.empty());
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(standin::account("keyless@example.com").replaced == 0);
}

TEST_CASE("an unknown outcome is settled by asking, and no further key is created") {
    for (const char* scheme : {"https", "http"}) {
        for (const bool creates : {true, false}) {
            CAPTURE(scheme);
            CAPTURE(creates);
            const Account account(std::string(R"({"cut":{"after":0,"how":"close"},"creates":)") +
                                  (creates ? "true}" : "false}"));
            const auto client = client_for(standin::fact(scheme));
            const auto lost = caller::create_key(client.get(), account.username, password);
            CHECK(lost.status == MBV_ERR_TRANSPORT);
            CHECK(lost.key_state == MBV_KEY_UNKNOWN);
            CHECK(lost.error_message.find("ask for the account's key with mbv_get_key") != std::string::npos);
            const auto got = caller::get_key(client.get(), account.username, password);
            CHECK(got.status == MBV_OK);
            CHECK(got.key_state == MBV_KEY_UNCHANGED);
            CHECK(got.key == account.truth().valid_key);
            CHECK((got.key != account.old_key) == creates);
            CHECK(caller::test_key(client.get(), got.key).status == MBV_OK);
            CHECK((make(Call::test_key, client, account).status == MBV_ERR_CREDENTIALS) == creates);
            CHECK(account.truth().replaced == (creates ? 1 : 0));
        }
    }
}

TEST_CASE("a key that does not fit is retained, and the old key is nobody's affair") {
    const Account account(R"({"key_size":4096})");
    const auto client = https_client();
    const auto created = caller::create_key(client.get(), account.username, password, caller::any_key);
    REQUIRE(created.status == MBV_OK);
    const auto got = caller::get_key(client.get(), account.username, password);
    CHECK(got.status == MBV_ERR_BUFFER_TOO_SMALL);
    CHECK(got.key_state == MBV_KEY_UNCHANGED);
    CHECK(got.key_size == 4096);
    CHECK(got.key.empty());
    CHECK(got.error_message ==
          "The key is there, but it has 4096 bytes and the buffer is too small; take it with mbv_take_key.");
    for (const Call call : asking_calls) {
        const auto refused = make(call, client, account);
        CHECK(refused.status == MBV_ERR_INVALID_ARGUMENT);
        CHECK(refused.key_state == MBV_KEY_UNCHANGED);
        CHECK(refused.error_message ==
              "The client retains a key from an earlier call; take it with mbv_take_key first.");
    }
    std::string buffer(4097, '#');
    std::size_t size = 0;
    CHECK(mbv_take_key(client.get(), buffer.data(), 4096, &size) == MBV_ERR_BUFFER_TOO_SMALL);
    CHECK(size == 4096);
    CHECK(mbv_take_key(client.get(), buffer.data(), 4097, &size) == MBV_OK);
    CHECK(buffer.c_str() == created.key);
    CHECK(mbv_take_key(client.get(), buffer.data(), 4097, &size) == MBV_ERR_INVALID_ARGUMENT);
    CHECK(caller::test_key(client.get(), created.key).status == MBV_OK);
    const auto truth = account.truth();
    CHECK(truth.requests == 1);
    CHECK(truth.get_requests == 1);
    CHECK(truth.test_requests == 1);
}

TEST_CASE("while a created key is retained nothing is asked, and the key state stays replaced") {
    const Account account(R"({"key_size":4096})");
    const auto client = https_client();
    REQUIRE(caller::create_key(client.get(), account.username, password).status == MBV_ERR_BUFFER_TOO_SMALL);
    for (const Call call : asking_calls) {
        const auto refused = make(call, client, account);
        CHECK(refused.status == MBV_ERR_INVALID_ARGUMENT);
        CHECK(refused.key_state == MBV_KEY_REPLACED);
        CHECK(refused.error_message.find("take it with mbv_take_key first") != std::string::npos);
        CHECK(refused.error_message.find("still works") == std::string::npos);
    }
    auto truth = account.truth();
    CHECK(truth.get_requests + truth.test_requests == 0);
    std::string buffer(4097, '#');
    CHECK(mbv_take_key(client.get(), buffer.data(), buffer.size(), nullptr) == MBV_OK);
    CHECK(truth.valid_key == buffer.c_str());
    const auto asked = caller::test_key(client.get(), truth.valid_key);
    CHECK(asked.status == MBV_OK);
    CHECK(asked.key_state == MBV_KEY_UNCHANGED);
}

TEST_CASE("keys that cannot be tested are refused before anything is sent") {
    const auto before = standin::state();
    const auto client = https_client();
    const auto refused = [&](const char* key, std::size_t size, const std::string& message) {
        CHECK(mbv_test_key(client.get(), key, size) == MBV_ERR_INVALID_ARGUMENT);
        CHECK(caller::error_message(client.get()) == message);
        CHECK(mbv_key_state(client.get()) == MBV_KEY_UNCHANGED);
        CHECK(mbv_http_status(client.get()) == 0);
    };
    const auto character_at = [](int offset) {
        return "The key has a character that no key has, at byte " + std::to_string(offset) +
               ": keys are printable ASCII without spaces.";
    };
    const std::size_t c_string = MBV_NUL_TERMINATED;
    refused(nullptr, 3, "The key is NULL.");
    refused(nullptr, c_string, "The key is NULL.");
    refused("key", 0, "The key is empty.");
    refused("", c_string, "The key is empty.");
    const std::string too_long(4097, 'k');
    refused(too_long.data(), too_long.size(), "The key is longer than 4096 bytes.");
    refused(too_long.c_str(), c_string, "The key is longer than 4096 bytes.");
    // It is not read to find that out.
    refused("key", SIZE_MAX - 1, "The key is longer than 4096 bytes.");
    refused("a key", c_string, character_at(1));
    refused("key ", c_string, character_at(3));
    refused("key\r\nX-Injected: yes", c_string, character_at(3));
    refused("key\n", c_string, character_at(3));
    refused("\tkey", c_string, character_at(0));
    refused("ke\0y", 4, character_at(2));
    refused("key\x7F", c_string, character_at(3));
    refused("k\xC3\xBCy", c_string, character_at(1));
    refused("k\xFFy", c_string, character_at(1));
    const auto after = standin::state();
    CHECK(after.connections == before.connections);
    CHECK(after.test_requests == before.test_requests);
}

TEST_CASE("arguments of mbv_get_key that are refused before anything is sent") {
    const auto before = standin::state();
    const auto client = https_client();
    char key[MBV_KEY_CAPACITY] = "#";
    std::size_t size = 99;
    const auto refused = [&](const char* username, std::size_t username_size, const char* secret,
                             std::size_t secret_size, char* buffer, std::size_t capacity,
                             const std::string& message) {
        size = 99;
        CHECK(mbv_get_key(client.get(), username, username_size, secret, secret_size, buffer, capacity,
                          &size) == MBV_ERR_INVALID_ARGUMENT);
        CHECK(caller::error_message(client.get()) == message);
        CHECK(mbv_key_state(client.get()) == MBV_KEY_UNCHANGED);
    };
    refused(nullptr, 1, "p", 1, key, sizeof key, "The user name is NULL.");
    CHECK(key[0] == '\0');
    CHECK(size == 0);
    refused("u", 1, "p", 0, key, sizeof key, "The password is empty.");
    refused("u\xFF", 2, "p", 1, key, sizeof key, "The user name is not UTF-8 at byte 1.");
    refused("u", 1, "p", 1, nullptr, sizeof key, "The buffer for the key is NULL.");
    refused("u", 1, "p", 1, key, 255, "The buffer for the key is smaller than MBV_KEY_CAPACITY (256 bytes).");
    refused("u", 1, key, 1, key, sizeof key,
            "The buffer for the key, or its size, overlaps the password: give the key memory of its own.");
    const auto after = standin::state();
    CHECK(after.connections == before.connections);
    CHECK(after.get_requests == before.get_requests);
}

TEST_CASE("keys of every character and size arrive unharmed") {
    std::string visible;
    for (char c = '!'; c <= '~'; ++c) visible += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
    for (const std::string& scenario : {"{\"key\":\"" + visible + "\"}", std::string(R"({"key_size":4096})"),
                                        std::string(R"({"key_size":1})")}) {
        const Account account(scenario);
        const auto client = https_client();
        const auto created = caller::create_key(client.get(), account.username, password, caller::any_key);
        REQUIRE(created.status == MBV_OK);
        CHECK(caller::get_key(client.get(), account.username, password, caller::any_key).key == created.key);
        CHECK(mbv_test_key(client.get(), created.key.c_str(), MBV_NUL_TERMINATED) == MBV_OK);
    }
}

TEST_CASE("a question that takes too long, in each phase") {
    for (const Call call : asking_calls) {
        CAPTURE(caller::name_of(call));
        const Account account(scenario_for(call, stall_before_answer));
        const auto unaccepted = client_for("https://" + standin::fact("hosts", "full"));
        set(unaccepted, "connect_timeout_ms", "100");
        auto result = make(call, unaccepted, account);
        CHECK(result.status == MBV_ERR_TIMEOUT);
        CHECK(result.error_message == "connect_timeout_ms (100 ms) passed before a connection was made.");
        const auto silent = client_for("https://" + standin::fact("hosts", "silent"));
        set(silent, "timeout_ms", "100");
        result = make(call, silent, account);
        CHECK(result.status == MBV_ERR_TIMEOUT);
        CHECK(result.error_message == "timeout_ms (100 ms) passed before a connection was made.");
        const auto waiting = https_client();
        set(waiting, "timeout_ms", "2000");
        result = make(call, waiting, account);
        CHECK(result.status == MBV_ERR_TIMEOUT);
        CHECK(result.error_message == "timeout_ms (2000 ms) passed before the answer was there.");
        check_asked(call, account, result);
    }
}

TEST_CASE("a question that does not get out") {
    for (const Call call : asking_calls) {
        CAPTURE(caller::name_of(call));
        const Account account;
        const auto ends = [&](const caller::Client& client, std::int32_t status) {
            const auto result = make(call, client, account);
            CHECK(std::string(mbv_status_name(result.status)) == mbv_status_name(status));
            check_asked(call, account, result);
            CHECK(requests_of(call, account.truth()) == 0);
        };
        ends(client_for("https://host.invalid"), MBV_ERR_RESOLVE);
        ends(client_for("https://" + standin::fact("hosts", "refused")), MBV_ERR_CONNECT);
        for (const char* fault : {"expired", "self_signed", "wrong_host", "untrusted", "tls11_only"}) {
            CAPTURE(fault);
            ends(client_for(standin::fact("tls_faults", fault)), MBV_ERR_TLS);
        }
        const auto proxied = https_client();
        set(proxied, "proxy", "http://" + standin::fact("hosts", "refused"));
        ends(proxied, MBV_ERR_CONNECT);
        // The stand-in is no proxy: it answers CONNECT with 405.
        set(proxied, "proxy", standin::fact("http"));
        ends(proxied, MBV_ERR_CONNECT);
        set(proxied, "proxy", "http://proxy.invalid:3128");
        ends(proxied, MBV_ERR_RESOLVE);
    }
}

TEST_CASE("questions take the environment's proxy for https, and none to loopback http") {
    const Environment for_https("https_proxy", "http://" + standin::fact("hosts", "refused"));
    const Environment for_http("http_proxy", "http://" + standin::fact("hosts", "refused"));
    for (const Call call : asking_calls) {
        CAPTURE(caller::name_of(call));
        const Account account;
        const caller::Client client(mbv_new());
        set(client, "ca_file", standin::fact("ca_file"));
        set(client, "base_url", standin::fact("https"));
        CHECK(make(call, client, account).status == MBV_ERR_CONNECT);
        set(client, "base_url", standin::fact("http"));
        CHECK(make(call, client, account).status == MBV_OK);
    }
}

TEST_CASE("the three calls share a kept connection") {
    for (const char* scheme : {"https", "http"}) {
        CAPTURE(scheme);
        const Account account;
        const auto client = client_for(standin::fact(scheme));
        std::string key = account.old_key;
        for (int i = 0; i < 3; ++i) {
            CHECK(caller::get_key(client.get(), account.username, password).key == key);
            CHECK(caller::test_key(client.get(), key).status == MBV_OK);
            key = caller::create_key(client.get(), account.username, password).key;
            // A refusal does not end it either.
            CHECK(make(Call::test_key, client, account).status == MBV_ERR_CREDENTIALS);
        }
        const auto connections = account.truth().connections;
        REQUIRE(connections.size() == 12);
        for (const auto& connection : connections) CHECK(connection == connections[0]);
    }
}

TEST_CASE("at most one request of a question is sent, also when a kept connection is dead") {
    for (const char* scheme : {"https", "http"}) {
        for (const Call call : asking_calls) {
            CAPTURE(scheme);
            CAPTURE(caller::name_of(call));
            const Account lost(scenario_for(call, R"({"keep":"lose_next"})"));
            const auto client = client_for(standin::fact(scheme));
            REQUIRE(make(call, client, lost).status == MBV_OK);
            const auto result = make(call, client, lost);
            CHECK(result.status == MBV_ERR_TRANSPORT);
            CHECK(result.key_state == MBV_KEY_UNCHANGED);
            CHECK(requests_of(call, lost.truth()) == 2);
            CHECK(make(call, client, lost).status == MBV_OK);
            CHECK(lost.truth().replaced == 0);
        }
    }
}

TEST_CASE("no redirect of a question is followed") {
    for (const int status : {301, 302, 303, 307, 308}) {
        for (const Call call : asking_calls) {
            CAPTURE(status);
            CAPTURE(caller::name_of(call));
            const Account account(scenario_for(call, "{\"status\":" + std::to_string(status) +
                                                         R"(,"headers":[["Location",")" +
                                                         standin::fact("https") + "/auth/test\"]]}"));
            const auto client = https_client();
            const auto before = standin::state();
            const auto result = make(call, client, account);
            CHECK(result.status == MBV_ERR_PROTOCOL);
            CHECK(result.http_status == status);
            check_asked(call, account, result);
            const auto after = standin::state();
            CHECK(after.requests + after.get_requests + after.test_requests ==
                  before.requests + before.get_requests + before.test_requests + 1);
        }
    }
}

TEST_CASE("answers without end to a question are bounded") {
    for (const char* endless : {"headers", "body", "chunks", "informational"}) {
        for (const Call call : asking_calls) {
            CAPTURE(endless);
            CAPTURE(caller::name_of(call));
            const Account account(scenario_for(call, std::string(R"({"endless":")") + endless + "\"}"));
            const auto client = https_client();
            const auto result = make(call, client, account);
            const bool has_status = std::string(endless) != "informational";
            CHECK(result.status == (call == Call::test_key && has_status ? MBV_OK : MBV_ERR_PROTOCOL));
            check_asked(call, account, result);
        }
    }
}

TEST_CASE("no secret comes out of what is said of a question") {
    struct Case {
        Call call;
        const char* scenario;
    };
    const Case cases[] = {
        {Call::test_key, R"({"status":403,"body":{"code":403,"message":"{key} is wrong"}})"},
        {Call::test_key, R"({"status":401,"body":{"code":401,"message":"Bearer {key}"}})"},
        {Call::test_key, R"({"status":500,"body":{"message":"GET /auth/test Authorization: Bearer {key}"}})"},
        {Call::get_key, R"({"status":403,"body":{"code":403,"message":"{password} is wrong"}})"},
        {Call::get_key, R"({"status":403,"body":{"apiKey":"{key}","message":"{password} for {key}"}})"},
    };
    for (const Case& row : cases) {
        CAPTURE(row.scenario);
        const std::string scenario = scenario_for(row.call, row.scenario);
        const Account account("{" + key_of_40_bytes + "," + scenario.substr(1));
        const auto client = https_client();
        const auto created = caller::create_key(client.get(), account.username, password);
        REQUIRE(created.status == MBV_OK);
        REQUIRE(created.key.size() == 40);
        const auto result = caller::make(row.call, client.get(), account.username, password, created.key);
        CHECK(result.status != MBV_OK);
        CHECK(result.server_message.find("***") != std::string::npos);
        for (const std::string& text : {result.error_message, result.server_message}) {
            INFO(text);
            CHECK(text.find(password) == std::string::npos);
            for (std::size_t at = 0; at + 8 <= created.key.size(); ++at)
                CHECK(text.find(created.key.substr(at, 8)) == std::string::npos);
        }
    }
}
