// SPDX-License-Identifier: MIT
// What the integration tests share: an account of its own for each test, and clients that trust the stand-in.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "support/caller.hpp"
#include "support/standin.hpp"

namespace service {

inline const std::string password = "correct-password";

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
