// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <mobivate.hpp>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/standin.hpp"

namespace {

// What the README says of rotating a key, and its reader's own.
std::string stored;
void store(std::string_view key) { stored = key; }
#include "rotation.hpp"

const std::string password = "correct-password";
const std::string stalls = R"({"creates":true,"cut":{"after":0,"how":"stall"}})";

std::string new_account(const std::string& scenario = "{}") {
    static int count = 0;
    std::string username = "cpp-" + std::to_string(++count) + "@example.com";
    standin::create_account(username, password, scenario);
    return username;
}

mobivate::client new_client(const char* scheme = "https") {
    mobivate::options options;
    options.base_url = standin::fact(scheme);
    options.ca_file = standin::fact("ca_file");
    options.proxy = "";
    options.timeout = std::chrono::minutes(1);
    return mobivate::client(options);
}

// Begins a call on another thread; it is under way when this returns.
std::future<mobivate::key> begin(mobivate::client& client, const std::string& username) {
    const int requests = standin::account(username).requests;
    auto call =
        std::async(std::launch::async, [&client, username] { return client.create_key(username, password); });
    standin::await_requests(username, requests + 1);
    return call;
}

template <class Call>
mobivate::error error_of(Call call) {
    try {
        call();
    } catch (const mobivate::error& error) {
        return error;
    }
    FAIL("nothing was thrown");
    std::abort();
}

long descriptors() {
    long count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

// Anonymous pages alone: those of files come and go with what else runs.
long resident_kib() {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("RssAnon:", 0) == 0) return std::stol(line.substr(8));
    }
    return -1;
}

}  // namespace

static_assert(!std::is_copy_constructible_v<mobivate::client> &&
              std::is_nothrow_move_constructible_v<mobivate::client>);
static_assert(!std::is_copy_constructible_v<mobivate::key> &&
              std::is_nothrow_move_constructible_v<mobivate::key>);
static_assert(std::is_nothrow_copy_constructible_v<mobivate::error>);
static_assert(!std::is_convertible_v<mobivate::key, std::string>);

TEST_CASE("an error carries everything") {
    const std::string username = new_account(
        R"({"status":429,"headers":[["Retry-After","7"]],"body":{"code":4290,"message":"Slow down"}})");
    auto client = new_client();
    const auto error = error_of([&] { (void)client.create_key(username, password); });
    CHECK(error.status() == mobivate::status::rate_limited);
    CHECK(error.key_state() == mobivate::key_state::unchanged);
    CHECK(error.http_status() == 429);
    CHECK(error.server_code() == 4290);
    CHECK(error.server_message() == "Slow down");
    CHECK(error.retry_after() == std::chrono::seconds(7));
    CHECK(std::string(error.what()).find("The old key still works.") != std::string::npos);
}

TEST_CASE("an error travels whole: copied, rethrown on another thread, nested") {
    const std::string username =
        new_account(R"({"status":500,"creates":true,"body":{"code":7,"message":"Broken"}})");
    auto client = new_client();
    std::exception_ptr caught;
    std::thread([&] {
        try {
            (void)client.create_key(username, password);
        } catch (const mobivate::error&) {
            try {
                std::throw_with_nested(std::runtime_error("rotation failed"));
            } catch (...) {
                caught = std::current_exception();
            }
        }
    }).join();
    client.close();
    const auto error = error_of([&] {
        try {
            std::rethrow_exception(caught);
        } catch (const std::runtime_error& outer) {
            std::rethrow_if_nested(outer);
        }
    });
    CHECK(error.key_state() == mobivate::key_state::unknown);
    CHECK(error.status() == mobivate::status::server);
    CHECK(error.server_message() == "Broken");
    CHECK(std::string(error.what()).find("The old key may be revoked") != std::string::npos);
}

TEST_CASE("a key is wiped, and moves") {
    const std::string username = new_account();
    auto client = new_client();
    auto key = client.create_key(username, password);
    CHECK(std::string(key.view()) == standin::account(username).valid_key);
    CHECK(key.view().data()[key.view().size()] == '\0');
    const auto moved = std::move(key);
    CHECK(moved.view().size() == 36);
    CHECK(key.view().empty());  // NOLINT: after a move it is empty, and says so
    key = client.create_key(username, password);
    CHECK(std::string(key.view()) == standin::account(username).valid_key);
}

TEST_CASE("the README's rotation settles an unknown outcome, and creates no second key") {
    for (const char* lost :
         {R"({"creates":true,"cut":{"after":0,"how":"close"}})", R"({"status":500})", "{}"}) {
        const std::string username = new_account(lost);
        auto client = new_client();
        stored.clear();
        rotate(client, username, password);
        CHECK(stored == standin::account(username).valid_key);
        CHECK(standin::account(username).requests == 1);
    }
    auto client = new_client();
    const std::string username = new_account();
    CHECK(error_of([&] { rotate(client, username, "wrong"); }).status() == mobivate::status::credentials);
}

TEST_CASE("asking changes nothing, and every failure but a refused key is thrown") {
    const std::string username = new_account();
    auto client = new_client();
    const auto old = client.get_key(username, password);
    CHECK(old.view() == standin::account(username).valid_key);
    CHECK(client.test_key(old.view()));
    const auto created = client.create_key(username, password);
    CHECK_FALSE(client.test_key(old.view()));
    CHECK(client.test_key(created.view()));
    CHECK(error_of([&] { (void)client.test_key({}); }).status() == mobivate::status::invalid_argument);
    const auto refused = error_of([&] { (void)client.get_key(username, "wrong"); });
    CHECK(refused.status() == mobivate::status::credentials);
    CHECK(refused.key_state() == mobivate::key_state::unchanged);
    CHECK(refused.http_status() == 401);
    client.close();
    CHECK_THROWS_AS((void)client.get_key(username, password), std::logic_error);
    CHECK_THROWS_AS((void)client.test_key("key"), std::logic_error);
}

TEST_CASE("cancelling ends this call, and no later one") {
    const std::string username = new_account("{\"sequence\":[" + stalls + ",{}]}");
    auto client = new_client();
    client.cancel();  // nothing is in progress
    auto call = begin(client, username);
    client.cancel();
    const auto error = error_of([&] { (void)call.get(); });
    CHECK(error.status() == mobivate::status::cancelled);
    CHECK(error.key_state() == mobivate::key_state::unknown);
    CHECK(client.create_key(username, password).view().size() == 36);
}

#if defined(__cpp_lib_jthread)
TEST_CASE("a stop token ends this call, and no later one") {
    const std::string username = new_account("{\"sequence\":[" + stalls + ",{}]}");
    auto client = new_client();
    std::stop_source source;
    auto call = std::async(std::launch::async,
                           [&] { return client.create_key(username, password, source.get_token()); });
    standin::await_requests(username, 1);
    source.request_stop();
    CHECK(error_of([&] { (void)call.get(); }).status() == mobivate::status::cancelled);
    const auto error = error_of([&] { (void)client.create_key(username, password, source.get_token()); });
    CHECK(error.key_state() == mobivate::key_state::unchanged);
    CHECK(client.create_key(username, password, std::stop_token()).view().size() == 36);
    // Raced against the end of a call.
    auto quick = new_client("http");
    for (int i = 0; i < 300; ++i) {
        std::stop_source racing;
        std::thread canceller([&] { racing.request_stop(); });
        try {
            (void)quick.create_key(username, password, racing.get_token());
        } catch (const mobivate::error& ended) {
            CHECK(ended.status() == mobivate::status::cancelled);
        }
        CHECK_NOTHROW((void)quick.create_key(username, password));
        canceller.join();
    }
}
#endif

TEST_CASE("a second call at the same time is refused, and changes nothing") {
    const std::string username = new_account(stalls);
    auto client = new_client();
    auto call = begin(client, username);
    const auto error = error_of([&] { (void)client.create_key(username, password); });
    CHECK(error.status() == mobivate::status::busy);
    CHECK(error_of([&] { client.set("timeout_ms", "1"); }).status() == mobivate::status::busy);
    CHECK(call.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    CHECK(standin::account(username).requests == 1);
    client.cancel();
    CHECK(error_of([&] { (void)call.get(); }).status() == mobivate::status::cancelled);
}

TEST_CASE("closing, twice, at once, and during a call") {
    const std::string username = new_account(stalls);
    auto client = new_client();
    auto call = begin(client, username);
    std::vector<std::thread> closers;
    for (int i = 0; i < 3; ++i) closers.emplace_back([&] { client.close(); });
    for (auto& closer : closers) closer.join();
    CHECK(error_of([&] { (void)call.get(); }).status() == mobivate::status::cancelled);
    CHECK_THROWS_AS((void)client.create_key(username, password), std::logic_error);
    CHECK_THROWS_AS(client.set("timeout_ms", "1"), std::logic_error);
    auto moved = std::move(client);
    CHECK_THROWS_AS((void)client.create_key(username, password), std::logic_error);  // NOLINT: likewise
    moved = new_client();
    const std::string other = new_account();
    CHECK(moved.create_key(other, password).view().size() == 36);
}

TEST_CASE("options and arguments that cannot be used") {
    mobivate::options options;
    options.base_url = "http://example.com";
    const auto error = error_of([&] { const mobivate::client client(options); });
    CHECK(error.status() == mobivate::status::invalid_argument);
    CHECK(std::string(error.what()).find("base_url") != std::string::npos);
    CHECK(error.key_state() == mobivate::key_state::unchanged);
    auto client = new_client();
    const auto cut = error_of([&] { client.set("user_agent", std::string("a\0b", 3)); });
    CHECK(cut.status() == mobivate::status::invalid_argument);
    CHECK(std::string(cut.what()) == "The option user_agent contains a NUL.");
    CHECK(std::string(error_of([&] { (void)client.create_key({}, password); }).what()).find("is empty") !=
          std::string::npos);
    CHECK(error_of([&] { (void)client.create_key("u", "\xC3\x28"); }).key_state() ==
          mobivate::key_state::unchanged);
}

TEST_CASE("ten thousand calls leave nothing") {
    const std::string username = new_account();
    auto client = new_client("http");
    const auto call = [&](int count) {
        for (int i = 0; i < count; ++i) REQUIRE(client.create_key(username, password).view().size() == 36);
    };
    call(1000);
    const long open = descriptors();
    const long resident = resident_kib();
    call(10000);
    CHECK(descriptors() == open);
    // More than the allocator's steps, and less than 420 bytes of each call.
    CHECK(resident_kib() - resident < 4096);
}

TEST_CASE("every status and key state of the header") {
    std::ifstream file(std::getenv("MOBIVATE_HEADER"));
    const std::string data{std::istreambuf_iterator<char>(file), {}};
    rapidjson::Document header;
    header.Parse(data.c_str(), data.size());
    using mobivate::status;
    const std::map<std::string, status> statuses = {{"MBV_OK", status::ok},
                                                    {"MBV_ERR_INVALID_ARGUMENT", status::invalid_argument},
                                                    {"MBV_ERR_NO_MEMORY", status::no_memory},
                                                    {"MBV_ERR_BUSY", status::busy},
                                                    {"MBV_ERR_CANCELLED", status::cancelled},
                                                    {"MBV_ERR_TIMEOUT", status::timeout},
                                                    {"MBV_ERR_RESOLVE", status::resolve},
                                                    {"MBV_ERR_CONNECT", status::connect},
                                                    {"MBV_ERR_TLS", status::tls},
                                                    {"MBV_ERR_TRANSPORT", status::transport},
                                                    {"MBV_ERR_CREDENTIALS", status::credentials},
                                                    {"MBV_ERR_RATE_LIMITED", status::rate_limited},
                                                    {"MBV_ERR_REJECTED", status::rejected},
                                                    {"MBV_ERR_SERVER", status::server},
                                                    {"MBV_ERR_PROTOCOL", status::protocol},
                                                    {"MBV_ERR_BUFFER_TOO_SMALL", status::buffer_too_small},
                                                    {"MBV_ERR_INTERNAL", status::internal}};
    const std::map<std::string, mobivate::key_state> states = {
        {"MBV_KEY_UNCHANGED", mobivate::key_state::unchanged},
        {"MBV_KEY_REPLACED", mobivate::key_state::replaced},
        {"MBV_KEY_UNKNOWN", mobivate::key_state::unknown}};
    CHECK(header["status"].MemberCount() == statuses.size());
    for (const auto& [name, value] : statuses) {
        CHECK(header["status"][name.c_str()].GetInt() == static_cast<int>(value));
        CHECK(mobivate::status_name(value) == name);
    }
    CHECK(header["key_states"].MemberCount() == states.size());
    for (const auto& [name, value] : states)
        CHECK(header["key_states"][name.c_str()].GetInt() == static_cast<int>(value));
}
