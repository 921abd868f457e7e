// SPDX-License-Identifier: MIT
#include "client/client.hpp"

#include <algorithm>
#include <ctime>
#include <functional>
#include <new>

#include "secret/scrub.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace mobivate::client {
namespace {

constexpr std::size_t text_limit = 65536;

std::string_view key_state_in_words(KeyState state) noexcept {
    switch (state) {
        case KeyState::unchanged: return " The old key still works.";
        case KeyState::replaced: return " The old key is revoked.";
        default: return " The old key may be revoked: ask for the account's key with mbv_get_key.";
    }
}

// What is wrong with a text of the caller's, as far as its size tells.
bool check_size(std::string_view name, std::string_view text, std::size_t limit,
                text::Message& why) noexcept {
    if (text.data() != nullptr && !text.empty() && text.size() <= limit) return true;
    why << "The " << name;
    if (text.data() == nullptr) {
        why << " is NULL.";
    } else if (text.empty()) {
        why << " is empty.";
    } else {
        why << " is longer than " << static_cast<std::int64_t>(limit) << " bytes.";
    }
    return false;
}

bool check_text(std::string_view name, std::string_view text, text::Message& why) noexcept {
    if (!check_size(name, text, text_limit, why)) return false;
    const auto offset = text::invalid_utf8(text);
    if (!offset) return true;
    why << "The " << name << " is not UTF-8 at byte " << static_cast<std::int64_t>(*offset) << ".";
    return false;
}

bool check_key(std::string_view key, text::Message& why) noexcept {
    if (!check_size("key", key, longest_key, why)) return false;
    const auto* wrong = std::find_if_not(key.begin(), key.end(), text::is_visible);
    if (wrong == key.end()) return true;
    why << "The key has a character that no key has, at byte "
        << static_cast<std::int64_t>(wrong - key.begin()) << ": keys are printable ASCII without spaces.";
    return false;
}

// Of memory from `a` on and from `b` on. std::less: they need not be of one object.
bool ranges_overlap(const void* a, std::size_t a_size, const void* b, std::size_t b_size) noexcept {
    const std::less<> before;
    const auto* a_begin = static_cast<const char*>(a);
    const auto* b_begin = static_cast<const char*>(b);
    return a_size > 0 && b_size > 0 && before(a_begin, b_begin + b_size) && before(b_begin, a_begin + a_size);
}

}  // namespace

void KeyBuffer::clear() const noexcept {
    if (bytes != nullptr && capacity > 0) bytes[0] = '\0';
    if (size != nullptr) *size = 0;
}

bool KeyBuffer::overlaps(std::string_view text) const noexcept {
    if (text.data() == nullptr) return false;
    return (bytes != nullptr && ranges_overlap(bytes, capacity, text.data(), text.size())) ||
           (size != nullptr && ranges_overlap(size, sizeof *size, text.data(), text.size()));
}

Status Client::set(const char* name, const char* value) noexcept {
    Status status = Status::invalid_argument;
    text::Message message;
    try {
        if (name == nullptr) {
            message << "The option's name is NULL.";
        } else if (value == nullptr) {
            (message << "The value of the option \"").quote(name, 64) << "\" is NULL.";
        } else {
            Options changed = options_;
            if (set_option(changed, name, value, message)) {
                if (!(changed.route == options_.route)) connection_.forget();
                options_ = std::move(changed);
                status = Status::ok;
            }
        }
    } catch (const std::bad_alloc&) {
        message << "There was no memory to set the option.";
        status = Status::no_memory;
    } catch (...) {
        message << "The option could not be set: a bug in libmobivate.";
        status = Status::internal;
    }
    published_.tell(message.view());
    return status;
}

Status Client::make(const Call& call, const request::Credentials& credentials,
                    const KeyBuffer& key) noexcept {
    const secret::ScrubOnExit scrub;
    return make_below(call, credentials, key);
}

Status Client::take_key(const KeyBuffer& key) noexcept {
    const secret::ScrubOnExit scrub;
    return take_key_below(key);
}

Status Client::make_below(const Call& call, const request::Credentials& credentials,
                          const KeyBuffer& key) noexcept {
    published_.begin_call();
    Result result;
    // Until it was handed over, a retained key is what became of the old one.
    if (!retained_key_.empty()) result.outcome.key_state = retained_state_;
    try {
        check_and_exchange(call, credentials, key, result);
    } catch (const std::bad_alloc&) {
        // Only before the request is sent: from there on nothing throws.
        result.message.clear();
        result.message << "There was no memory to make the request.";
        result.status = Status::no_memory;
    } catch (...) {
        result.message.clear();
        result.message << "A bug in libmobivate.";
        result.outcome.key_state = call.revokes_old_key ? KeyState::unknown : KeyState::unchanged;
    }
    request_.clear();
    reader_.wipe_lines();
    if (result.status != Status::ok &&
        (call.revokes_old_key || result.outcome.key_state != KeyState::unchanged))
        result.message << key_state_in_words(result.outcome.key_state);
    published_.end_call(result.outcome, result.message.view(), result.server_message);
    if (retained_key_.empty()) reader_.body().clear();
    return result.status;
}

bool Client::check_arguments(const Call& call, const request::Credentials& credentials, const KeyBuffer& key,
                             text::Message& why) const noexcept {
    if (!retained_key_.empty()) {
        why << "The client retains a key from an earlier call; take it with mbv_take_key first.";
        return false;
    }
    if (!call.has_credentials) return check_key(credentials.key, why);
    if (!check_text("user name", credentials.username, why) ||
        !check_text("password", credentials.password, why))
        return false;
    if (key.bytes == nullptr) {
        why << "The buffer for the key is NULL.";
    } else if (key.capacity < MBV_KEY_CAPACITY) {
        why << "The buffer for the key is smaller than MBV_KEY_CAPACITY (256 bytes).";
    } else {
        return true;
    }
    return false;
}

void Client::check_and_exchange(const Call& call, const request::Credentials& credentials,
                                const KeyBuffer& key, Result& result) {
    result.status = Status::invalid_argument;
    // Before anything is written to the buffer, or the password would not be what the caller passed.
    if (key.overlaps(credentials.username) || key.overlaps(credentials.password)) {
        result.message << "The buffer for the key, or its size, overlaps the "
                       << (key.overlaps(credentials.password) ? "password" : "user name")
                       << ": give the key memory of its own.";
        return;
    }
    key.clear();
    if (!check_arguments(call, credentials, key, result.message)) return;
    if (!reader_.prepare() ||
        !request::build(call, options_.endpoint, options_.user_agent, credentials, request_)) {
        throw std::bad_alloc();
    }
    exchange(call, credentials.secret(), key, result);
}

// Sends the request that was built, and judges what comes back. `secret` is what no text may show.
void Client::exchange(const Call& call, std::string_view secret, const KeyBuffer& key,
                      Result& result) noexcept {
    const answer::Ending ending =
        connection_.exchange(options_.route, options_.limits, request_.view(), reader_, cancelled_);
    const answer::Verdict verdict = answer::judge(call, reader_.arrived(), reader_.body(), ending, secret,
                                                  static_cast<std::int64_t>(std::time(nullptr)));
    result.status = verdict.status;
    result.outcome = {verdict.key_state, verdict.http_status, verdict.server_code, verdict.retry_after_ms};
    // What is still needed of the body stays at its start; the rest is wiped.
    const bool succeeded = verdict.status == Status::ok;
    reader_.body().keep_only(succeeded ? verdict.key : verdict.server_message);
    if (succeeded && call.hands_over_key) {
        retained_key_ = reader_.body().view();
        retained_state_ = verdict.key_state;
        result.status = hand_over(key, result.message);
        // Whichever process goes on to take it: a created key is never lost.
        if (!retained_key_.empty()) reader_.body().set_copied_on_fork(true);
    } else if (!succeeded) {
        result.message = verdict.what;
        result.server_message = reader_.body().view();
    }
}

Status Client::hand_over(const KeyBuffer& key, text::Message& message) noexcept {
    if (key.size != nullptr) *key.size = retained_key_.size();
    if (key.bytes == nullptr || key.capacity <= retained_key_.size()) {
        message << "The key is there, but it has " << static_cast<std::int64_t>(retained_key_.size())
                << " bytes and the buffer is too small; take it with mbv_take_key.";
        return Status::buffer_too_small;
    }
    text::hand_out(retained_key_, key.bytes, key.capacity);
    retained_key_ = {};
    return Status::ok;
}

Status Client::take_key_below(const KeyBuffer& key) noexcept {
    key.clear();
    Status status = Status::invalid_argument;
    text::Message message;
    if (retained_key_.empty()) {
        message << "The client retains no key.";
    } else if (key.bytes == nullptr && key.capacity > 0) {
        message << "The buffer for the key is NULL.";
    } else {
        status = hand_over(key, message);
        if (status == Status::ok) {
            reader_.body().clear();
            reader_.body().set_copied_on_fork(false);
        }
    }
    published_.tell(message.view());
    return status;
}

void Client::cancel() noexcept {
    cancelled_.store(true);
    connection_.wake();
}

}  // namespace mobivate::client
