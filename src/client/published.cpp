// SPDX-License-Identifier: MIT
#include "client/published.hpp"

#include <algorithm>
#include <new>

#include "text/utf8.hpp"

namespace mobivate::client {
namespace {

constexpr std::string_view call_in_progress =
    "The client is in a call on another thread. What becomes of the old key is that call's to tell.";
constexpr std::size_t server_message_limit = 65536;
// A writer needs microseconds; a reader that has met one so often meets one that does not go on.
constexpr int most_reads = 1000;

// What a reader sees it sees in this order, so that it cannot take new bytes for those of an old edition.
constexpr auto write_order = std::memory_order_release;
constexpr auto read_order = std::memory_order_acquire;

}  // namespace

void SharedText::give_bytes(Byte* bytes, std::size_t capacity) noexcept {
    capacity_ = capacity;
    bytes_.store(bytes, write_order);
}

void SharedText::assign(std::string_view text) noexcept {
    Byte* bytes = bytes_.load(std::memory_order_relaxed);
    const std::size_t size = text::whole_characters(text, capacity_);
    for (std::size_t i = 0; i < size; ++i) bytes[i].store(text[i], write_order);
    size_.store(size, write_order);
}

std::size_t SharedText::hand_out(char* buffer, std::size_t capacity) const noexcept {
    const std::size_t size = size_.load(read_order);
    const Byte* bytes = bytes_.load(read_order);
    if (buffer == nullptr || capacity == 0) return size;
    const auto inside_character = [bytes](std::size_t at) {
        return (static_cast<unsigned char>(bytes[at].load(read_order)) & 0xC0) == 0x80;
    };
    std::size_t taken = std::min(size, capacity - 1);
    while (taken > 0 && taken < size && inside_character(taken)) --taken;
    for (std::size_t i = 0; i < taken; ++i) buffer[i] = bytes[i].load(read_order);
    buffer[taken] = '\0';
    return size;
}

void Published::begin_call() noexcept {
    edition_.store(edition_.load(std::memory_order_relaxed) | in_call, write_order);
}

void Published::end_call(const Outcome& outcome, std::string_view message,
                         std::string_view server_message) noexcept {
    key_state_.store(outcome.key_state, write_order);
    http_status_.store(outcome.http_status, write_order);
    server_code_.store(outcome.server_code, write_order);
    retry_after_ms_.store(outcome.retry_after_ms, write_order);
    message_.assign(message);
    if (!server_message.empty() && !server_message_.has_bytes()) {
        server_message_bytes_.reset(new (std::nothrow) SharedText::Byte[server_message_limit]);
        if (server_message_bytes_ != nullptr)
            server_message_.give_bytes(server_message_bytes_.get(), server_message_limit);
    }
    server_message_.assign(server_message);
    edition_.store((edition_.load(std::memory_order_relaxed) & ~in_call) + step, write_order);
}

void Published::tell(std::string_view message) noexcept {
    const std::uint64_t edition = edition_.load(std::memory_order_relaxed);
    edition_.store(edition | writing, write_order);
    message_.assign(message);
    edition_.store(edition + step, write_order);
}

template <class Read>
bool Published::read(Read read) const noexcept {
    for (int reads = 0; reads < most_reads; ++reads) {
        const std::uint64_t edition = edition_.load(read_order);
        if ((edition & in_call) != 0) return false;
        if ((edition & writing) != 0) continue;
        read();
        if (edition_.load(read_order) == edition) return true;
    }
    return false;
}

Outcome Published::outcome() const noexcept {
    Outcome outcome;
    const auto read_all = [&] {
        outcome = {key_state_.load(read_order), http_status_.load(read_order), server_code_.load(read_order),
                   retry_after_ms_.load(read_order)};
    };
    if (read(read_all)) return outcome;
    outcome = {};
    outcome.key_state = KeyState::unknown;
    return outcome;
}

std::size_t Published::message(char* buffer, std::size_t capacity) const noexcept {
    std::size_t size = 0;
    if (read([&] { size = message_.hand_out(buffer, capacity); })) return size;
    return text::hand_out(call_in_progress, buffer, capacity);
}

std::size_t Published::server_message(char* buffer, std::size_t capacity) const noexcept {
    std::size_t size = 0;
    if (read([&] { size = server_message_.hand_out(buffer, capacity); })) return size;
    return text::hand_out({}, buffer, capacity);
}

}  // namespace mobivate::client
