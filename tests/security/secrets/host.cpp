// SPDX-License-Identifier: MIT
// A host program whose memory is scanned from outside. It reads commands from standard input, one a line, and
// answers each with a line; between two commands it stands still and can be read.
//
// The secrets come in by read(2), straight into its own buffers, so that what a scan finds elsewhere was left
// by the library, or planted on purpose.
#include <curl/curl.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#else
#include <dlfcn.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#endif
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "mobivate.h"

#if defined(_WIN32)

namespace {

bool begin() { return _setmode(STDIN_FILENO, _O_BINARY) != -1 && _setmode(STDOUT_FILENO, _O_BINARY) != -1; }

void* take_page(std::size_t size) {
    return VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

}  // namespace

#else

#include "support/slow_sockets.hpp"

using support::Room;
using support::SlowSockets;

namespace {

bool begin() { return true; }

void* take_page(std::size_t size) {
    return mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

}  // namespace

extern "C" {

ssize_t send(int fd, const void* data, std::size_t size, int flags) {
    static const auto function = reinterpret_cast<decltype(&send)>(dlsym(RTLD_NEXT, "send"));
    SlowSockets* slow = SlowSockets::of_thread();
    return slow != nullptr ? slow->send(function, fd, data, size, flags) : function(fd, data, size, flags);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    static const auto function = reinterpret_cast<decltype(&poll)>(dlsym(RTLD_NEXT, "poll"));
    SlowSockets* slow = SlowSockets::of_thread();
    return slow != nullptr ? slow->poll(function, fds, count, timeout) : function(fds, count, timeout);
}

}  // extern "C"

#endif

namespace {

constexpr std::size_t secret_capacity = 2048;
char username[secret_capacity];  // not a secret
std::array<char, secret_capacity> bss_plant;
std::array<char, 16> cut_plant;
thread_local std::array<char, secret_capacity> thread_plant;

struct Host {
    mbv_client* client = nullptr;
    char* password = nullptr;
    std::size_t password_size = 0;
    char* key = nullptr;
    std::size_t key_size = 0;
};

bool read_exactly(char* to, std::size_t size) {
    while (size > 0) {
        const auto got = read(STDIN_FILENO, to, static_cast<unsigned>(size));
        if (got <= 0) return false;
        to += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

std::string read_line() {
    std::string line;
    char c = 0;
    while (read_exactly(&c, 1) && c != '\n') line += c;
    return line;
}

void answer(const std::string& text) {
    const std::string line = text + "\n";
    if (write(STDOUT_FILENO, line.data(), static_cast<unsigned>(line.size())) < 0) _exit(3);
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string address(const void* pointer) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%p", pointer);
    return text.data();
}

// The call of that name: the first word of create-on-thread is create.
void make(const std::string& command, Host& host) {
    const std::string call = command.substr(0, command.find('-'));
    int32_t status = MBV_ERR_INTERNAL;
    if (call == "test") {
        status = mbv_test_key(host.client, host.key, host.key_size);
    } else {
        status = (call == "create" ? mbv_create_key : mbv_get_key)(
            host.client, username, MBV_NUL_TERMINATED, host.password, host.password_size, host.key,
            MBV_KEY_CAPACITY, &host.key_size);
    }
    answer(std::string(mbv_status_name(status)) + " " + std::to_string(mbv_key_state(host.client)));
}

// What a hand-written program does: the control that the scan must find copies of.
std::size_t collect(const char* bytes, std::size_t size, std::size_t count, void* to) {
    static_cast<std::string*>(to)->append(bytes, size * count);
    return size * count;
}

CURLcode post(const std::string& url, const std::string& ca_file, const std::string& body,
              std::string& reply) {
    CURL* easy = curl_easy_init();
    curl_slist* fields = curl_slist_append(nullptr, "Content-Type: application/json");
    curl_easy_setopt(easy, CURLOPT_URL, (url + "/auth/createkey").c_str());
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply);
    const CURLcode code = curl_easy_perform(easy);
    curl_slist_free_all(fields);
    curl_easy_cleanup(easy);
    return code;
}

// What people write today: a call of libcurl by hand.
void naive(const Host& host, const std::string& url, const std::string& ca_file) {
    const std::string body = std::string(R"({"username":")") + username + R"(","password":")" +
                             std::string(host.password, host.password_size) + "\"}";
    std::string reply;
    answer(curl_easy_strerror(post(url, ca_file, body, reply)));
}

// The same as a class of C++, as such wrappers are.
class Wrapper {
public:
    Wrapper(std::string url, std::string ca_file) : url_(std::move(url)), ca_file_(std::move(ca_file)) {}
    void login(std::string name, std::string password) {
        name_ = std::move(name);
        password_ = std::move(password);
    }
    std::string create_key() const {
        rapidjson::Document request(rapidjson::kObjectType);
        request.AddMember("username", rapidjson::StringRef(name_.c_str()), request.GetAllocator());
        request.AddMember("password", rapidjson::StringRef(password_.c_str()), request.GetAllocator());
        rapidjson::StringBuffer body;
        rapidjson::Writer<rapidjson::StringBuffer> writer(body);
        request.Accept(writer);
        std::string reply;
        if (post(url_, ca_file_, body.GetString(), reply) != CURLE_OK) return {};
        rapidjson::Document document;
        document.Parse(reply.c_str());
        return document["apiKey"].GetString();
    }

private:
    std::string url_, ca_file_, name_, password_;
};

void wrapped(const Host& host, const std::string& url, const std::string& ca_file) {
    Wrapper wrapper(url, ca_file);
    wrapper.login(username, std::string(host.password, host.password_size));
    answer(wrapper.create_key().empty() ? "failed" : "No error");
}

// The host's own use of libcurl, with nothing secret in it.
void use_libcurl(const std::string& url) {
    CURL* easy = curl_easy_init();
    std::string reply;
    curl_easy_setopt(easy, CURLOPT_URL, (url + "/standin/state").c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply);
    const CURLcode code = curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    if (code != CURLE_OK) _exit(4);
}

[[gnu::noinline]] void plant_on_stack(const Host& host) {
    volatile char deep[2 * secret_capacity];
    for (std::size_t i = 0; i < host.password_size; ++i) deep[i] = host.password[i];
    for (std::size_t i = 0; i < host.key_size; ++i) deep[secret_capacity + i] = host.key[i];
    asm volatile("" : : "r"(&deep) : "memory");
}

void plant(const Host& host, const std::string& where) {
    // Nobody reads it again: a compiler would leave it out.
    const auto keep = [](char* planted) { asm volatile("" : : "r"(planted) : "memory"); };
    const auto copy = [&host, keep](char* to) {
        std::memcpy(to, host.password, host.password_size);
        std::memcpy(to + secret_capacity / 2, host.key, host.key_size);
        keep(to);
    };
    if (where == "heap") copy(static_cast<char*>(std::malloc(secret_capacity)));
    if (where == "freed") {
#if !defined(__GLIBC__) && !defined(_WIN32)
        answer("musl gives it back to the system");
        return;
#endif
        // Behind the first bytes, which the allocator uses for itself.
        auto* memory = static_cast<char*>(std::malloc(2 * secret_capacity));
        copy(memory + 64);
        std::free(memory);
    }
    if (where == "bss") copy(bss_plant.data());
    if (where == "thread") copy(thread_plant.data());
    if (where == "page") {
        copy(static_cast<char*>(take_page(secret_capacity)));
    }
    if (where == "stack") plant_on_stack(host);
    if (where == "cut") {
        std::memcpy(cut_plant.data(), host.password + 3, 12);
        keep(cut_plant.data());
    }
    answer("planted");
}

}  // namespace

int main() {
    if (!begin()) return 1;
    // Some systems make it when it is first used: not in the place of something that was freed.
    thread_plant[0] = '\0';
    Host host;
    host.password = static_cast<char*>(std::calloc(1, secret_capacity));
    host.key = static_cast<char*>(std::calloc(1, secret_capacity));
    std::string base_url;
    std::string ca_file;
#if !defined(_WIN32)
    std::optional<SlowSockets> slow_sockets;
#endif
    for (std::string line = read_line(); !line.empty(); line = read_line()) {
        const std::string command = line.substr(0, line.find(' '));
        const std::string argument = line.size() > command.size() ? line.substr(command.size() + 1) : "";
        if (command == "new") {
            host.client = mbv_new();
            answer("new");
        } else if (command == "set") {
            const std::size_t space = argument.find(' ');
            const std::string name = argument.substr(0, space);
            const std::string value = argument.substr(space + 1);
            if (name == "base_url") base_url = value;
            if (name == "ca_file") ca_file = value;
            answer(mbv_status_name(mbv_set(host.client, name.c_str(), value.c_str())));
        } else if (command == "username") {
            std::snprintf(username, sizeof username, "%s", argument.c_str());
            answer("username");
        } else if (command == "password") {
            host.password_size = std::strtoul(argument.c_str(), nullptr, 10);
            if (!read_exactly(host.password, host.password_size)) return 2;
            answer(address(host.password));
        } else if (command == "given-key") {
            host.key_size = std::strtoul(argument.c_str(), nullptr, 10);
            if (!read_exactly(host.key, host.key_size)) return 2;
            answer(address(host.key));
        } else if (command == "create" || command == "get" || command == "test") {
            make(command, host);
        } else if (ends_with(command, "-on-thread")) {
            std::thread(make, command, std::ref(host)).join();
        } else if (ends_with(command, "-and-cancel")) {
            std::thread calling(make, command, std::ref(host));
            read_line();  // the request has arrived
            mbv_cancel(host.client);
            calling.join();
            mbv_uncancel(host.client);
        } else if (ends_with(command, "-beside-libcurl")) {
            std::thread beside([&argument] {
                for (int i = 0; i < 20; ++i) use_libcurl(argument);
            });
            make(command, host);
            beside.join();
            answer("done");
#if !defined(_WIN32)
        } else if (command == "send-pieces" || command == "send-only") {
            const long bytes = std::strtol(argument.c_str(), nullptr, 10);
            slow_sockets.emplace(bytes, command == "send-only" ? Room::never : Room::at_once);
            answer("slow");
#endif
        } else if (command == "key") {
            answer(address(host.key));
        } else if (command == "free") {
            mbv_free(host.client);
            host.client = nullptr;
            answer("freed");
        } else if (command == "libcurl-init") {
            curl_global_init(CURL_GLOBAL_DEFAULT);
            answer("initialised");
        } else if (command == "libcurl") {
            use_libcurl(argument);
            answer("used");
        } else if (command == "naive") {
            naive(host, base_url, ca_file);
        } else if (command == "wrapper") {
            wrapped(host, base_url, ca_file);
        } else if (command == "plant") {
            plant(host, argument);
        } else {
            return 2;
        }
    }
    return 0;
}
