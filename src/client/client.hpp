// SPDX-License-Identifier: MIT
// One client: it takes the arguments of a call, has a request built, sent and its answer judged, and
// remembers what happened.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <shared_mutex>
#include <string_view>

#include "answer/reader.hpp"
#include "client/options.hpp"
#include "outcome.hpp"
#include "secret/buffer.hpp"
#include "text/message.hpp"
#include "transport/connection.hpp"

namespace mobivate::client {

// What the getters tell of the last call.
struct Outcome {
    KeyState key_state = KeyState::unchanged;
    std::int32_t http_status = 0;
    std::int32_t server_code = 0;
    std::int64_t retry_after_ms = -1;
    std::string_view server_message;  // lies in the reader's body
};

// The caller's buffer for a key.
struct KeyBuffer {
    char* bytes = nullptr;
    std::size_t capacity = 0;
    std::size_t* size = nullptr;

    void clear() const noexcept;
};

class Client {
public:
    Client() = default;  // throws std::bad_alloc
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] bool create() noexcept { return reader_.prepare() && connection_.create(); }

    Status set(const char* name, const char* value) noexcept;
    // A text that is not there has a null data(). Sizes are bounded by the caller of this function.
    Status create_key(std::string_view username, std::string_view password, const KeyBuffer& key) noexcept;
    Status take_key(const KeyBuffer& key) noexcept;

    void cancel() noexcept;
    void uncancel() noexcept { cancelled_.store(false, std::memory_order_release); }

    std::size_t error_message(char* buffer, std::size_t capacity) const noexcept;
    std::size_t server_message(char* buffer, std::size_t capacity) const noexcept;
    [[nodiscard]] Outcome outcome() const noexcept;

private:
    // In frames of their own, so that all that they leave on the stack lies below what is scrubbed.
    [[gnu::noinline]] Status create_key_below(std::string_view username, std::string_view password,
                                              const KeyBuffer& key) noexcept;
    [[gnu::noinline]] Status take_key_below(const KeyBuffer& key) noexcept;
    Status call(std::string_view username, std::string_view password, const KeyBuffer& key);
    Status hand_over(const KeyBuffer& key) noexcept;
    Status refuse(std::string_view why) noexcept;
    Status check_text(std::string_view name, std::string_view text) noexcept;

    // Held by the call in progress, shared by the getters: both only try, so that nobody ever waits.
    mutable std::shared_mutex in_use_;
    std::atomic<bool> cancelled_{false};
    Options options_;
    transport::Connection connection_;
    secret::Buffer request_;
    answer::Reader reader_;
    std::string_view retained_key_;  // lies in the reader's body
    Outcome outcome_;
    text::Message message_;
};

}  // namespace mobivate::client
