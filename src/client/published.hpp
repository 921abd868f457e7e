// SPDX-License-Identifier: MIT
// What the getters tell: written by the function that holds the client, read by any thread at any time.
//
// Nobody ever waits. A reader that meets a writer reads again, and one that meets a call tells that there is
// a call: of what it changes nothing is known before its end.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "outcome.hpp"

namespace mobivate::client {

// Of the last call.
struct Outcome {
    KeyState key_state = KeyState::unchanged;
    std::int32_t http_status = 0;
    std::int32_t server_code = 0;
    std::int64_t retry_after_ms = -1;
};

// Text that may be written while it is read; what is read then is thrown away.
class SharedText {
public:
    using Byte = std::atomic<char>;

    SharedText() noexcept = default;
    SharedText(Byte* bytes, std::size_t capacity) noexcept : bytes_(bytes), capacity_(capacity) {}

    void assign(std::string_view text) noexcept;
    std::size_t hand_out(char* buffer, std::size_t capacity) const noexcept;

    // Bytes to write to, where there are none yet.
    [[nodiscard]] bool has_bytes() const noexcept {
        return bytes_.load(std::memory_order_relaxed) != nullptr;
    }
    void give_bytes(Byte* bytes, std::size_t capacity) noexcept;

private:
    std::atomic<Byte*> bytes_{nullptr};
    std::size_t capacity_ = 0;  // the writer's
    std::atomic<std::size_t> size_{0};
};

class Published {
public:
    void begin_call() noexcept;
    void end_call(const Outcome& outcome, std::string_view message, std::string_view server_message) noexcept;
    // Between calls: the last function's message alone.
    void tell(std::string_view message) noexcept;

    [[nodiscard]] Outcome outcome() const noexcept;
    std::size_t message(char* buffer, std::size_t capacity) const noexcept;
    std::size_t server_message(char* buffer, std::size_t capacity) const noexcept;

private:
    // Whether it could be read; else a call is in progress.
    template <class Read>
    bool read(Read read) const noexcept;

    // Counts what was published, in steps of 4; the lowest bits tell what is going on.
    static constexpr std::uint64_t in_call = 1;
    static constexpr std::uint64_t writing = 2;
    static constexpr std::uint64_t step = 4;
    std::atomic<std::uint64_t> edition_{0};

    std::atomic<KeyState> key_state_{KeyState::unchanged};
    std::atomic<std::int32_t> http_status_{0};
    std::atomic<std::int32_t> server_code_{0};
    std::atomic<std::int64_t> retry_after_ms_{-1};
    std::array<SharedText::Byte, 1024> message_bytes_;
    SharedText message_{message_bytes_.data(), message_bytes_.size()};
    std::unique_ptr<SharedText::Byte[]> server_message_bytes_;  // stay, once they are there
    SharedText server_message_;
};

}  // namespace mobivate::client
