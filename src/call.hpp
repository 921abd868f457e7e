// SPDX-License-Identifier: MIT
// The calls of the API, as data: what is sent, and what an answer means.
#pragma once

#include <cstddef>
#include <string_view>

namespace mobivate {

// A key is printable ASCII without spaces, of 1 to so many bytes.
inline constexpr std::size_t longest_key = 4096;

struct Call {
    std::string_view method;
    std::string_view resource;  // below the base URL's own path
    bool has_credentials;       // a body with user name and password; else the key in its Authorization field
    bool revokes_old_key;       // where it succeeds; else it changes nothing, whatever comes back
    bool hands_over_key;        // a 2xx without a usable one is none that the API documents
    std::string_view refusal;   // what 401 means
};

inline constexpr Call create_key_call{
    "POST", "/auth/createkey", true, true, true, "The server refused the user name or password"};
inline constexpr Call get_key_call{"POST", "/auth/getkey", true,
                                   false,  true,           "The server refused the user name or password"};
inline constexpr Call test_key_call{"GET", "/auth/test", false, false, false, "The server refuses the key"};

}  // namespace mobivate
