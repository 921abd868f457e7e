// SPDX-License-Identifier: MIT
// The JSON documents of the API: {"apiKey": string} and {"code": int, "message": string}.
#pragma once

#include <cstdint>
#include <string_view>

#include "secret/buffer.hpp"

namespace mobivate::answer {

struct Document {
    bool is_object = false;
    std::string_view api_key;      // empty unless there is exactly one, and it is a usable key
    std::string_view any_api_key;  // what stands there as a key, usable or not, for blanking
    std::int32_t code = 0;
    std::string_view message;
    // It is what the API says of an error: "code" is an integer of 32 bits, or "message" a string, and there
    // is no "apiKey".
    bool is_error = false;
};

// Parses in place: the texts of the result lie in `body`. Throws std::bad_alloc on hostile nesting only.
[[nodiscard]] Document parse_document(secret::Buffer& body);

}  // namespace mobivate::answer
