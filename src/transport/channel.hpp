// SPDX-License-Identifier: MIT
// An open connection: bytes in and out, waiting, and its sudden end. libcurl's handles are lent.
#pragma once

#include <string_view>

#include <curl/curl.h>

#include "secret/buffer.hpp"
#include "system/wake_up.hpp"

namespace mobivate::transport {

// Waits for libcurl's own sockets, for the wake-up, and for `socket` where there is one: its events come back
// in it.
void wait_for_events(CURLM* multi, system::WakeUp& wake_up, curl_waitfd* socket, int most_ms) noexcept;

class Channel {
public:
    Channel(CURLM* multi, CURL* easy, curl_socket_t socket, system::WakeUp& wake_up) noexcept
        : multi_(multi), easy_(easy), socket_(socket), wake_up_(&wake_up) {}

    // CURLE_AGAIN: no room, or nothing there. Nothing received with CURLE_OK is the orderly end.
    [[nodiscard]] CURLcode send(std::string_view bytes, std::size_t& sent) noexcept;
    [[nodiscard]] CURLcode receive(secret::Buffer& bytes) noexcept;

    // Whether there is something to receive. Also ends with room to send, where that is waited for.
    [[nodiscard]] bool wait(bool for_room, int most_ms) noexcept;

    // Nothing can be sent on it from now on, by anyone.
    void cut() const noexcept;

    // Of a broken connection: bytes that were sent have stayed in this machine.
    [[nodiscard]] bool kept_bytes_back() const noexcept;

private:
    CURLM* multi_;
    CURL* easy_;
    curl_socket_t socket_;
    system::WakeUp* wake_up_;
};

}  // namespace mobivate::transport
