// SPDX-License-Identifier: MIT
// Every answer, over a real connection: each status code with each body, each of the stand-in's scenarios,
// and answers that have no end.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "ledger.hpp"

using namespace service;

namespace {

// How a body is described to the stand-in. `keyed`: it holds a usable key where the key is replaced.
// `from_the_api`: it is the API's own error.
struct Body {
    const char* name;
    const char* scenario;
    bool keyed;
    bool from_the_api = false;
    // Keyed where the key is an ordinary one.
    bool shows_key = keyed;
};

const Body bodies[] = {
    {"documented", R"("body":{"apiKey":"{key}"})", true},
    {"documented error", R"("body":{"code":401,"message":"Invalid Credentials"})", false, true},
    {"code alone", R"("body":{"code":7})", false, true},
    {"message alone", R"("body":{"message":"No"})", false, true},
    {"another's error", R"("body":{"error":{"code":403,"message":"Blocked"}})", false},
    {"empty", R"("body_text":"")", false},
    {"HTML", R"("body_text":"<html><body>502 Bad Gateway</body></html>")", false},
    {"invalid UTF-8", R"("body_base64":"eyJhcGlLZXkiOiLDKCJ9")", false},
    {"cut", R"("body_text":"{{\"apiKey\":\"{key}\"")", false},
    {"duplicate", R"("body_text":"{{\"apiKey\":\"{key}\",\"apiKey\":\"another\"}}")", false},
    {"missing", R"("body":{"key":"{key}"})", false},
    {"wrong type", R"("body":{"apiKey":["{key}"]})", false},
    {"empty key", R"("body":{"apiKey":""})", false},
    {"control in the key", R"("body":{"apiKey":"{key}\u0001"})", false},
    {"line end in the key", R"("body":{"apiKey":"{key}\r\nX: y"})", false},
    {"NUL in the key", R"("body":{"apiKey":"{key}\u0000"})", false},
    {"byte order mark", R"("body_text":"\ufeff{{\"apiKey\":\"{key}\"}}")", true},
    {"255 byte key", R"("key_size":255,"body":{"apiKey":"{key}"})", true},
    {"256 byte key", R"("key_size":256,"body":{"apiKey":"{key}"})", true},
    {"4096 byte key", R"("key_size":4096,"body":{"apiKey":"{key}"})", true},
    {"4097 byte key", R"("key_size":4097,"body":{"apiKey":"{key}"})", false, false, true},
    {"one chunk a byte", R"("chunked":1,"body":{"apiKey":"{key}"})", true},
    {"one chunk", R"("chunked":0,"body":{"apiKey":"{key}"})", true},
    {"compressed", R"("headers":[["Content-Encoding","gzip"]],"body_base64":"H4sIAAAAAAACAwMAAAAAAAAAAAA=")",
     false},
};

bool refuses(int code, const Body& body) { return code / 100 == 4 && body.from_the_api; }

// Whether the server replaces the key with this answer. The API does not where it refuses; a firewall before
// it may refuse afterwards.
bool creates(int code, const Body& body, bool turn) {
    if (refuses(code, body)) return false;
    return (code / 100 == 2 && body.keyed) || turn;
}

std::string answer_with(int code, const Body& body, bool turn) {
    std::string scenario = "{\"creates\":";
    scenario += creates(code, body, turn) ? "true," : "false,";
    // An interim answer is followed by none: the connection ends.
    if (code < 200 && code != 101)
        return scenario + R"("raw_text":"HTTP/1.1 )" + std::to_string(code) + R"( Interim\r\n\r\n"})";
    return scenario + "\"status\":" + std::to_string(code) + "," + body.scenario + "}";
}

// The names in the stand-in's table.
std::vector<std::string> scenario_names() {
    std::ifstream file(MOBIVATE_SCENARIOS);
    std::stringstream text;
    text << file.rdbuf();
    rapidjson::Document table;
    table.Parse(text.str().c_str());
    std::vector<std::string> names;
    for (const auto& scenario : table["scenarios"].GetObject()) names.emplace_back(scenario.name.GetString());
    return names;
}

#if !defined(_WIN32)
// A line of /proc/self/status, in KiB.
long memory(const char* what) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind(what, 0) == 0) return std::stol(line.substr(std::strlen(what) + 1));
    }
    return -1;
}
#endif

}  // namespace

TEST_CASE("each status code with each body") {
    for (int code = 100; code <= 599; code += walk::sparse(1, 37)) {
        std::string sequence;
        bool turn = code % 2 == 0;
        for (const Body& body : bodies) {
            sequence += (sequence.empty() ? "" : ",") + answer_with(code, body, turn);
            turn = !turn;
        }
        const Account account("{\"sequence\":[" + sequence + "]}");
        const auto client = http_client();
        auto before = account.truth();
        for (const Body& body : bodies) {
            CAPTURE(code);
            CAPTURE(std::string(body.name));
            const auto result = caller::create_key(client.get(), account.username, password, caller::any_key);
            const bool keyed = code / 100 == 2 && code != 204 && body.keyed;
            const auto truth = walk::enter("answer, each code, each body", Call::create_key, account.username,
                                           result, before, refuses(code, body) || keyed);
            CHECK((result.status == MBV_OK) == keyed);
            CHECK(truth.requests == before.requests + 1);
            before = truth;
        }
    }
}

TEST_CASE("each status code with each body, to a question") {
    for (const Call call : asking_calls) {
        for (int code = 100; code <= 599; code += walk::sparse(1, 37)) {
            std::string sequence;
            for (const Body& body : bodies)
                sequence += (sequence.empty() ? "" : ",") + answer_with(code, body, false);
            const Account account(scenario_for(call, "{\"sequence\":[" + sequence + "]}"));
            const auto client = http_client();
            auto before = account.truth();
            for (const Body& body : bodies) {
                CAPTURE(code);
                CAPTURE(std::string(body.name));
                const auto result = caller::make(call, client.get(), account.username, password,
                                                 account.old_key, caller::any_key);
                const bool success = code / 100 == 2;
                // The key is the account's, of whatever size one is to be made.
                const bool keyed = success && code != 204 && body.shows_key;
                const bool good = call == Call::get_key ? keyed : success;
                before = walk::enter("answer, each code, each body", call, account.username, result, before,
                                     code / 100 == 4 || good);
                CHECK((result.status == MBV_OK) == good);
                CHECK((result.status == MBV_ERR_CREDENTIALS) == (code == 401));
            }
            CHECK(requests_of(call, before) == static_cast<int>(std::size(bodies)));
        }
    }
}

TEST_CASE("each scenario of the stand-in") {
    const auto names = scenario_names();
    REQUIRE(names.size() > 70);
    for (const std::string& name : names) {
        for (const char* scheme : {"http", "https"}) {
            for (const Call call : all_calls) {
                CAPTURE(name);
                CAPTURE(std::string(scheme));
                const Account account(scenario_for(call, "\"" + name + "\""));
                const auto client = client_for(standin::fact(scheme));
                // Some stand still on purpose.
                set(client, "timeout_ms", call == Call::create_key ? "500" : "200");
                auto before = account.truth();
                for (int i = 0; i < 2; ++i) {
                    const auto result = caller::make(call, client.get(), account.username, password,
                                                     account.old_key, caller::any_key);
                    walk::await_truth(result, scheme);
                    before = walk::enter(std::string("answer, each scenario, ") + scheme, call,
                                         account.username, result, before, false);
                }
            }
        }
    }
}

TEST_CASE("nested 100,000 levels deep, in what fits and in what does not") {
    const std::string deep = std::string(100000, '[') + std::string(100000, ']');
    const std::string fits = std::string(32000, '[') + std::string(32000, ']');
    for (const std::string& text : {deep, fits}) {
        for (const int code : {200, 401, 500}) {
            for (const Call call : all_calls) {
                const Account account(scenario_for(call, "{\"status\":" + std::to_string(code) +
                                                             R"(,"creates":true,"body_text":")" + text +
                                                             "\"}"));
                const auto client = http_client();
                const auto before = account.truth();
                const auto result = make(call, client, account);
                walk::enter("answer, nested", call, account.username, result, before, false);
            }
        }
    }
}

#if !defined(_WIN32)

TEST_CASE("an answer without end takes bounded memory") {
    for (const char* kind : {"headers", "body", "chunks", "informational"}) {
        for (const char* scheme : {"http", "https"})
            for (const Call call : all_calls) {
                CAPTURE(std::string(kind));
                const Account account(
                    scenario_for(call, std::string("{\"creates\":true,\"endless\":\"") + kind + "\"}"));
                const auto before = account.truth();
                const auto client = client_for(standin::fact(scheme));
                // What any call takes is there already.
                const Account other;
                REQUIRE(caller::create_key(client.get(), other.username, password).status == MBV_OK);
                std::ofstream("/proc/self/clear_refs") << "5";
                const long used = memory("VmRSS:");
                const auto result = make(call, client, account);
                const long peak = memory("VmHWM:") - used;
                walk::await_truth(result, scheme);
                walk::enter("answer, without end", call, account.username, result, before, false);
                const bool success = call == Call::test_key && std::string(kind) != "informational";
                CHECK(result.status == (success ? MBV_OK : MBV_ERR_PROTOCOL));
                CHECK(peak < 1024);
                MESSAGE(caller::name_of(call)
                        << ", endless " << std::string(kind) << ", " << std::string(scheme)
                        << ": the resident memory's peak grew by " << peak << " KiB");
            }
    }
}

#endif
