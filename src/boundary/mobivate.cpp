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

std::int32_t call_for_key(const mobivate::Call& call, mbv_client* client,
                          const mobivate::request::Credentials& credentials,
                          const mobivate::client::KeyBuffer& buffer) noexcept {
    return use(
        client, [&](auto& held) { return held.make(call, credentials, buffer); }, [&] { buffer.clear(); });
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
    return call_for_key(mobivate::create_key_call, client,
                        {text_argument(username, username_size), text_argument(password, password_size), {}},
                        buffer);
}

int32_t MBV_CALL mbv_get_key(mbv_client* client, const char* username, size_t username_size,
                             const char* password, size_t password_size, char* key, size_t key_capacity,
                             size_t* key_size) noexcept {
    const mobivate::client::KeyBuffer buffer{key, key_capacity, key_size};
    return call_for_key(mobivate::get_key_call, client,
                        {text_argument(username, username_size), text_argument(password, password_size), {}},
                        buffer);
}

int32_t MBV_CALL mbv_test_key(mbv_client* client, const char* key, size_t key_size) noexcept {
    return call_for_key(mobivate::test_key_call, client, {{}, {}, text_argument(key, key_size)}, {});
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

const char* MBV_CALL mbv_status_message(int32_t status) noexcept {
    switch (status) {
        case MBV_OK: return "The call succeeded.";
        case MBV_ERR_INVALID_ARGUMENT: return "An argument or an option cannot be used; nothing was sent.";
        case MBV_ERR_NO_MEMORY: return "There was not enough memory.";
        case MBV_ERR_BUSY: return "The client is in a call on another thread.";
        case MBV_ERR_CANCELLED: return "The call was cancelled.";
        case MBV_ERR_TIMEOUT: return "The call took longer than it was allowed to.";
        case MBV_ERR_RESOLVE: return "The name of the server or of the proxy could not be resolved.";
        case MBV_ERR_CONNECT: return "No connection to the server could be made.";
        case MBV_ERR_TLS: return "No secure connection could be made, or the certificate is not trusted.";
        case MBV_ERR_TRANSPORT: return "The connection broke.";
        case MBV_ERR_CREDENTIALS: return "The server refused the user name, the password or the key.";
        case MBV_ERR_RATE_LIMITED: return "The server asks to slow down.";
        case MBV_ERR_REJECTED: return "The server refused the request.";
        case MBV_ERR_SERVER: return "The server failed.";
        case MBV_ERR_PROTOCOL: return "The server's answer is not one that the API documents.";
        case MBV_ERR_BUFFER_TOO_SMALL:
            return "The key does not fit into the buffer; mbv_take_key hands it over.";
        case MBV_ERR_INTERNAL: return "A bug in libmobivate, or a libcurl that cannot be used.";
        default: return "There is no such status.";
    }
}

const char* MBV_CALL mbv_version(void) noexcept { return MBV_VERSION; }

int32_t MBV_CALL mbv_version_number(void) noexcept { return MBV_VERSION_NUMBER; }
