// SPDX-License-Identifier: MIT
// What the integration tests share: an account of its own for each test, and clients that trust the stand-in.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "support/caller.hpp"
#include "support/standin.hpp"

namespace service {

inline const std::string password = "correct-password";

using caller::Call;
constexpr Call all_calls[] = {Call::create_key, Call::get_key, Call::test_key};
// Those that change nothing.
constexpr Call asking_calls[] = {Call::get_key, Call::test_key};

// The scenario of an account that answers this call so, and the others as documented.
inline std::string scenario_for(Call call, const std::string& scenario) {
    if (call == Call::create_key) return scenario;
    return std::string("{\"") + (call == Call::get_key ? "get" : "test") + "\":" + scenario + "}";
}

// What the stand-in counts the requests of a call under.
inline const char* counter_of(Call call) {
    if (call == Call::create_key) return "requests";
    return call == Call::get_key ? "get_requests" : "test_requests";
}

inline int requests_of(Call call, const standin::Account& account) {
    if (call == Call::create_key) return account.requests;
    return call == Call::get_key ? account.get_requests : account.test_requests;
}

inline std::string next_username() {
    static int count = 0;
    return "integration-" + std::to_string(++count) + "@example.com";
}

// An account whose calls the stand-in answers by `scenario`.
struct Account {
    explicit Account(const std::string& scenario = "{}", const std::string& with_password = password)
        : username(next_username()),
          old_key(standin::create_account(username, with_password, scenario).valid_key) {}

    [[nodiscard]] standin::Account truth() const { return standin::account(username); }

    std::string username;
    std::string old_key;
};

inline void set(const caller::Client& client, const char* option, const std::string& value) {
    INFO(option << " = " << value);
    REQUIRE(mbv_set(client.get(), option, value.c_str()) == MBV_OK);
}

inline caller::Client client_for(const std::string& base_url) {
    caller::Client client(mbv_new());
    REQUIRE(client != nullptr);
    set(client, "base_url", base_url);
    set(client, "ca_file", standin::fact("ca_file"));
    set(client, "proxy", "");
    return client;
}

inline caller::Client https_client() { return client_for(standin::fact("https")); }
inline caller::Client http_client() { return client_for(standin::fact("http")); }

// A call about an account, and, where it is to test a key, about the one that the account began with.
inline caller::Result make(Call call, const caller::Client& client, const Account& account,
                           const std::string& with_password = password) {
    return caller::make(call, client.get(), account.username, with_password, account.old_key);
}

// A call that changes nothing, held against what the stand-in knows: nothing has changed, the key state says
// so, no message speaks of an old key, and a key that was handed over is the account's.
inline void check_asked(Call call, const Account& account, const caller::Result& result) {
    const standin::Account truth = account.truth();
    INFO(caller::name_of(call) << ": " << mbv_status_name(result.status) << ": " << result.error_message);
    CHECK(requests_of(call, truth) <= 1);
    CHECK(truth.requests + truth.get_requests + truth.test_requests == requests_of(call, truth));
    CHECK(truth.replaced == 0);
    CHECK(truth.valid_key == account.old_key);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(result.error_message.find("old key") == std::string::npos);
    CHECK(result.error_message.empty() == (result.status == MBV_OK));
    const bool has_key = call == Call::get_key && result.status == MBV_OK;
    CHECK(result.key == (has_key ? truth.valid_key : ""));
    CHECK(result.key_size ==
          (result.status == MBV_ERR_BUFFER_TOO_SMALL ? truth.valid_key.size() : result.key.size()));
}

// The library's claim about the old key, held against what the stand-in knows.
inline void check_claim(const Account& account, const caller::Result& result) {
    const standin::Account truth = account.truth();
    INFO(mbv_status_name(result.status) << ": " << result.error_message);
    CHECK(truth.requests <= 1);
    if (result.key_state == MBV_KEY_UNCHANGED) {
        CHECK(truth.valid_key == account.old_key);
    }
    if (result.key_state == MBV_KEY_REPLACED) {
        CHECK(truth.valid_key == result.key);
        CHECK(truth.valid_key != account.old_key);
    }
    CHECK((result.status == MBV_OK) == !result.key.empty());
    CHECK(result.key_size == result.key.size());
}

}  // namespace service
