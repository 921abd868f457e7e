// SPDX-License-Identifier: MIT
#include "faults/interpose.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/slow_sockets.hpp"

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void __libc_free(void* memory);
}

namespace {

struct Allocations {
    bool counting = false;
    bool failed = false;
    bool all_after = false;
    long count = 0;
    long nth = 0;
};
thread_local Allocations allocations_of_thread;

bool allocation_fails() noexcept {
    Allocations& state = allocations_of_thread;
    if (!state.counting) return false;
    ++state.count;
    const bool fails =
        state.nth > 0 && (state.count == state.nth || (state.all_after && state.count > state.nth));
    if (fails) state.failed = true;
    return fails;
}

struct Calls {
    bool counting = false;
    const char* name = nullptr;
    long nth = 0;
    int error = 0;
    long counts[32] = {};
};
thread_local Calls calls_of_thread;

std::size_t index_of(const char* name) {
    const auto& all = interpose::system_calls();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (std::strcmp(all[i].name, name) == 0) return i;
    }
    std::abort();
}

// Counts a call of this name, and sets errno where it is the one to fail.
bool call_fails(const char* name) {
    Calls& state = calls_of_thread;
    if (!state.counting) return false;
    const long count = ++state.counts[index_of(name)];
    if (state.name == nullptr || std::strcmp(state.name, name) != 0 || count != state.nth) return false;
    errno = state.error;
    return true;
}

template <class Function>
Function real(Function, const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

namespace interpose {

void fail_allocation(long nth, bool all_after) { allocations_of_thread = {true, false, all_after, 0, nth}; }
void stop() {
    allocations_of_thread.counting = false;
    calls_of_thread.counting = false;
}
long allocations() { return allocations_of_thread.count; }
bool failed() { return allocations_of_thread.failed; }

const std::vector<SystemCall>& system_calls() {
    static const std::vector<SystemCall> all{
        {"socket", {EMFILE, ENFILE, ENOBUFS, EACCES}},
        {"connect", {ECONNREFUSED, ENETUNREACH, EACCES, ETIMEDOUT, EADDRNOTAVAIL}},
        {"send", {ECONNRESET, EPIPE, ENOBUFS, EAGAIN}},
        {"recv", {ECONNRESET, ETIMEDOUT, ENOBUFS, EAGAIN}},
        {"poll", {ENOMEM, EINVAL, EINTR}},
        {"getsockopt", {ENOBUFS, EINVAL}},
        {"setsockopt", {ENOBUFS, EINVAL}},
        {"getpeername", {ENOBUFS, ENOTCONN}},
        {"getsockname", {ENOBUFS}},
        {"socketpair", {EMFILE, ENFILE}},
        {"eventfd", {EMFILE, ENFILE, ENOMEM}},
        {"open", {EMFILE, EACCES, ENOENT}},
        {"fopen", {EMFILE, EACCES, ENOENT}},
        {"mmap", {ENOMEM}},
        {"mlock", {EPERM, ENOMEM}},
        {"madvise", {EINVAL}},
        {"pthread_create", {EAGAIN}},
        {"getaddrinfo", {EAI_AGAIN, EAI_MEMORY, EAI_SYSTEM, EAI_NONAME}},
    };
    return all;
}

void fail_system_call(const std::string& name, long nth, int error) {
    calls_of_thread = Calls();
    calls_of_thread.counting = true;
    calls_of_thread.name = system_calls()[index_of(name.c_str())].name;
    calls_of_thread.nth = nth;
    calls_of_thread.error = error;
}

long calls(const std::string& name) { return calls_of_thread.counts[index_of(name.c_str())]; }

}  // namespace interpose

extern "C" {

void* malloc(std::size_t size) {
    if (!allocation_fails()) return __libc_malloc(size);
    errno = ENOMEM;
    return nullptr;
}
void* calloc(std::size_t count, std::size_t size) {
    if (!allocation_fails()) return __libc_calloc(count, size);
    errno = ENOMEM;
    return nullptr;
}
void* realloc(void* old, std::size_t size) {
    if (!allocation_fails()) return __libc_realloc(old, size);
    errno = ENOMEM;
    return nullptr;
}
void free(void* memory) { __libc_free(memory); }

int socket(int domain, int type, int protocol) noexcept {
    return call_fails("socket") ? -1 : real(&socket, "socket")(domain, type, protocol);
}
int connect(int fd, const sockaddr* address, socklen_t size) {
    return call_fails("connect") ? -1 : real(&connect, "connect")(fd, address, size);
}
ssize_t send(int fd, const void* data, std::size_t size, int flags) {
    if (call_fails("send")) return -1;
    const auto function = real(&send, "send");
    support::SlowSockets* slow = support::SlowSockets::of_thread();
    return slow != nullptr ? slow->send(function, fd, data, size, flags) : function(fd, data, size, flags);
}
ssize_t recv(int fd, void* data, std::size_t size, int flags) {
    return call_fails("recv") ? -1 : real(&recv, "recv")(fd, data, size, flags);
}
int poll(pollfd* fds, nfds_t count, int timeout) {
    if (call_fails("poll")) return -1;
    const auto function = real(&poll, "poll");
    support::SlowSockets* slow = support::SlowSockets::of_thread();
    return slow != nullptr ? slow->poll(function, fds, count, timeout) : function(fds, count, timeout);
}
int getsockopt(int fd, int level, int name, void* value, socklen_t* size) noexcept {
    return call_fails("getsockopt") ? -1 : real(&getsockopt, "getsockopt")(fd, level, name, value, size);
}
int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
    return call_fails("setsockopt") ? -1 : real(&setsockopt, "setsockopt")(fd, level, name, value, size);
}
int getpeername(int fd, sockaddr* address, socklen_t* size) noexcept {
    return call_fails("getpeername") ? -1 : real(&getpeername, "getpeername")(fd, address, size);
}
int getsockname(int fd, sockaddr* address, socklen_t* size) noexcept {
    return call_fails("getsockname") ? -1 : real(&getsockname, "getsockname")(fd, address, size);
}
int socketpair(int domain, int type, int protocol, int* fds) noexcept {
    return call_fails("socketpair") ? -1 : real(&socketpair, "socketpair")(domain, type, protocol, fds);
}
int eventfd(unsigned count, int flags) noexcept {
    return call_fails("eventfd") ? -1 : real(&eventfd, "eventfd")(count, flags);
}
int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return call_fails("open") ? -1 : real(&open, "open")(path, flags, mode);
}
FILE* fopen(const char* path, const char* mode) {
    return call_fails("fopen") ? nullptr : real(&fopen, "fopen")(path, mode);
}
void* mmap(void* address, std::size_t size, int protection, int flags, int fd, off_t offset) noexcept {
    return call_fails("mmap") ? MAP_FAILED
                              : real(&mmap, "mmap")(address, size, protection, flags, fd, offset);
}
int mlock(const void* address, std::size_t size) noexcept {
    return call_fails("mlock") ? -1 : real(&mlock, "mlock")(address, size);
}
int madvise(void* address, std::size_t size, int advice) noexcept {
    return call_fails("madvise") ? -1 : real(&madvise, "madvise")(address, size, advice);
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
    return call_fails("pthread_create")
               ? errno
               : real(&pthread_create, "pthread_create")(thread, attributes, start, argument);
}
int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
    return call_fails("getaddrinfo") ? errno
                                     : real(&getaddrinfo, "getaddrinfo")(node, service, hints, result);
}
}
