// SPDX-License-Identifier: MIT
// Which certificates are trusted, and what else the TLS library is told.
#pragma once

#include <string>

#include <curl/curl.h>

#include "text/message.hpp"

namespace mobivate::transport {

// A hashed directory, a bundle, or both: a chain is trusted when the directory alone verifies it, or, tried
// only then, the directory and the bundle together.
struct TrustSources {
    std::string directory;
    std::string bundle;
};

// Before libcurl is initialised: the TLS library must not tear itself down at exit, under a call that is in
// progress on another thread. Where the host has initialised it before, that is the host's to decide.
void keep_tls_library_at_exit() noexcept;

class Trust {
public:
    // The sources are the options' where one of them is set, else the environment's SSL_CERT_DIR and
    // SSL_CERT_FILE, else the ones that libcurl was built with, which are the system's.
    void choose(const std::string& ca_dir, const std::string& ca_file);

    // Applies the choice to a handle, which must not outlive this object. What libcurl said to it.
    [[nodiscard]] CURLcode apply(CURL* easy) noexcept;

    // Why the certificates could not be loaded; empty when they could.
    [[nodiscard]] const text::Message& problem() const noexcept { return problem_; }

private:
    static CURLcode prepare_context(CURL* easy, void* context, void* self) noexcept;
    static int verify_chain(void* store_context, void* self) noexcept;
    void say_that_bundle_is_unreadable() noexcept;

    TrustSources sources_;
    text::Message problem_;
};

}  // namespace mobivate::transport
