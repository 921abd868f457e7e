// SPDX-License-Identifier: MIT
// The C boundary: translates between the header's types and the client's, and does nothing else.
#include "mobivate.h"

#include <cstring>
#include <new>
#include <string_view>

#include "client/client.hpp"
#include "system/thread.hpp"
#include "text/utf8.hpp"

struct mbv_client {
    mobivate::client::Client client;
};

namespace {

using mobivate::Status;

// Larger than any text that is accepted, so that a C string without an end is not read for ever.
constexpr std::size_t longest_text = 65537;

std::string_view text_argument(const char* text, std::size_t size) noexcept {
    if (text == nullptr) return {};
    if (size == MBV_NUL_TERMINATED) size = strnlen(text, longest_text);
    return {text, size};
}

std::int32_t number(Status status) noexcept { return static_cast<std::int32_t>(status); }

mobivate::client::Outcome outcome_of(const mbv_client* client) noexcept {
    return client != nullptr ? client->client.published().outcome() : mobivate::client::Outcome();
}

// For one function at a time. `if_not` is done where the client cannot be had.
template <class Function, class Otherwise>
std::int32_t use(mbv_client* client, Function function, Otherwise if_not) noexcept {
    const mobivate::system::CancellationDisabled undisturbed;
    if (client == nullptr || !client->client.enter()) {
        if_not();
        return number(client == nullptr ? Status::invalid_argument : Status::busy);
    }
    const Status status = function(client->client);
    if (client->client.leave()) delete client;
    return number(status);
}

}  // namespace

mbv_client* MBV_CALL mbv_new(void) noexcept {
    const mobivate::system::CancellationDisabled undisturbed;
    try {
        auto* client = new mbv_client;
        if (client->client.create()) return client;
        delete client;
    } catch (...) {
        // Only std::bad_alloc comes here.
    }
    return nullptr;
}

void MBV_CALL mbv_free(mbv_client* client) noexcept {
    const mobivate::system::CancellationDisabled undisturbed;
    if (client != nullptr && client->client.retire()) delete client;
}

int32_t MBV_CALL mbv_set(mbv_client* client, const char* option, const char* value) noexcept {
    return use(
        client, [&](auto& held) { return held.set(option, value); }, [] {});
}

int32_t MBV_CALL mbv_create_key(mbv_client* client, const char* username, size_t username_size,
                                const char* password, size_t password_size, char* key, size_t key_capacity,
                                size_t* key_size) noexcept {
    const mobivate::client::KeyBuffer buffer{key, key_capacity, key_size};
    const auto create = [&](auto& held) {
        return held.create_key(text_argument(username, username_size), text_argument(password, password_size),
                               buffer);
    };
    return use(client, create, [&] { buffer.clear(); });
}

int32_t MBV_CALL mbv_take_key(mbv_client* client, char* key, size_t key_capacity, size_t* key_size) noexcept {
    const mobivate::client::KeyBuffer buffer{key, key_capacity, key_size};
    return use(
        client, [&](auto& held) { return held.take_key(buffer); }, [&] { buffer.clear(); });
}

size_t MBV_CALL mbv_error_message(const mbv_client* client, char* buffer, size_t capacity) noexcept {
    if (client != nullptr) return client->client.published().message(buffer, capacity);
    return mobivate::text::hand_out({}, buffer, capacity);
}

size_t MBV_CALL mbv_server_message(const mbv_client* client, char* buffer, size_t capacity) noexcept {
    if (client != nullptr) return client->client.published().server_message(buffer, capacity);
    return mobivate::text::hand_out({}, buffer, capacity);
}

int32_t MBV_CALL mbv_key_state(const mbv_client* client) noexcept {
    return static_cast<std::int32_t>(outcome_of(client).key_state);
}

int32_t MBV_CALL mbv_http_status(const mbv_client* client) noexcept { return outcome_of(client).http_status; }

int32_t MBV_CALL mbv_server_code(const mbv_client* client) noexcept { return outcome_of(client).server_code; }

int64_t MBV_CALL mbv_retry_after_ms(const mbv_client* client) noexcept {
    return outcome_of(client).retry_after_ms;
}

void MBV_CALL mbv_cancel(mbv_client* client) noexcept {
    const mobivate::system::CancellationDisabled undisturbed;
    if (client != nullptr) client->client.cancel();
}

void MBV_CALL mbv_uncancel(mbv_client* client) noexcept {
    if (client != nullptr) client->client.uncancel();
}

const char* MBV_CALL mbv_status_name(int32_t status) noexcept {
    switch (status) {
#define NAME(constant) \
    case constant: return #constant
        NAME(MBV_OK);
        NAME(MBV_ERR_INVALID_ARGUMENT);
        NAME(MBV_ERR_NO_MEMORY);
        NAME(MBV_ERR_BUSY);
        NAME(MBV_ERR_CANCELLED);
        NAME(MBV_ERR_TIMEOUT);
        NAME(MBV_ERR_RESOLVE);
        NAME(MBV_ERR_CONNECT);
        NAME(MBV_ERR_TLS);
        NAME(MBV_ERR_TRANSPORT);
        NAME(MBV_ERR_CREDENTIALS);
        NAME(MBV_ERR_RATE_LIMITED);
        NAME(MBV_ERR_REJECTED);
        NAME(MBV_ERR_SERVER);
        NAME(MBV_ERR_PROTOCOL);
        NAME(MBV_ERR_BUFFER_TOO_SMALL);
        NAME(MBV_ERR_INTERNAL);
#undef NAME
        default: return "MBV_ERR_UNKNOWN";
    }
}

const char* MBV_CALL mbv_version(void) noexcept { return MOBIVATE_VERSION; }

int32_t MBV_CALL mbv_version_number(void) noexcept { return MOBIVATE_VERSION_NUMBER; }
