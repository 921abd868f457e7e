// SPDX-License-Identifier: MIT
// The connection ends, or stands still, after each byte of the request and of the answer.
#include <chrono>
#include <thread>

#include "ledger.hpp"

using namespace service;

namespace {

struct Walk {
    const char* scheme;
    const char* direction;  // request or answer
    const char* how;        // close, reset or stall
    bool kept;
    int status;  // 200 or 401
    Call call = Call::create_key;
};

std::string name_of(const Walk& walk, bool cancel) {
    return std::string(walk.direction) + " " + walk.how + ", " + walk.scheme +
           (walk.kept ? ", kept" : ", new") + (walk.status == 200 ? "" : ", 401") +
           (cancel ? ", cancelled" : "");
}

std::string rule(const Walk& walk, int bytes) {
    return std::string("{\"") + walk.direction + "\":{\"" + (walk.kept ? "after_now" : "after") +
           "\":" + std::to_string(bytes) + ",\"how\":\"" + walk.how + "\"}}";
}

// The account of a walk. What a test that is to be refused tests is the key that it has no more.
Account account_for(const Walk& walk) {
    Account account;
    if (walk.call == Call::test_key && walk.status == 401) {
        const auto client = http_client();
        REQUIRE(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    }
    return account;
}

caller::Result make(const Walk& walk, const caller::Client& client, const Account& account) {
    return make(walk.call, client, account, walk.status == 200 ? password : "wrong-password");
}

struct Sizes {
    int request = 0;
    int answer = 0;
};

// How many bytes a call takes in each direction, on a new connection or on a kept one.
Sizes measure(const Walk& walk, const standin::Relay& relay) {
    const Account account = account_for(walk);
    const auto client = client_for(relay.url());
    relay.rule("{}");
    make(walk, client, account);
    auto facts = relay.facts();
    Sizes sizes{facts["bytes_from_client"].GetInt(), facts["bytes_from_server"].GetInt()};
    if (!walk.kept) return sizes;
    make(walk, client, account);
    facts = relay.facts();
    return {facts["bytes_from_client"].GetInt() - sizes.request,
            facts["bytes_from_server"].GetInt() - sizes.answer};
}

// Without TLS it is known to the byte what has reached the client, and so what it can know.
bool decidable(const Walk& walk, int bytes, int size) {
    if (std::string(walk.scheme) == "https" || std::string(walk.direction) == "request") return false;
    return bytes >= size;
}

caller::Result call_and_cancel(const Walk& walk, const caller::Client& client, const Account& account,
                               const standin::Relay& relay, int stalled, const std::string& name) {
    caller::Result result;
    std::thread calling([&] { result = make(walk, client, account); });
    (void)relay.await_stalled(stalled);
    const auto begin = std::chrono::steady_clock::now();
    mbv_cancel(client.get());
    calling.join();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    auto& slowest = walk::ledger()[walk::class_name(walk.call, name)].slowest_cancel_ms;
    slowest = std::max(slowest, took.count());
    return result;
}

void run(const Walk& walk, int step, bool cancel = false) {
    const std::string name = name_of(walk, cancel);
    const standin::Relay relay(walk.scheme);
    const Sizes sizes = measure(walk, relay);
    const int size = std::string(walk.direction) == "request" ? sizes.request : sizes.answer;
    REQUIRE(size > 0);
    const std::string timeout = std::string(walk.how) == "stall" && !cancel ? "60" : "20000";
    const Account account = account_for(walk);
    standin::Account truth = account.truth();
    int stalled = 0;
    for (int bytes = 0; bytes <= size; bytes = bytes < size ? std::min(bytes + step, size) : size + 1) {
        CAPTURE(name);
        CAPTURE(bytes);
        // Behind the last byte of an answer nothing is left to wait for.
        if (std::string(walk.how) == "stall" && bytes >= size && std::string(walk.direction) == "answer")
            break;
        const auto client = client_for(relay.url());
        set(client, "timeout_ms", "20000");
        if (walk.kept) {
            relay.rule("{}");
            REQUIRE(
                caller::make(walk.call, client.get(), account.username, password, truth.valid_key).status ==
                MBV_OK);
            truth = account.truth();
        }
        relay.rule(rule(walk, bytes));
        set(client, "timeout_ms", timeout);
        const auto result = cancel ? call_and_cancel(walk, client, account, relay, ++stalled, name)
                                   : make(walk, client, account);
        // The stand-in may still be at it, though the client knows of nothing any more.
        if (result.status != MBV_OK) {
            relay.await_drained();
            standin::await_quiet(walk.scheme);
        }
        truth = walk::enter(name, walk.call, account.username, result, truth, decidable(walk, bytes, size),
                            walk.status == 200);
        if (bytes % 8 == 0) {
            // The same client goes on, once a connection that is about to be cut has been.
            relay.await_settled();
            relay.rule("{}");
            mbv_uncancel(client.get());
            set(client, "timeout_ms", "20000");
            CHECK(caller::make(walk.call, client.get(), account.username, password, truth.valid_key).status ==
                  MBV_OK);
            truth = account.truth();
        }
    }
}

// The calls that change nothing go the same ways. Where that takes TLS or a time-out each, they do it byte by
// byte with MOBIVATE_WALK=full only.
void run_each(Walk walk, int step, bool cancel = false) {
    for (const Call call : all_calls) {
        const bool plain = std::string(walk.scheme) == "http" && std::string(walk.how) != "stall";
        const bool whole = call == Call::create_key || plain || walk::full();
        walk.call = call;
        run(walk, walk::sparse(whole ? step : 5 * step), cancel);
    }
}

}  // namespace

TEST_CASE("the connection ends after each byte, plain") {
    for (const char* direction : {"request", "answer"}) {
        for (const char* how : {"close", "reset"}) {
            for (const bool kept : {false, true}) {
                run_each({"http", direction, how, kept, 200}, 1);
            }
        }
    }
    run_each({"http", "answer", "close", false, 401}, 1);
    run_each({"http", "answer", "reset", true, 401}, 1);
}

TEST_CASE("the connection ends within TLS") {
    for (const char* direction : {"request", "answer"}) {
        for (const char* how : {"close", "reset"}) {
            run_each({"https", direction, how, false, 200}, 11);
            run_each({"https", direction, how, true, 200}, 1);
        }
    }
}

TEST_CASE("the connection stands still, and the call times out") {
    for (const char* scheme : {"http", "https"}) {
        for (const char* direction : {"request", "answer"}) {
            run_each({scheme, direction, "stall", false, 200}, std::string(scheme) == "http" ? 29 : 211);
            run_each({scheme, direction, "stall", true, 200}, 29);
        }
    }
}

TEST_CASE("the connection stands still, and the call is cancelled") {
    for (const char* scheme : {"http", "https"}) {
        for (const char* direction : {"request", "answer"}) {
            run_each({scheme, direction, "stall", false, 200}, std::string(scheme) == "http" ? 7 : 53, true);
            run_each({scheme, direction, "stall", true, 200}, 13, true);
        }
    }
}
