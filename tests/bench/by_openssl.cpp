// SPDX-License-Identifier: MIT
// The floor: one TLS connection, the same bytes sent each time, and the answer read to its end. It knows no
// failure but to end.
#include <netdb.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "caller.hpp"

namespace bench {
namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

int connect_to(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    require(getaddrinfo(host.c_str(), port.c_str(), &hints, &found) == 0);
    const int socket = ::socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
    require(socket >= 0 && connect(socket, found->ai_addr, found->ai_addrlen) == 0);
    freeaddrinfo(found);
    return socket;
}

}  // namespace

struct Caller::State {
    SSL_CTX* context;
    SSL* tls;
    std::string request;
};

Caller::Caller(const Settings& settings) : state_(new State{SSL_CTX_new(TLS_client_method()), nullptr, {}}) {
    const std::string authority = settings.base_url.substr(std::string_view("https://").size());
    const std::size_t colon = authority.find(':');
    const std::string host = authority.substr(0, colon);
    const std::string body =
        R"({"username":")" + settings.username + R"(","password":")" + settings.password + "\"}";
    state_->request = "POST /auth/createkey HTTP/1.1\r\nHost: " + authority +
                      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                      "\r\n\r\n" + body;
    require(SSL_CTX_load_verify_file(state_->context, settings.ca_file.c_str()) == 1);
    SSL_CTX_set_verify(state_->context, SSL_VERIFY_PEER, nullptr);
    state_->tls = SSL_new(state_->context);
    require(SSL_set_tlsext_host_name(state_->tls, host.c_str()) == 1 &&
            SSL_set1_host(state_->tls, host.c_str()) == 1 &&
            SSL_set_fd(state_->tls, connect_to(host, authority.substr(colon + 1))) == 1 &&
            SSL_connect(state_->tls) == 1);
}

Caller::~Caller() {
    SSL_shutdown(state_->tls);
    close(SSL_get_fd(state_->tls));
    SSL_free(state_->tls);
    SSL_CTX_free(state_->context);
}

bool Caller::create_key() {
    require(SSL_write(state_->tls, state_->request.data(), static_cast<int>(state_->request.size())) > 0);
    char answer[16384];
    std::size_t size = 0;
    while (true) {
        const int received = SSL_read(state_->tls, answer + size, static_cast<int>(sizeof answer - 1 - size));
        require(received > 0);
        size += static_cast<std::size_t>(received);
        answer[size] = '\0';
        const std::string_view text(answer, size);
        const std::size_t end = text.find("\r\n\r\n");
        if (end == std::string_view::npos) continue;
        constexpr std::string_view length = "Content-Length: ";
        const std::size_t at = text.find(length);
        require(at < end);
        if (size >= end + 4 + std::strtoul(answer + at + length.size(), nullptr, 10)) return true;
    }
}

}  // namespace bench
