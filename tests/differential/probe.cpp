// SPDX-License-Identifier: MIT
// Reads answers for test_answers.py. On standard input: a line "KIND SIZE PIECE CLOSED", and SIZE bytes of an
// answer. On standard output: what was understood, as a line of JSON. KIND is "library", or "curl" for
// libcurl's own reading.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include <curl/curl.h>

#include "unit/arrive.hpp"

namespace {

std::string hex(const std::string& bytes) {
    std::string text;
    char two[3];
    for (const char c : bytes) {
        std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
        text += two;
    }
    return text;
}

void library(const std::string& bytes, std::size_t piece, bool closed) {
    arrive::How how;
    how.piece = piece;
    how.orderly_end = closed;
    how.ending = closed ? mobivate::Status::transport : mobivate::Status::timeout;
    const auto judged = arrive::judge(bytes, how);
    std::printf(R"({"status":%d,"key_state":%d,"http_status":%d,"server_code":%d,"retry_after_ms":%lld,)"
                R"("key":"%s","message":"%s","keeps":%s})"
                "\n",
                static_cast<int>(judged.status), static_cast<int>(judged.key_state), judged.http_status,
                judged.server_code, judged.retry_after_ms, hex(judged.key).c_str(),
                hex(judged.server_message).c_str(), judged.keeps_connection ? "true" : "false");
}

std::size_t collect(char* bytes, std::size_t size, std::size_t count, void* into) {
    static_cast<std::string*>(into)->append(bytes, size * count);
    return size * count;
}

int listen_on_loopback() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener, 1) != 0)
        std::abort();
    return listener;
}

// Takes one request, answers it with these bytes, and ends the connection.
void serve(int listener, const std::string& bytes) {
    const int peer = accept(listener, nullptr, nullptr);
    if (peer < 0) std::abort();
    std::string request;
    char part[4096];
    while (request.find("\r\n\r\n{}") == std::string::npos) {
        const ssize_t received = recv(peer, part, sizeof part, 0);
        if (received <= 0) break;
        request.append(part, static_cast<std::size_t>(received));
    }
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t written = send(peer, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (written <= 0) break;
        sent += static_cast<std::size_t>(written);
    }
    shutdown(peer, SHUT_WR);
    // Only once the other side has gone, too: closing would destroy what it has not read.
    while (recv(peer, part, sizeof part, 0) > 0) {
    }
    close(peer);
}

void curl(const std::string& bytes) {
    static const int listener = listen_on_loopback();
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    std::thread server(serve, listener, std::cref(bytes));
    std::string body;
    CURL* easy = curl_easy_init();
    const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    const CURLcode result = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    server.join();
    std::printf("{\"result\":%d,\"http_status\":%ld,\"body\":\"%s\"}\n", static_cast<int>(result), status,
                hex(body).c_str());
}

}  // namespace

int main() {
    char kind[16];
    std::size_t size = 0;
    std::size_t piece = 0;
    int closed = 0;
    while (std::scanf("%15s %zu %zu %d", kind, &size, &piece, &closed) == 4) {
        if (std::getchar() != '\n') return 2;
        std::string bytes(size, '\0');
        if (std::fread(bytes.data(), 1, size, stdin) != size) return 2;
        if (std::string(kind) == "curl") {
            curl(bytes);
        } else {
            library(bytes, piece, closed != 0);
        }
        std::fflush(stdout);
    }
    return 0;
}
