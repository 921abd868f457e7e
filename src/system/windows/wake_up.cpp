// SPDX-License-Identifier: MIT
// Windows waits for sockets alone: one that is connected with itself, so that nobody else can send to it.
#include <winsock2.h>

#include <ws2tcpip.h>

#include <array>
#include <cerrno>

#include "system/wake_up.hpp"

namespace mobivate::system {
namespace {

bool connect_with_itself(SOCKET socket) noexcept {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int size = sizeof address;
    u_long without_blocking = 1;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    return bind(socket, generic, size) == 0 && getsockname(socket, generic, &size) == 0 &&
           connect(socket, generic, size) == 0 && ioctlsocket(socket, FIONBIO, &without_blocking) == 0;
}

}  // namespace

int WakeUp::prepare() noexcept {
    if (reading_ != CURL_SOCKET_BAD) return 0;
    WSADATA facts;
    if (WSAStartup(MAKEWORD(2, 2), &facts) != 0) return ENOMEM;
    const SOCKET socket = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, nullptr, 0,
                                     WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (socket == INVALID_SOCKET || !connect_with_itself(socket)) {
        const int error = WSAGetLastError() == WSAEMFILE ? EMFILE : ENOMEM;
        if (socket != INVALID_SOCKET) closesocket(socket);
        WSACleanup();
        return error;
    }
    reading_ = socket;
    writing_.store(socket);
    return 0;
}

// A socket that has no room has been woken already.
void WakeUp::wake() noexcept {
    const SOCKET writing = writing_.load();
    if (writing != INVALID_SOCKET) send(writing, "", 1, 0);
}

void WakeUp::clear() const noexcept {
    std::array<char, 1> taken;  // NOLINT: only that it is taken counts
    while (recv(reading_, taken.data(), static_cast<int>(taken.size()), 0) > 0) {
    }
}

void WakeUp::forget() noexcept {
    writing_.store(CURL_SOCKET_BAD);
    reading_ = CURL_SOCKET_BAD;
}

WakeUp::~WakeUp() {
    if (reading_ == CURL_SOCKET_BAD) return;
    closesocket(reading_);
    WSACleanup();
}

}  // namespace mobivate::system
