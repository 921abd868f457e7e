// SPDX-License-Identifier: MIT
// The system takes no more of what is sent after each byte, or takes it in pieces. What a TLS library has
// queued by then must not follow when the call was given up.
#include <thread>

#include "ledger.hpp"
#include "support/slow_sockets.hpp"

using namespace service;
using support::Room;
using support::SlowSockets;

namespace {

struct Sending {
    const char* scheme;
    bool kept;
    std::size_t password_size = password.size();
    Call call = Call::create_key;

    [[nodiscard]] std::string with_password() const {
        return password_size == password.size() ? password : std::string(password_size, 'x');
    }
};

std::string name_of(const Sending& sending, const char* what) {
    return std::string("send ") + what + ", " + sending.scheme + (sending.kept ? ", kept" : ", new") +
           (sending.password_size > password.size() ? ", long" : "");
}

// An account, and a client that has a connection already where it is to be kept.
struct User {
    explicit User(const Sending& sending)
        : account("{}", sending.with_password()), client(client_for(standin::fact(sending.scheme))) {}

    void connect(const Sending& sending) const {
        if (!sending.kept) return;
        REQUIRE(make(Call::create_key, client, account, sending.with_password()).status == MBV_OK);
    }

    Account account;
    caller::Client client;
};

caller::Result make(const Sending& sending, const User& user, const standin::Account& before) {
    return caller::make(sending.call, user.client.get(), user.account.username, sending.with_password(),
                        before.valid_key);
}

long size_of(const Sending& sending) {
    const User user(sending);
    user.connect(sending);
    const auto before = user.account.truth();
    const SlowSockets sockets(LONG_MAX, Room::never);
    REQUIRE(make(sending, user, before).status == MBV_OK);
    return sockets.taken();
}

caller::Result give_up(const Sending& sending, const User& user, long taken, bool cancel,
                       const standin::Account& before) {
    const std::chrono::milliseconds time_out(cancel ? 20000 : 30);
    set(user.client, "timeout_ms", std::to_string(time_out.count()));
    SlowSockets* slow = nullptr;
    caller::Result result;
    std::atomic<bool> began{false};
    std::atomic<bool> ended{false};
    std::atomic<bool> over{false};
    std::thread calling([&] {
        SlowSockets sockets(taken, Room::once_given_up, SlowSockets::Clock::now() + time_out);
        slow = &sockets;
        began = true;
        result = make(sending, user, before);
        ended = true;
        while (!over) std::this_thread::yield();
    });
    while (!began || (!slow->blocked && !ended)) std::this_thread::yield();
    if (cancel) slow->give_up([&] { mbv_cancel(user.client.get()); });
    over = true;
    calling.join();
    mbv_uncancel(user.client.get());
    set(user.client, "timeout_ms", "20000");
    return result;
}

void run(const Sending& sending, long step, bool cancel) {
    const std::string name = name_of(sending, cancel ? "blocked, cancelled" : "blocked, timed out");
    const long size = size_of(sending);
    User user(sending);
    for (long taken = 0; taken < size; taken += step) {
        CAPTURE(name);
        CAPTURE(taken);
        user.connect(sending);
        const auto before = user.account.truth();
        const auto result = give_up(sending, user, taken, cancel, before);
        // There may be room a moment before the call's time is over.
        CHECK((result.status == (cancel ? MBV_ERR_CANCELLED : MBV_ERR_TIMEOUT) ||
               (!cancel && result.status == MBV_OK)));
        walk::await_truth(result, sending.scheme);
        // The request cannot be there whole, and that is known.
        walk::enter(name, sending.call, user.account.username, result, before,
                    sending.call == Call::create_key);
        CHECK(make(sending, user, user.account.truth()).status == MBV_OK);
        if (!sending.kept) user.client = client_for(standin::fact(sending.scheme));
    }
}

// Longer than a TLS record, so that some of it has gone when there is no more room.
constexpr std::size_t long_password = 60000;

}  // namespace

TEST_CASE("the system takes no more of a request after each byte, and the call is given up") {
    for (const char* scheme : {"http", "https"}) {
        const bool secure = std::string(scheme) == "https";
        for (const Call call : all_calls) {
            const int times = call == Call::create_key || walk::full() ? 1 : 5;
            for (const bool cancel : {false, true}) {
                const int slower = (cancel ? 1 : 5) * times;
                run({scheme, true, password.size(), call}, walk::sparse(slower), cancel);
                run({scheme, false, password.size(), call}, walk::sparse((secure ? 11 : 3) * slower), cancel);
            }
        }
        run({scheme, true, long_password}, walk::sparse(997), true);
        run({scheme, false, long_password}, walk::sparse(997), true);
    }
}

TEST_CASE("the system takes a request in pieces") {
    for (const char* scheme : {"http", "https"}) {
        for (const bool kept : {false, true}) {
            for (const std::size_t password_size : {password.size(), long_password}) {
                for (const long piece : {1, 2, 5, 16, 100, 1000, 16000}) {
                    for (const Call call : all_calls) {
                        const Sending sending{scheme, kept, password_size, call};
                        if (password_size / static_cast<std::size_t>(piece) > 1000) continue;
                        CAPTURE(piece);
                        const User user(sending);
                        user.connect(sending);
                        const auto before = user.account.truth();
                        caller::Result result;
                        {
                            const SlowSockets sockets(piece, Room::at_once);
                            result = make(sending, user, before);
                        }
                        walk::enter(name_of(sending, "in pieces"), call, user.account.username, result,
                                    before, true);
                        CHECK(result.status == MBV_OK);
                    }
                }
            }
        }
    }
}
