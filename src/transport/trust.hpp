// SPDX-License-Identifier: MIT
// Which certificates are trusted, and what else the TLS library is told.
//
// On OpenSSL this library verifies with a store of its own (see prepare_context). Any other TLS library, or a
// copy of OpenSSL that cannot be told from another one in the process, gets the same trust by libcurl's own
// options; then libcurl parses all of it for each connection, and what the TLS library leaves in memory is
// its own affair. Where nothing else is named, a system that judges certificates itself is asked.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

#include "text/message.hpp"
#include "transport/allowance.hpp"
#include "transport/bundle.hpp"
#include "transport/failure.hpp"
#include "transport/trust_sources.hpp"

namespace mobivate::transport {

// To be called by each user of libcurl before curl_global_init(), under one lock: the TLS library must not
// tear itself down at exit, under a call that is in progress on another thread. Where the host has
// initialised it before, that is the host's to decide.
void prepare_tls_library() noexcept;

class Trust {
public:
    // The sources are the options' where one of them is set, else the environment's SSL_CERT_DIR and
    // SSL_CERT_FILE, else the system's. To be asked before
    // each call: true where they differ from the ones before, so that a kept connection was verified with
    // others. Throws std::bad_alloc.
    [[nodiscard]] bool choose(const std::string& ca_dir, const std::string& ca_file);

    // Sets all that concerns TLS on a handle for https, the proxy's included. The handle must not outlive
    // this object, nor its connecting the allowance: once that is over, no more certificates are read, and
    // the transfer fails without a problem().
    [[nodiscard]] Failure apply(CURL* easy, const Allowance& allowance) noexcept;

    // Reads the bundle, where a connection has begun that will ask for it: best while the server's answer is
    // on its way, and at the latest as the server's certificate is there. Anything but CURLE_OK is why the
    // connection cannot be made, and stays it, whatever libcurl takes for the reason then.
    [[nodiscard]] CURLcode load_awaited_bundle() noexcept;

    // Whether the time for connecting has passed while the system was asked.
    [[nodiscard]] bool was_too_slow() const noexcept { return was_too_slow_; }

    // What is wrong with the trust, in more words than libcurl has, or why apply() failed. To be told of a
    // failure in TLS. Empty where there is nothing to add.
    [[nodiscard]] const text::Message& problem() const noexcept { return problem_; }

private:
    // Callbacks of libcurl's and OpenSSL's, whose types are not named here.
    struct Callbacks;

    [[nodiscard]] CURLcode prepare_context(void* context);
    [[nodiscard]] Failure apply_by_options(CURL* easy) noexcept;
    [[nodiscard]] bool load_bundle(void* store);
    [[nodiscard]] bool add_block(void* store, const Bundle::Block& block, std::size_t& found);
    [[nodiscard]] bool add_named(void* store, const void* name, const Bundle::Block* before = nullptr);
    [[nodiscard]] bool verify_with_bundle(void* store_context);
    [[nodiscard]] bool is_the_systems() const noexcept;
    [[nodiscard]] int ask_system(const void* store_context);
    [[nodiscard]] bool given_up() const noexcept { return allowance_->over() != Status::ok; }
    void describe_failure(const void* store_context) noexcept;
    void say_what_is_trusted() noexcept;

    TrustSources system_;  // looked for once it is needed, and until it is found
    TrustSources sources_;
    text::Message problem_;
    text::Message bundle_problem_;  // why the bundle could not be read
    const Allowance* allowance_ = nullptr;
    Clock::time_point connected_by_;  // when connecting ends without a connection
    bool was_too_slow_ = false;
    std::shared_ptr<const Bundle> bundle_;
    std::shared_ptr<void> awaits_bundle_;  // the store in use, until it has what it needs of the bundle
    CURLcode refusal_ = CURLE_OK;
    // Of the store in use: whether the bundle is asked at all, and which of its certificates are in it.
    bool bundle_in_use_ = false;
    std::vector<bool> parsed_;
};

}  // namespace mobivate::transport
