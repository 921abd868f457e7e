// SPDX-License-Identifier: MIT
// Ten thousand calls with random faults. MOBIVATE_SEED repeats a run; MOBIVATE_CALLS makes it longer.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "ledger.hpp"

using namespace service;

namespace {

unsigned long number_from(const char* name, unsigned long otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

class Dice {
public:
    explicit Dice(unsigned long seed) : engine_(seed) {}
    int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(engine_); }
    bool once_in(int times) { return below(times) == 0; }
    template <class List>
    auto one_of(const List& list) {
        return list[static_cast<std::size_t>(below(static_cast<int>(std::size(list))))];
    }

private:
    std::mt19937_64 engine_;
};

const std::array<const char*, 3> ways = {"close", "reset", "stall"};
const std::array<const char*, 2> schemes = {"http", "https"};

// What the stand-in does with the next calls.
std::string random_scenario(Dice& dice) {
    static const std::array<const char*, 17> scenarios = {
        "{}",
        "{}",
        "{}",
        R"({"chunked":3})",
        R"({"http_version":"1.0"})",
        R"({"informational":[103,100]})",
        R"({"status":500,"creates":true})",
        R"({"status":503,"creates":false})",
        R"({"status":403,"body":{"code":403,"message":"{password}"}})",
        R"({"status":403,"creates":true,"body_text":"<html>"})",
        R"({"status":429,"headers":[["Retry-After","1"]]})",
        R"({"status":307,"creates":false})",
        R"({"creates":true,"raw_text":"garbage"})",
        R"({"keep":"close_after_answer"})",
        R"({"keep":"reset_after_answer"})",
        R"({"keep":"lose_next"})",
        R"({"keep":"close_on_next"})",
    };
    if (!dice.once_in(4)) return dice.one_of(scenarios);
    return R"({"creates":true,"cut":{"after":)" + std::to_string(dice.below(300)) + R"(,"how":")" +
           dice.one_of(ways) + "\"}}";
}

// Where the relay ends or holds the connection.
std::string random_cut(Dice& dice, const std::string& scheme) {
    if (!dice.once_in(3)) return "{}";
    const bool request = dice.once_in(2);
    const char* from = dice.once_in(2) ? "after" : "after_now";
    return std::string("{\"") + (request ? "request" : "answer") + "\":{\"" + from +
           "\":" + std::to_string(dice.below(scheme == "http" ? 900 : 3500)) + ",\"how\":\"" +
           dice.one_of(ways) + "\"}}";
}

// A client, the account that it makes keys for, and the relay that it goes through.
struct User {
    explicit User(const std::string& with_scheme)
        : scheme(with_scheme), relay(with_scheme), client(client_for(relay.url())) {}

    void renew() { client = client_for(relay.url()); }

    std::string scheme;
    standin::Relay relay;
    caller::Client client;
    Account account;
};

// With a wrong password or a key that was never one, now and then. `tested_is_valid` says of the latter.
caller::Result call(Dice& dice, const User& user, Call which, const std::string& valid_key,
                    bool& tested_is_valid) {
    const bool wrong = dice.once_in(12);
    const std::string secret = wrong ? "wrong-password" : password;
    const std::string tested = wrong ? "no-such-key" : valid_key;
    tested_is_valid = !wrong;
    const auto make_it = [&] {
        return caller::make(which, user.client.get(), user.account.username, secret, tested);
    };
    set(user.client, "timeout_ms", std::to_string(20 + dice.below(100)));
    mbv_uncancel(user.client.get());
    if (!dice.once_in(6)) return make_it();
    const auto delay = std::chrono::microseconds(dice.below(3000));
    std::thread canceller([&] {
        std::this_thread::sleep_for(delay);
        mbv_cancel(user.client.get());
    });
    auto result = make_it();
    canceller.join();
    return result;
}

}  // namespace

TEST_CASE("random faults") {
    const unsigned long seed = number_from("MOBIVATE_SEED", std::random_device()());
    const unsigned long calls = number_from("MOBIVATE_CALLS", walk::asked_for("sample") ? 1500 : 10000);
    MESSAGE("MOBIVATE_SEED=" << seed << ", " << calls << " calls");
    Dice dice(seed);
    std::map<std::int32_t, long> statuses;
    unsigned long made = 0;
    while (made < calls) {
        User user(dice.one_of(schemes));
        std::string scenario = "{}";
        Call which = Call::create_key;
        for (int i = 0; i < 50 && made < calls; ++i, ++made) {
            INFO("MOBIVATE_SEED=" << seed << ", call " << made);
            if (dice.once_in(3)) {
                scenario = random_scenario(dice);
                // It is one call's: the others settle what that one leaves unknown.
                which = dice.once_in(2) ? Call::create_key : dice.one_of(asking_calls);
                standin::create_account(user.account.username, password, scenario_for(which, scenario));
            }
            const std::string cut = random_cut(dice, user.scheme);
            user.relay.rule(cut);
            const auto before = user.account.truth();
            bool tested_is_valid = true;
            const auto result = call(dice, user, which, before.valid_key, tested_is_valid);
            ++statuses[result.status];
            INFO(user.scheme << ", " << caller::name_of(which) << ", scenario " << scenario << ", relay "
                             << cut << ": " << std::string(mbv_status_name(result.status)) << ", "
                             << result.error_message);
            // A call that ended before it touched a kept connection leaves it open: it would never be quiet.
            const bool untouched = which != Call::create_key || result.key_state == MBV_KEY_UNCHANGED;
            if (result.http_status == 0 && untouched) user.renew();
            if (result.status != MBV_OK && result.http_status == 0) user.relay.await_drained();
            walk::await_truth(result, user.scheme);
            walk::enter("random faults, " + user.scheme, which, user.account.username, result, before, false,
                        tested_is_valid);
        }
    }
    for (const auto& [status, count] : statuses)
        MESSAGE(std::string(mbv_status_name(status)) << ": " << count);
}
