// SPDX-License-Identifier: MIT
// Where certificates that are trusted come from.
#pragma once

#include <string>
#include <string_view>

#include "text/message.hpp"

namespace mobivate::transport {

// A hashed directory, a bundle, or both: a chain is trusted when the directory alone verifies it, or, tried
// only then, the directory and the bundle together.
struct TrustSources {
    std::string directory;
    std::string bundle;

    bool operator==(const TrustSources& other) const noexcept {
        return directory == other.directory && bundle == other.bundle;
    }
};

// What is wrong with a hashed directory, or "".
std::string_view problem_of_directory(const std::string& path) noexcept;

// The system's: what its libcurl was built with (system_trust_libcurl.cpp), or, with libcurl inside this
// library, what is there of the places that systems have (system_trust_bundled.cpp). Throws std::bad_alloc.
TrustSources system_trust();

// Where there is nothing: a clause about the places, or nothing.
void say_where_system_trust_is_looked_for(text::Message& message) noexcept;

}  // namespace mobivate::transport
