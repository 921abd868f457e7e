// SPDX-License-Identifier: MIT
#include "client/client.hpp"

#include <algorithm>
#include <ctime>
#include <mutex>
#include <new>

#include "answer/judge.hpp"
#include "request/request.hpp"
#include "secret/scrub.hpp"
#include "text/utf8.hpp"

namespace mobivate::client {
namespace {

constexpr std::size_t text_limit = 65536;

constexpr std::string_view busy_message =
    "The client is in a call on another thread. What becomes of the old key is that call's to tell.";

std::string_view key_state_in_words(KeyState state) noexcept {
    switch (state) {
        case KeyState::unchanged: return " The old key still works.";
        case KeyState::replaced: return " The old key is revoked.";
        default: return " The old key may be revoked: create a key again to have a valid one.";
    }
}

}  // namespace

void KeyBuffer::clear() const noexcept {
    if (bytes != nullptr && capacity > 0) bytes[0] = '\0';
    if (size != nullptr) *size = 0;
}

Status Client::refuse(std::string_view why) noexcept {
    message_.clear();
    message_ << why;
    return Status::invalid_argument;
}

Status Client::set(const char* name, const char* value) noexcept {
    const std::unique_lock<std::shared_mutex> use(in_use_, std::try_to_lock);
    if (!use) return Status::busy;
    if (name == nullptr) return refuse("The option's name is NULL.");
    message_.clear();
    if (value == nullptr) {
        (message_ << "The value of the option \"").quote(name, 64) << "\" is NULL.";
        return Status::invalid_argument;
    }
    try {
        Options changed = options_;
        if (!set_option(changed, name, value, message_)) return Status::invalid_argument;
        if (!(changed.route == options_.route)) connection_.forget();
        options_ = std::move(changed);
    } catch (const std::bad_alloc&) {
        message_ << "There was no memory to set the option.";
        return Status::no_memory;
    } catch (...) {
        message_ << "The option could not be set: a bug in libmobivate.";
        return Status::internal;
    }
    return Status::ok;
}

Status Client::check_text(std::string_view name, std::string_view text) noexcept {
    message_.clear();
    message_ << "The " << name;
    if (text.data() == nullptr) {
        message_ << " is NULL.";
    } else if (text.empty()) {
        message_ << " is empty.";
    } else if (text.size() > text_limit) {
        message_ << " is longer than " << std::int64_t{text_limit} << " bytes.";
    } else if (const auto offset = text::invalid_utf8(text)) {
        message_ << " is not UTF-8 at byte " << static_cast<std::int64_t>(*offset) << ".";
    } else {
        message_.clear();
        return Status::ok;
    }
    return Status::invalid_argument;
}

Status Client::create_key(std::string_view username, std::string_view password,
                          const KeyBuffer& key) noexcept {
    const secret::ScrubOnExit scrub;
    return create_key_below(username, password, key);
}

Status Client::take_key(const KeyBuffer& key) noexcept {
    const secret::ScrubOnExit scrub;
    return take_key_below(key);
}

Status Client::create_key_below(std::string_view username, std::string_view password,
                                const KeyBuffer& key) noexcept {
    key.clear();
    const std::unique_lock<std::shared_mutex> use(in_use_, std::try_to_lock);
    if (!use) return Status::busy;
    outcome_ = {};
    Status status = Status::internal;
    try {
        status = call(username, password, key);
    } catch (const std::bad_alloc&) {
        // Only before the request is sent: from there on nothing throws.
        message_.clear();
        message_ << "There was no memory to make the request.";
        status = Status::no_memory;
    } catch (...) {
        message_.clear();
        message_ << "A bug in libmobivate.";
        outcome_.key_state = KeyState::unknown;
    }
    request_.clear();
    reader_.wipe_lines();
    if (status != Status::ok) message_ << key_state_in_words(outcome_.key_state);
    return status;
}

Status Client::call(std::string_view username, std::string_view password, const KeyBuffer& key) {
    if (!retained_key_.empty()) {
        return refuse("The client retains a key that was created before; take it with mbv_take_key first.");
    }
    if (check_text("user name", username) != Status::ok || check_text("password", password) != Status::ok) {
        return Status::invalid_argument;
    }
    if (key.bytes == nullptr) return refuse("The buffer for the key is NULL.");
    if (key.capacity < MBV_KEY_CAPACITY) {
        return refuse("The buffer for the key is smaller than MBV_KEY_CAPACITY (256 bytes).");
    }
    if (!reader_.prepare() ||
        !request::build(options_.endpoint, options_.user_agent, {username, password}, request_)) {
        throw std::bad_alloc();
    }
    const answer::Ending ending =
        connection_.exchange(options_.route, options_.limits, request_.view(), reader_, cancelled_);
    const answer::Verdict verdict = answer::judge(reader_.arrived(), reader_.body(), ending, password,
                                                  static_cast<std::int64_t>(std::time(nullptr)));
    outcome_ = {verdict.key_state, verdict.http_status, verdict.server_code, verdict.retry_after_ms, {}};
    message_ = verdict.what;
    // What is still needed of the body stays at its start; the rest is wiped.
    const bool created = verdict.status == Status::ok;
    const std::string_view needed = created ? verdict.key : verdict.server_message;
    reader_.body().keep_only(needed);
    if (!created) {
        outcome_.server_message = reader_.body().view();
        return verdict.status;
    }
    retained_key_ = reader_.body().view();
    return hand_over(key);
}

Status Client::hand_over(const KeyBuffer& key) noexcept {
    message_.clear();
    if (key.size != nullptr) *key.size = retained_key_.size();
    if (key.bytes == nullptr || key.capacity <= retained_key_.size()) {
        message_ << "The key was created, but it has " << static_cast<std::int64_t>(retained_key_.size())
                 << " bytes and the buffer is too small; take it with mbv_take_key.";
        return Status::buffer_too_small;
    }
    text::hand_out(retained_key_, key.bytes, key.capacity);
    retained_key_ = {};
    reader_.body().clear();
    return Status::ok;
}

Status Client::take_key_below(const KeyBuffer& key) noexcept {
    key.clear();
    const std::unique_lock<std::shared_mutex> use(in_use_, std::try_to_lock);
    if (!use) return Status::busy;
    if (retained_key_.empty()) return refuse("The client retains no key.");
    if (key.bytes == nullptr && key.capacity > 0) return refuse("The buffer for the key is NULL.");
    return hand_over(key);
}

void Client::cancel() noexcept {
    cancelled_.store(true, std::memory_order_release);
    connection_.wake();
}

std::size_t Client::error_message(char* buffer, std::size_t capacity) const noexcept {
    const std::shared_lock<std::shared_mutex> use(in_use_, std::try_to_lock);
    return text::hand_out(use ? message_.view() : busy_message, buffer, capacity);
}

std::size_t Client::server_message(char* buffer, std::size_t capacity) const noexcept {
    const std::shared_lock<std::shared_mutex> use(in_use_, std::try_to_lock);
    return text::hand_out(use ? outcome_.server_message : std::string_view(), buffer, capacity);
}

Outcome Client::outcome() const noexcept {
    const std::shared_lock<std::shared_mutex> use(in_use_, std::try_to_lock);
    Outcome in_call;
    in_call.key_state = KeyState::unknown;
    return use ? outcome_ : in_call;
}

}  // namespace mobivate::client
