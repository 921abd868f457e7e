// SPDX-License-Identifier: MIT
// One connection to the service, kept between calls, on libcurl.
//
// libcurl resolves, connects, talks to proxies and does TLS (CURLOPT_CONNECT_ONLY, on its multi interface, so
// that a call can be woken in every phase). The bytes of the request and of the answer then go through
// curl_easy_send and curl_easy_recv, between the wiped buffers of this library and the socket or the TLS
// library. So nothing copies a secret on the way, nothing can send a request again on its own, and it is
// known to the byte how much of the request can have reached the server.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "answer/judge.hpp"
#include "answer/reader.hpp"
#include "secret/buffer.hpp"
#include "system/process.hpp"
#include "system/wake_up.hpp"
#include "transport/allowance.hpp"
#include "transport/channel.hpp"
#include "transport/failure.hpp"
#include "transport/handles.hpp"
#include "transport/trust.hpp"

namespace mobivate::transport {

struct Route {
    std::string origin;                // "https://host:port/"
    bool secure = true;                // https; without it no proxy is used
    std::optional<std::string> proxy;  // none: the environment's
    std::string ca_dir;
    std::string ca_file;

    bool operator==(const Route& other) const noexcept {
        return origin == other.origin && proxy == other.proxy && ca_dir == other.ca_dir &&
               ca_file == other.ca_file;
    }
};

class Connection {
public:
    Connection() noexcept = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // To be called once, before anything else. False when out of memory.
    [[nodiscard]] bool create() noexcept;

    // The next exchange takes a new connection, and nothing of the old one: the route has changed.
    void forget() noexcept { route_changed_ = true; }

    // Sends the request at most once and feeds the reader with what comes back. Ends early when `cancelled`
    // is set and wake() called, from any thread.
    [[nodiscard]] answer::Ending exchange(const Route& route, const Limits& limits, std::string_view request,
                                          answer::Reader& reader,
                                          const std::atomic<bool>& cancelled) noexcept;
    void wake() noexcept { wake_up_.wake(); }

private:
    [[nodiscard]] Failure prepare() noexcept;
    [[nodiscard]] Failure configure(const Route& route, long connect_ms, const Allowance& allowance) noexcept;
    [[nodiscard]] bool connect(const Route& route, const Allowance& allowance,
                               answer::Ending& ending) noexcept;
    [[nodiscard]] Failure open(const Route& route, const Allowance& allowance) noexcept;
    void tell_failed(answer::Ending& ending, const Failure& failure, const Limits& limits) noexcept;
    [[nodiscard]] bool kept_connection_lives() noexcept;
    [[nodiscard]] Channel channel() noexcept { return {multi_.get(), easy_.get(), socket_, wake_up_}; }
    void forget_inherited() noexcept;
    void start_afresh() noexcept;
    void close() noexcept;

    system::WakeUp wake_up_;
    system::Process process_ = 0;  // whose the wake-up and the handles are
    Trust trust_;
    std::array<char, CURL_ERROR_SIZE> error_text_{};
    // In the order in which libcurl wants them made; they end in the other.
    LibcurlUse libcurl_;
    Multi multi_;
    Easy easy_;
    curl_socket_t socket_ = CURL_SOCKET_BAD;  // of the open connection
    bool route_changed_ = false;
    Clock::time_point last_used_;
    secret::Buffer incoming_;
};

}  // namespace mobivate::transport
