// SPDX-License-Identifier: MIT
// One client: it takes the arguments of a call, has a request built, sent and its answer judged, and
// publishes what happened.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "answer/judge.hpp"
#include "answer/reader.hpp"
#include "call.hpp"
#include "client/options.hpp"
#include "client/published.hpp"
#include "outcome.hpp"
#include "request/request.hpp"
#include "secret/buffer.hpp"
#include "text/message.hpp"
#include "transport/connection.hpp"

namespace mobivate::client {

// The caller's buffer for a key.
struct KeyBuffer {
    char* bytes = nullptr;
    std::size_t capacity = 0;
    std::size_t* size = nullptr;

    void clear() const noexcept;
    // Whether writing to it would change a byte of `text`.
    [[nodiscard]] bool overlaps(std::string_view text) const noexcept;
};

class Client {
public:
    Client() = default;  // throws std::bad_alloc
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] bool create() noexcept { return connection_.create(); }

    // One function at a time has the client. False: another one has it.
    [[nodiscard]] bool enter() noexcept { return (state_.fetch_or(in_use) & in_use) == 0; }
    // True: it was to be freed meanwhile, and now nobody else has it.
    [[nodiscard]] bool leave() noexcept { return (state_.fetch_and(~in_use) & retired) != 0; }
    // Ends the call in progress, if there is one. True: nobody has the client, and it can be freed. False:
    // whoever has it frees it.
    [[nodiscard]] bool retire() noexcept {
        cancel();
        return (state_.fetch_or(retired) & in_use) == 0;
    }

    // Between enter() and leave().
    Status set(const char* name, const char* value) noexcept;
    // A text that is not there has a null data(). Sizes are bounded by the caller of this function.
    // `key` is where the call hands over a key, if it does.
    Status make(const Call& call, const request::Credentials& credentials, const KeyBuffer& key) noexcept;
    Status take_key(const KeyBuffer& key) noexcept;

    // At any time.
    void cancel() noexcept;
    void uncancel() noexcept { cancelled_.store(false); }
    [[nodiscard]] const Published& published() const noexcept { return published_; }

private:
    // What a function has to tell at its end.
    struct Result {
        Status status = Status::internal;
        Outcome outcome;
        text::Message message;
        std::string_view server_message;  // lies in the reader's body
    };

    // In frames of their own, so that all that they leave on the stack lies below what is scrubbed.
    [[gnu::noinline]] Status make_below(const Call& call, const request::Credentials& credentials,
                                        const KeyBuffer& key) noexcept;
    [[gnu::noinline]] Status take_key_below(const KeyBuffer& key) noexcept;
    void check_and_exchange(const Call& call, const request::Credentials& credentials, const KeyBuffer& key,
                            Result& result);
    void exchange(const Call& call, std::string_view secret, const KeyBuffer& key, Result& result) noexcept;
    Status hand_over(const KeyBuffer& key, text::Message& message) noexcept;
    [[nodiscard]] bool check_arguments(const Call& call, const request::Credentials& credentials,
                                       const KeyBuffer& key, text::Message& why) const noexcept;

    static constexpr unsigned in_use = 1;
    static constexpr unsigned retired = 2;
    std::atomic<unsigned> state_{0};
    std::atomic<bool> cancelled_{false};
    Published published_;
    Options options_;
    transport::Connection connection_;
    secret::Buffer request_;
    answer::Reader reader_;
    std::string_view retained_key_;                  // lies in the reader's body
    KeyState retained_state_ = KeyState::unchanged;  // what the call that it is from made of the old key
};

}  // namespace mobivate::client
