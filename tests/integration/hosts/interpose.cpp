// SPDX-License-Identifier: MIT
#include "interpose.hpp"

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdarg>
#include <cstring>
#include <mutex>
#include <thread>

namespace {

thread_local host::Standstill* standstill_of_thread = nullptr;
thread_local bool writes_are_refused = false;
std::atomic<long long> clock_moved_ns{0};
std::atomic<const char*> libcurl_version{nullptr};
std::atomic<unsigned> libcurl_version_number{0};
std::atomic<int> refused_option{0};
std::atomic<int> refusal{0};
std::atomic<int> perform_failure{0};
std::atomic<bool> quick_exit_set{false};

std::mutex lookup_lock;
std::condition_variable lookup_changed;
int lookups_waiting = 0;
bool lookups_released = false;

template <class Function>
Function* real(Function*, const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

namespace host {

void stand_still_in_poll(Standstill* standstill) { standstill_of_thread = standstill; }
void refuse_writes(bool refused) { writes_are_refused = refused; }
void move_clock(std::chrono::milliseconds by) { clock_moved_ns += by.count() * 1000000LL; }
void set_libcurl_version(const char* version, unsigned number) {
    libcurl_version_number = number;
    libcurl_version = version;
}
void refuse_option(CURLoption option, CURLcode code) {
    refusal = code;
    refused_option = option;
}
void fail_perform(CURLMcode code) { perform_failure = code; }
bool quick_exit_was_set() { return quick_exit_set; }

void await_lookup() {
    std::unique_lock<std::mutex> lock(lookup_lock);
    lookup_changed.wait(lock, [] { return lookups_waiting > 0; });
}
void release_lookups() {
    std::unique_lock<std::mutex> lock(lookup_lock);
    lookups_released = true;
    lookup_changed.notify_all();
    lookup_changed.wait(lock, [] { return lookups_waiting == 0; });
    lookups_released = false;
}

}  // namespace host

// The header's macros check their arguments where these functions are used.
#undef curl_easy_setopt
#undef curl_multi_setopt

extern "C" {

ssize_t send(int fd, const void* data, std::size_t size, int flags) {
    static const auto function = real(&send, "send");
    support::SlowSockets* slow = support::SlowSockets::of_thread();
    return slow != nullptr ? slow->send(function, fd, data, size, flags) : function(fd, data, size, flags);
}

ssize_t write(int fd, const void* data, std::size_t size) {
    static const auto function = real(&write, "write");
    if (!writes_are_refused) return function(fd, data, size);
    errno = EAGAIN;
    return -1;
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    static const auto function = real(&poll, "poll");
    support::SlowSockets* slow = support::SlowSockets::of_thread();
    const int result =
        slow != nullptr ? slow->poll(function, fds, count, timeout) : function(fds, count, timeout);
    if (host::Standstill* standstill = standstill_of_thread) {
        standstill->reached = true;
        while (!standstill->over) std::this_thread::yield();
    }
    return result;
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    static const auto function = real(&clock_gettime, "clock_gettime");
    const int result = function(clock, time);
    if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW) {
        const long long moved = time->tv_nsec + clock_moved_ns.load();
        time->tv_sec += static_cast<time_t>(moved / 1000000000);
        time->tv_nsec = static_cast<long>(moved % 1000000000);
    }
    return result;
}

int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
    static const auto function = real(&getaddrinfo, "getaddrinfo");
    if (node == nullptr || std::strcmp(node, "unanswered.test") != 0)
        return function(node, service, hints, result);
    std::unique_lock<std::mutex> lock(lookup_lock);
    ++lookups_waiting;
    lookup_changed.notify_all();
    lookup_changed.wait(lock, [] { return lookups_released; });
    --lookups_waiting;
    lookup_changed.notify_all();
    return EAI_AGAIN;
}

curl_version_info_data* curl_version_info(CURLversion age) {
    static const auto function = real(&curl_version_info, "curl_version_info");
    const char* version = libcurl_version;
    if (version == nullptr) return function(age);
    static curl_version_info_data other;
    other = *function(age);
    other.version = version;
    other.version_num = libcurl_version_number;
    return &other;
}

CURLcode curl_easy_setopt(CURL* easy, CURLoption option, ...) {
    static const auto function = real(&curl_easy_setopt, "curl_easy_setopt");
    va_list arguments;
    va_start(arguments, option);
    void* value = va_arg(arguments, void*);
    va_end(arguments);
    if (refused_option == option) return static_cast<CURLcode>(refusal.load());
    return function(easy, option, value);
}

CURLMcode curl_multi_setopt(CURLM* multi, CURLMoption option, ...) {
    static const auto function = real(&curl_multi_setopt, "curl_multi_setopt");
    va_list arguments;
    va_start(arguments, option);
    void* value = va_arg(arguments, void*);
    va_end(arguments);
    if (option == 21 && value != nullptr) quick_exit_set = true;
    return function(multi, option, value);
}

CURLMcode curl_multi_perform(CURLM* multi, int* running) {
    static const auto function = real(&curl_multi_perform, "curl_multi_perform");
    const int failure = perform_failure;
    return failure != CURLM_OK ? static_cast<CURLMcode>(failure) : function(multi, running);
}
}
