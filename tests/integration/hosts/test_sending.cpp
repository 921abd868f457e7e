// SPDX-License-Identifier: MIT
// What was given up stays given up, and what has arrived is not thrown away.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "integration/service.hpp"
#include "interpose.hpp"
#include "listener.hpp"

using namespace service;
using std::chrono::milliseconds;

namespace {

// A server of one thread, for what no sound server does: it answers at the end of a request's head.
class HastyServer {
public:
    HastyServer() {
        thread_ = std::thread([this] { serve(); });
    }
    HastyServer(const HastyServer&) = delete;
    HastyServer& operator=(const HastyServer&) = delete;
    ~HastyServer() { stop(); }

    // What came on each connection.
    const std::vector<std::string>& stop() {
        if (thread_.joinable()) {
            listener_.shut_down();
            thread_.join();
        }
        return received_;
    }

    [[nodiscard]] std::string url() const { return "http://" + listener_.host(); }

private:
    void serve() {
        for (int client = 0; (client = listener_.next()) >= 0; close(client)) {
            std::string& bytes = received_.emplace_back();
            char some[4096];
            bool answered = false;
            for (ssize_t size = 0; (size = recv(client, some, sizeof some, 0)) > 0;) {
                bytes.append(some, static_cast<std::size_t>(size));
                if (answered || bytes.find("\r\n\r\n") == std::string::npos) continue;
                answered = true;
                const std::string answer =
                    "HTTP/1.1 429 Slow down\r\nContent-Length: 34\r\n\r\n{\"code\":429,\"message\":\"Slow "
                    "down\"}";
                send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
            }
        }
    }

    host::Listener listener_;
    std::vector<std::string> received_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("nothing more of a request leaves once it is given up") {
    for (const char* scheme : {"https", "http"}) {
        for (const bool cancel : {false, true}) {
            for (const long taken : {10, 100, 200}) {
                CAPTURE(scheme);
                CAPTURE(cancel);
                CAPTURE(taken);
                const Account account;
                const auto client = client_for(standin::fact(scheme));
                REQUIRE(caller::create_key(client.get(), account.username, password).status == MBV_OK);
                const auto before = account.truth();
                const milliseconds time_out(cancel ? 30000 : 200);
                set(client, "timeout_ms", std::to_string(time_out.count()));
                std::atomic<support::SlowSockets*> slow{nullptr};
                caller::Result result;
                std::thread calling([&] {
                    support::SlowSockets sockets(taken, support::Room::once_given_up,
                                                 support::SlowSockets::Clock::now() + time_out);
                    slow = &sockets;
                    result = caller::create_key(client.get(), account.username, password);
                    while (cancel && slow != nullptr) std::this_thread::yield();
                });
                if (cancel) {
                    while (slow == nullptr || !slow.load()->blocked) std::this_thread::yield();
                    slow.load()->give_up([&] { mbv_cancel(client.get()); });
                    slow = nullptr;
                }
                calling.join();
                CHECK(std::string(mbv_status_name(result.status)) ==
                      (cancel ? "MBV_ERR_CANCELLED" : "MBV_ERR_TIMEOUT"));
                CHECK(result.key_state == MBV_KEY_UNCHANGED);
                standin::await_quiet(scheme);
                const auto truth = account.truth();
                CHECK(truth.requests == before.requests);
                CHECK(truth.valid_key == before.valid_key);
            }
        }
    }
}

TEST_CASE("an answer that has arrived is read before a call is given up") {
    for (const char* scheme : {"https", "http"}) {
        for (const bool cancel : {false, true}) {
            CAPTURE(scheme);
            CAPTURE(cancel);
            const Account account(R"({"delay_ms":{"before_answer":100}})");
            const auto client = client_for(standin::fact(scheme));
            REQUIRE(caller::create_key(client.get(), account.username, password).status == MBV_OK);
            host::Standstill standstill;
            caller::Result result;
            std::thread calling([&] {
                host::stand_still_in_poll(&standstill);
                result = caller::create_key(client.get(), account.username, password);
            });
            // The poll has ended: the answer is there, in the system's hands.
            while (!standstill.reached) std::this_thread::yield();
            standin::await_requests(account.username, 2);
            if (cancel) {
                mbv_cancel(client.get());
            } else {
                host::move_clock(std::chrono::hours(1));
            }
            standstill.over = true;
            calling.join();
            INFO(result.error_message);
            CHECK(result.status == MBV_OK);
            CHECK(result.key_state == MBV_KEY_REPLACED);
            CHECK(result.key == account.truth().valid_key);
        }
    }
}

TEST_CASE("a process that was stopped past its deadline reads its answer when it goes on") {
    const Account account(R"({"delay_ms":{"before_answer":300}})");
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        const auto client = https_client();
        set(client, "timeout_ms", "3000");
        const auto result = caller::create_key(client.get(), account.username, password);
        const std::string told = std::string(mbv_status_name(result.status)) + " " + result.key;
        _exit(write(ends[1], told.data(), told.size()) == static_cast<ssize_t>(told.size()) ? 0 : 1);
    }
    close(ends[1]);
    standin::await_requests(account.username, 1);
    kill(child, SIGSTOP);
    int status = 0;
    REQUIRE(waitpid(child, &status, WUNTRACED) == child);
    std::this_thread::sleep_for(milliseconds(3500));  // it is the time itself that has to pass
    kill(child, SIGCONT);
    REQUIRE(waitpid(child, &status, 0) == child);
    char told[1024] = {};
    CHECK(read(ends[0], told, sizeof told - 1) > 0);
    close(ends[0]);
    CHECK(std::string(told) == "MBV_OK " + account.truth().valid_key);
}

TEST_CASE("a connection on which half a request went out is not used again") {
    HastyServer server;
    const auto client = client_for(server.url());
    caller::Result result;
    {
        const support::SlowSockets slow(1000, support::Room::never);
        result = caller::create_key(client.get(), "user@example.com", std::string(60000, 'x'));
    }
    CHECK(result.status == MBV_ERR_RATE_LIMITED);
    CHECK(result.key_state == MBV_KEY_UNCHANGED);
    CHECK(caller::create_key(client.get(), "user@example.com", "second-password").status ==
          MBV_ERR_RATE_LIMITED);
    mbv_free(const_cast<caller::Client&>(client).release());
    const auto& received = server.stop();
    REQUIRE(received.size() == 2);
    CHECK(received[0].find("second-password") == std::string::npos);
    CHECK(received[1].find("second-password") != std::string::npos);
}
