// SPDX-License-Identifier: MIT
#include "transport/channel.hpp"

#include <array>

#include "system/socket.hpp"

namespace mobivate::transport {

void wait_for_events(CURLM* multi, system::WakeUp& wake_up, curl_waitfd* socket, int most_ms) noexcept {
    std::array<curl_waitfd, 2> others{{{wake_up.descriptor(), CURL_WAIT_POLLIN, 0}, {}}};
    if (socket != nullptr) others[1] = *socket;
    // It fails where the system does; then the caller finds nothing, and waits again.
    curl_multi_poll(multi, others.data(), socket != nullptr ? 2 : 1, most_ms, nullptr);
    if (others[0].revents != 0) wake_up.clear();
    if (socket != nullptr) socket->revents = others[1].revents;
}

CURLcode Channel::send(std::string_view bytes, std::size_t& sent) noexcept {
    return curl_easy_send(easy_, bytes.data(), bytes.size(), &sent);
}

CURLcode Channel::receive(secret::Buffer& bytes) noexcept {
    std::size_t received = 0;
    const CURLcode code = curl_easy_recv(easy_, bytes.data(), bytes.capacity(), &received);
    bytes.set_size(received);
    return code;
}

bool Channel::wait(bool for_room, int most_ms) noexcept {
    curl_waitfd socket{socket_, static_cast<short>(CURL_WAIT_POLLIN | (for_room ? CURL_WAIT_POLLOUT : 0)), 0};
    wait_for_events(multi_, *wake_up_, &socket, most_ms);
    return (socket.revents & ~CURL_WAIT_POLLOUT) != 0;
}

void Channel::cut() const noexcept { system::end_connection(socket_); }

bool Channel::kept_bytes_back() const noexcept { return system::has_unsent_bytes(socket_); }

}  // namespace mobivate::transport
