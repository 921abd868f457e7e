// SPDX-License-Identifier: MIT
// A socket that listens on loopback, at a port that was free, for servers that do what no sound one does.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include <doctest/doctest.h>

namespace host {

class Listener {
public:
    Listener() : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(listen(descriptor_, 5) == 0);
        REQUIRE(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        host_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() { close(descriptor_); }

    // The next connection; negative once it is shut down.
    [[nodiscard]] int next() const { return accept(descriptor_, nullptr, nullptr); }
    void shut_down() const { shutdown(descriptor_, SHUT_RDWR); }

    // Name and port, as they stand in a URL.
    [[nodiscard]] const std::string& host() const { return host_; }

private:
    const int descriptor_;
    std::string host_;
};

}  // namespace host
