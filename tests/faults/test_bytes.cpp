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
};

std::string name_of(const Walk& walk) {
    return std::string(walk.direction) + " " + walk.how + ", " + walk.scheme +
           (walk.kept ? ", kept" : ", new") + (walk.status == 200 ? "" : ", 401");
}

std::string rule(const Walk& walk, int bytes) {
    return std::string("{\"") + walk.direction + "\":{\"" + (walk.kept ? "after_now" : "after") +
           "\":" + std::to_string(bytes) + ",\"how\":\"" + walk.how + "\"}}";
}

std::string secret_for(const Walk& walk) { return walk.status == 200 ? password : "wrong-password"; }

struct Sizes {
    int request = 0;
    int answer = 0;
};

// How many bytes a call takes in each direction, on a new connection or on a kept one.
Sizes measure(const Walk& walk, const standin::Relay& relay) {
    const Account account;
    const auto client = client_for(relay.url());
    relay.rule("{}");
    caller::create_key(client.get(), account.username, secret_for(walk));
    auto facts = relay.facts();
    Sizes sizes{facts["bytes_from_client"].GetInt(), facts["bytes_from_server"].GetInt()};
    if (!walk.kept) return sizes;
    caller::create_key(client.get(), account.username, secret_for(walk));
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
    std::thread calling(
        [&] { result = caller::create_key(client.get(), account.username, secret_for(walk)); });
    (void)relay.await_stalled(stalled);
    const auto begin = std::chrono::steady_clock::now();
    mbv_cancel(client.get());
    calling.join();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    auto& slowest = walk::ledger()[name].slowest_cancel_ms;
    slowest = std::max(slowest, took.count());
    return result;
}

void run(const Walk& walk, int step, bool cancel = false) {
    const std::string name = name_of(walk) + (cancel ? ", cancelled" : "");
    const standin::Relay relay(walk.scheme);
    const Sizes sizes = measure(walk, relay);
    const int size = std::string(walk.direction) == "request" ? sizes.request : sizes.answer;
    REQUIRE(size > 0);
    const std::string timeout = std::string(walk.how) == "stall" && !cancel ? "60" : "20000";
    const Account account;
    standin::Account truth = account.truth();
    int stalled = 0;
    for (int bytes = 0; bytes <= size; bytes = bytes < size ? std::min(bytes + step, size) : size + 1) {
        CAPTURE(bytes);
        // Behind the last byte of an answer nothing is left to wait for.
        if (std::string(walk.how) == "stall" && bytes >= size && std::string(walk.direction) == "answer")
            break;
        const auto client = client_for(relay.url());
        set(client, "timeout_ms", "20000");
        std::string old_key = truth.valid_key;
        int before = truth.requests;
        if (walk.kept) {
            relay.rule("{}");
            const auto first = caller::create_key(client.get(), account.username, password);
            REQUIRE(first.status == MBV_OK);
            old_key = first.key;
            ++before;
        }
        relay.rule(rule(walk, bytes));
        set(client, "timeout_ms", timeout);
        const auto result = cancel ? call_and_cancel(walk, client, account, relay, ++stalled, name)
                                   : caller::create_key(client.get(), account.username, secret_for(walk));
        // The stand-in may still be at it, though the client knows of nothing any more.
        if (result.status != MBV_OK) {
            relay.await_drained();
            standin::await_quiet(walk.scheme);
        }
        truth = account.truth();
        walk::enter(name, result, old_key, truth, before, decidable(walk, bytes, size));
        if (bytes % 8 == 0) {
            // The same client goes on, once a connection that is about to be cut has been.
            relay.await_settled();
            relay.rule("{}");
            mbv_uncancel(client.get());
            set(client, "timeout_ms", "20000");
            CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
            truth = account.truth();
        }
    }
}

}  // namespace

TEST_CASE("the connection ends after each byte, plain") {
    for (const char* direction : {"request", "answer"}) {
        for (const char* how : {"close", "reset"}) {
            for (const bool kept : {false, true}) {
                run({"http", direction, how, kept, 200}, 1);
            }
        }
    }
    run({"http", "answer", "close", false, 401}, 1);
    run({"http", "answer", "reset", true, 401}, 1);
}

TEST_CASE("the connection ends within TLS") {
    for (const char* direction : {"request", "answer"}) {
        for (const char* how : {"close", "reset"}) {
            run({"https", direction, how, false, 200}, 11);
            run({"https", direction, how, true, 200}, 1);
        }
    }
}

TEST_CASE("the connection stands still, and the call times out") {
    for (const char* scheme : {"http", "https"}) {
        for (const char* direction : {"request", "answer"}) {
            run({scheme, direction, "stall", false, 200}, std::string(scheme) == "http" ? 29 : 211);
            run({scheme, direction, "stall", true, 200}, 29);
        }
    }
}

TEST_CASE("the connection stands still, and the call is cancelled") {
    for (const char* scheme : {"http", "https"}) {
        for (const char* direction : {"request", "answer"}) {
            run({scheme, direction, "stall", false, 200}, std::string(scheme) == "http" ? 7 : 53, true);
            run({scheme, direction, "stall", true, 200}, 13, true);
        }
    }
}
