// SPDX-License-Identifier: MIT
// A user of the public header, in C++.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <curl/curl.h>

#include "mobivate.h"

namespace caller {

// Whether the library's libcurl is the flavour on OpenSSL: what it adds to another TLS library is less.
inline bool on_openssl() {
#ifdef MOBIVATE_BUNDLED
    return true;
#endif
    return std::string(curl_version_info(CURLVERSION_NOW)->ssl_version).rfind("OpenSSL", 0) == 0;
}

struct Free {
    void operator()(mbv_client* client) const { mbv_free(client); }
};
using Client = std::unique_ptr<mbv_client, Free>;

struct Result {
    std::int32_t status = 0;
    std::int32_t key_state = 0;
    std::int32_t http_status = 0;
    std::int32_t server_code = 0;
    std::int64_t retry_after_ms = 0;
    std::string key;
    std::size_t key_size = 0;
    std::string error_message;
    std::string server_message;
};

inline std::string error_message(const mbv_client* client) {
    std::string text(mbv_error_message(client, nullptr, 0) + 1, '\0');
    text.resize(mbv_error_message(client, text.data(), text.size()));
    return text;
}

inline std::string server_message(const mbv_client* client) {
    std::string text(mbv_server_message(client, nullptr, 0) + 1, '\0');
    text.resize(mbv_server_message(client, text.data(), text.size()));
    return text;
}

// The three calls of the API.
enum class Call { create_key, get_key, test_key };

inline std::string name_of(Call call) {
    if (call == Call::create_key) return "create_key";
    return call == Call::get_key ? "get_key" : "test_key";
}

// A key of any size fits in.
constexpr std::size_t any_key = 4097;

// A call with all that there is to ask about it. Those that hand over a key take user name and password, the
// other one takes `tested`.
inline Result make(Call call, mbv_client* client, const std::string& username, const std::string& password,
                   const std::string& tested, std::size_t capacity = MBV_KEY_CAPACITY) {
    std::string buffer(capacity, '#');
    Result result;
    result.key_size = 99;
    if (call == Call::test_key) {
        result.status = mbv_test_key(client, tested.data(), tested.size());
        buffer.clear();
        result.key_size = 0;
    } else {
        result.status = (call == Call::create_key ? mbv_create_key : mbv_get_key)(
            client, username.data(), username.size(), password.data(), password.size(), buffer.data(),
            capacity, &result.key_size);
    }
    result.key = buffer.c_str();
    result.key_state = mbv_key_state(client);
    result.http_status = mbv_http_status(client);
    result.server_code = mbv_server_code(client);
    result.retry_after_ms = mbv_retry_after_ms(client);
    result.error_message = error_message(client);
    result.server_message = server_message(client);
    return result;
}

inline Result create_key(mbv_client* client, const std::string& username, const std::string& password,
                         std::size_t capacity = MBV_KEY_CAPACITY) {
    return make(Call::create_key, client, username, password, "", capacity);
}

inline Result get_key(mbv_client* client, const std::string& username, const std::string& password,
                      std::size_t capacity = MBV_KEY_CAPACITY) {
    return make(Call::get_key, client, username, password, "", capacity);
}

inline Result test_key(mbv_client* client, const std::string& key) {
    return make(Call::test_key, client, "", "", key);
}

}  // namespace caller
