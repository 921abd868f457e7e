// SPDX-License-Identifier: MIT
// What an answer means: a pure function of what arrived.
#pragma once

#include <cstdint>
#include <string_view>

#include "answer/reader.hpp"
#include "call.hpp"
#include "outcome.hpp"
#include "secret/buffer.hpp"
#include "text/message.hpp"

namespace mobivate::answer {

// How the exchange ended that the answer is from.
struct Ending {
    // ok: the answer was read to its end. Else what ended it first: transport, timeout, cancelled, ...
    Status status = Status::ok;
    // The whole request may have reached the server. Until then no server can have acted on it.
    bool request_sent = false;
    // In words, for any status but ok.
    text::Message what;
};

struct Verdict {
    Status status = Status::internal;
    KeyState key_state = KeyState::unchanged;
    std::int32_t http_status = 0;
    std::int32_t server_code = 0;
    std::int64_t retry_after_ms = -1;
    std::string_view key;             // that the call hands over; lies in the body
    std::string_view server_message;  // redacted; lies in the body
    text::Message what;               // what happened, redacted; empty for ok
};

// `body` is decoded in place. `secret` is blanked in every text. `now` (seconds since 1970) stands in for the
// answer's Date where it has none. Never throws.
[[nodiscard]] Verdict judge(const Call& call, const Arrived& arrived, secret::Buffer& body,
                            const Ending& ending, std::string_view secret, std::int64_t now) noexcept;

}  // namespace mobivate::answer
