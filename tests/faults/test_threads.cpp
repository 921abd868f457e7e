// SPDX-License-Identifier: MIT
// Many clients on many threads, one client misused by many, cancelling raced against a call's start and end,
// forks.
#include <unistd.h>
#if !defined(_WIN32)
#include <sys/wait.h>
#endif

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

#include "ledger.hpp"

using namespace service;

namespace {

#if !defined(_WIN32)
int exit_status(pid_t child) {
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#endif

}  // namespace

TEST_CASE("64 clients on 64 threads") {
    constexpr int clients = 64;
    const int calls = walk::full() ? 157 : 16;  // 10,048 calls, or 1,024
    std::vector<Account> accounts(clients);
    std::atomic<int> wrong{0};
    {
        std::vector<std::thread> threads;
        for (const Account& account : accounts) {
            threads.emplace_back([&account, &wrong, calls] {
                const caller::Client client(mbv_new());
                const std::string url = standin::fact("http");
                if (mbv_set(client.get(), "base_url", url.c_str()) != MBV_OK) ++wrong;
                for (int i = 0; i < calls; ++i) {
                    if (caller::create_key(client.get(), account.username, password).status != MBV_OK)
                        ++wrong;
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
    CHECK(wrong == 0);
    walk::ledger()["threads, 64 clients"].cases += clients * calls;
    for (const Account& account : accounts) CHECK(account.truth().replaced == calls);
}

TEST_CASE("one client misused by 8 threads") {
    const Account account;
    const auto client = client_for(standin::fact("http"));
    const int calls = walk::full() ? 5000 : 200;
    std::atomic<int> created{0};
    std::atomic<int> other{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int call = 0; call < calls; ++call) {
                char key[MBV_KEY_CAPACITY];
                char text[64];
                const std::int32_t status =
                    mbv_create_key(client.get(), account.username.data(), account.username.size(),
                                   password.data(), password.size(), key, sizeof key, nullptr);
                if (status == MBV_OK) {
                    ++created;
                } else if (status != MBV_ERR_BUSY) {
                    ++other;
                }
                // The getters, at any time.
                mbv_error_message(client.get(), text, sizeof text);
                mbv_server_message(client.get(), text, sizeof text);
                if (mbv_key_state(client.get()) == MBV_KEY_UNCHANGED && status == MBV_OK)
                    std::this_thread::yield();
                mbv_http_status(client.get());
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(other == 0);
    CHECK(created > 0);
    CHECK(account.truth().requests == created);
    walk::ledger()["threads, one client misused"].cases += 8L * calls;
}

TEST_CASE("threads that poll the getters make nobody busy, and read whole texts") {
    const Account refusing(
        R"({"status":403,"body":{"code":403,"message":"Opted out of everything there is"}})");
    const Account creating;
    const auto client = client_for(standin::fact("http"));
    const std::string refusal = caller::create_key(client.get(), refusing.username, password).error_message;
    const std::string server_message = caller::server_message(client.get());
    const int calls = walk::full() ? 2000 : 300;
    std::atomic<bool> over{false};
    std::atomic<long> reads{0};
    std::atomic<long> torn{0};
    std::atomic<long> busy{0};
    std::vector<std::thread> pollers;
    for (int i = 0; i < 2; ++i) {
        pollers.emplace_back([&] {
            while (!over) {
                char text[512];
                mbv_error_message(client.get(), text, sizeof text);
                const std::string message = text;
                const bool known = message.empty() || message == refusal ||
                                   message.rfind("The client is in a call on another thread.", 0) == 0;
                mbv_server_message(client.get(), text, sizeof text);
                const bool whole = text[0] == '\0' || text == server_message;
                torn += known && whole ? 0 : 1;
                busy += mbv_key_state(client.get()) > MBV_KEY_UNKNOWN ? 1 : 0;
                ++reads;
            }
        });
    }
    for (int i = 0; i < calls; ++i) {
        const Account& account = i % 2 == 0 ? creating : refusing;
        const auto result = caller::create_key(client.get(), account.username, password);
        CHECK(result.status == (i % 2 == 0 ? MBV_OK : MBV_ERR_REJECTED));
        CHECK(result.key_state == (i % 2 == 0 ? MBV_KEY_REPLACED : MBV_KEY_UNCHANGED));
        CHECK(mbv_set(client.get(), "timeout_ms", "30000") == MBV_OK);
    }
    over = true;
    for (std::thread& poller : pollers) poller.join();
    CHECK(reads > 0);
    CHECK(torn == 0);
    CHECK(busy == 0);
    walk::ledger()["threads, polled"].cases += 2L * calls;
}

TEST_CASE("a client that is freed during its call ends it, and is freed at its end") {
    const Account stalling(R"({"creates":true,"cut":{"after":0,"how":"stall"}})");
    const Account account;
    const int rounds = walk::full() ? 500 : 50;
    for (int i = 0; i < rounds; ++i) {
        const bool raced = i > 0;
        const Account& used = raced ? account : stalling;
        auto* client = client_for(standin::fact("http")).release();
        std::int32_t status = 0;
        std::thread calling([&] {
            char key[MBV_KEY_CAPACITY];
            status = mbv_create_key(client, used.username.data(), used.username.size(), password.data(),
                                    password.size(), key, sizeof key, nullptr);
        });
        if (!raced) standin::await_requests(used.username, 1);
        // From when the call has begun, until after its end.
        while (mbv_key_state(client) == MBV_KEY_UNCHANGED) std::this_thread::yield();
        if (raced) usleep(static_cast<useconds_t>(i * 20));
        mbv_free(client);
        calling.join();
        CHECK((status == MBV_ERR_CANCELLED || (raced && status == MBV_OK)));
        ++walk::ledger()["threads, freed in a call"].cases;
    }
}

TEST_CASE("cancelling raced against a call's start and end") {
    const Account account;
    const auto client = client_for(standin::fact("http"));
    const int races = walk::full() ? 100000 : 1000;
    std::atomic<int> round{0};
    std::atomic<bool> over{false};
    std::thread canceller([&] {
        int seen = 0;
        while (!over) {
            if (round.load() == seen) continue;
            seen = round.load();
            // Spread over the call's time, which is some hundred microseconds.
            const auto until =
                std::chrono::steady_clock::now() + std::chrono::nanoseconds(seen * 7919L % 400000);
            while (std::chrono::steady_clock::now() < until) {
            }
            mbv_cancel(client.get());
        }
    });
    standin::Account truth = account.truth();
    int created = 0;
    int cancelled = 0;
    for (int i = 0; i < races; ++i) {
        mbv_uncancel(client.get());
        ++round;
        const auto result = caller::create_key(client.get(), account.username, password);
        const bool expected = result.status == MBV_OK || result.status == MBV_ERR_CANCELLED;
        CHECK(expected);
        created += result.status == MBV_OK ? 1 : 0;
        cancelled += result.status == MBV_ERR_CANCELLED ? 1 : 0;
        if (result.key_state == MBV_KEY_UNKNOWN) standin::await_quiet("http");
        truth = walk::enter("cancel raced", Call::create_key, account.username, result, truth, false);
    }
    over = true;
    canceller.join();
    MESSAGE(created << " calls ended before they were cancelled, " << cancelled << " did not");
}

#if !defined(_WIN32)

TEST_CASE("a fork during a call") {
    const Account account(R"({"creates":true,"cut":{"after":0,"how":"stall"}})");
    const Account other;
    const auto client = client_for(standin::fact("https"));
    caller::Result result;
    std::thread calling([&] { result = caller::create_key(client.get(), account.username, password); });
    standin::await_requests(account.username, 1);
    const pid_t child = fork();
    if (child == 0) {
        // The parent's call is none of the child's: the client is busy, and a new one works.
        const bool busy = caller::create_key(client.get(), other.username, password).status == MBV_ERR_BUSY;
        const auto own = client_for(standin::fact("https"));
        const bool works = caller::create_key(own.get(), other.username, password).status == MBV_OK;
        _exit(busy && works ? 0 : 1);
    }
    CHECK(exit_status(child) == 0);
    mbv_cancel(client.get());
    calling.join();
    CHECK(result.status == MBV_ERR_CANCELLED);
    CHECK(account.truth().requests == 1);
    ++walk::ledger()["processes"].cases;
}

TEST_CASE("exit during a call") {
    const Account account(R"({"creates":true,"cut":{"after":0,"how":"stall"}})");
    const pid_t child = fork();
    if (child == 0) {
        auto* client = client_for(standin::fact("https")).release();
        std::thread([client, &account] { caller::create_key(client, account.username, password); }).detach();
        standin::await_requests(account.username, 1);
        std::exit(7);
    }
    CHECK(exit_status(child) == 7);
    ++walk::ledger()["processes"].cases;
}

TEST_CASE("exit while clients connect") {
    const Account account;
    for (int i = 0; i < 40; ++i) {
        CAPTURE(i);
        const pid_t child = fork();
        if (child == 0) {
            // What the thread uses outlives the tests' own objects, which end with the process.
            const auto& url = *new std::string(standin::fact("https"));
            const auto& ca_file = *new std::string(standin::fact("ca_file"));
            const auto& username = *new std::string(account.username);
            std::thread([&url, &ca_file, &username] {
                for (;;) {
                    char key[MBV_KEY_CAPACITY];
                    mbv_client* client = mbv_new();
                    mbv_set(client, "base_url", url.c_str());
                    mbv_set(client, "ca_file", ca_file.c_str());
                    mbv_set(client, "proxy", "");
                    mbv_create_key(client, username.c_str(), MBV_NUL_TERMINATED, "correct-password",
                                   MBV_NUL_TERMINATED, key, sizeof key, nullptr);
                    mbv_free(client);
                }
            }).detach();
            // Spread over a handshake's time.
            usleep(static_cast<useconds_t>(1000 + i * 137));
            std::exit(7);
        }
        CHECK(exit_status(child) == 7);
        ++walk::ledger()["processes"].cases;
    }
}

#endif
