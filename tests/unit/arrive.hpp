// SPDX-License-Identifier: MIT
// Lets the bytes of an answer arrive, and judges them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "answer/judge.hpp"
#include "answer/reader.hpp"

namespace arrive {

struct Judged {
    mobivate::Status status{};
    mobivate::KeyState key_state{};
    int http_status = 0;
    int server_code = 0;
    long long retry_after_ms = 0;
    std::string key;
    std::string server_message;
    std::string what;
    bool keeps_connection = false;
};

struct How {
    mobivate::Call call = mobivate::create_key_call;
    std::string secret = "opensesame";
    std::size_t piece = 1U << 20U;                          // bytes at a time
    mobivate::Status ending = mobivate::Status::transport;  // what ends it if the answer does not
    bool request_sent = true;
    bool orderly_end = true;  // the peer closes after the bytes
    long long now = 1700000000;
};

inline Judged judge(std::string_view bytes, const How& how = {}) {
    mobivate::answer::Reader reader;
    if (!reader.prepare()) throw std::bad_alloc();
    bool ended = false;
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, how.piece);
        ended = reader.take(piece) == mobivate::answer::Reader::Progress::ended;
        bytes.remove_prefix(piece.size());
    }
    if (!ended && how.orderly_end) reader.take_end();
    ended = ended || (!how.orderly_end && reader.awaits_nothing_certain());
    mobivate::answer::Ending ending;
    ending.request_sent = how.request_sent;
    if (!reader.arrived().complete && !ended) {
        ending.status = how.ending;
        ending.what << "It ended.";
    }
    const auto verdict =
        mobivate::answer::judge(how.call, reader.arrived(), reader.body(), ending, how.secret, how.now);
    return {verdict.status,
            verdict.key_state,
            verdict.http_status,
            verdict.server_code,
            verdict.retry_after_ms,
            std::string(verdict.key),
            std::string(verdict.server_message),
            std::string(verdict.what.view()),
            reader.keeps_connection()};
}

// An answer as a server writes it.
inline std::string answer(int status, std::string_view body, std::string_view fields = "") {
    return "HTTP/1.1 " + std::to_string(status) +
           " Reason\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields) +
           "\r\n" + std::string(body);
}

}  // namespace arrive
