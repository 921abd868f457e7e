// SPDX-License-Identifier: MIT
// What hosts do with threads and buffers.
#include <pthread.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "integration/service.hpp"
#include "interpose.hpp"

using namespace service;

namespace {

// What the header says that a thread needs. Sanitizers need more of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t stack_size = 1024 * 1024;
#else
constexpr std::size_t stack_size = 32 * 1024;
#endif

struct CallOnThread {
    mbv_client* client = nullptr;
    std::string username;
    std::int32_t status = 0;
};

void* make_call(void* argument) {
    auto& call = *static_cast<CallOnThread*>(argument);
    char key[MBV_KEY_CAPACITY];
    call.status = mbv_create_key(call.client, call.username.data(), call.username.size(), password.data(),
                                 password.size(), key, sizeof key, nullptr);
    if (call.status == MBV_OK)
        call.status = mbv_get_key(call.client, call.username.data(), call.username.size(), password.data(),
                                  password.size(), key, sizeof key, nullptr);
    if (call.status == MBV_OK) call.status = mbv_test_key(call.client, key, MBV_NUL_TERMINATED);
    pthread_testcancel();
    return nullptr;
}

}  // namespace

// AddressSanitizer takes the unwinding of a cancelled thread for an overflow of its own signal stack.
#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("a thread that is cancelled in a call is cancelled after it") {
    const Account stalling(R"({"creates":true,"cut":{"after":0,"how":"stall"}})");
    const Account account;
    const auto client = https_client();
    CallOnThread call{client.get(), stalling.username};
    pthread_t thread{};
    REQUIRE(pthread_create(&thread, nullptr, make_call, &call) == 0);
    standin::await_requests(stalling.username, 1);
    CHECK(pthread_cancel(thread) == 0);
    mbv_cancel(client.get());
    void* result = nullptr;
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(call.status == MBV_ERR_CANCELLED);
    mbv_uncancel(client.get());
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
}

#endif

namespace {
mbv_client* to_cancel = nullptr;  // for a signal's handler
volatile std::sig_atomic_t error_after_cancel = 0;
}  // namespace

TEST_CASE("a signal's handler cancels the call that it interrupts, and leaves errno alone") {
    const Account stalling(R"({"creates":true,"cut":{"after":0,"how":"stall"}})");
    const auto client = https_client();
    set(client, "timeout_ms", "60000");
    to_cancel = client.get();
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = [](int) {
        errno = ENOTTY;
        mbv_cancel(to_cancel);
        host::refuse_writes(true);
        mbv_cancel(to_cancel);
        host::refuse_writes(false);
        error_after_cancel = errno;
    };
    REQUIRE(sigaction(SIGUSR1, &action, &before) == 0);
    CallOnThread call{client.get(), stalling.username};
    pthread_t thread{};
    REQUIRE(pthread_create(&thread, nullptr, make_call, &call) == 0);
    standin::await_requests(stalling.username, 1);
    CHECK(pthread_kill(thread, SIGUSR1) == 0);
    CHECK(pthread_join(thread, nullptr) == 0);
    CHECK(call.status == MBV_ERR_CANCELLED);
    CHECK(error_after_cancel == ENOTTY);
    CHECK(sigaction(SIGUSR1, &before, nullptr) == 0);
}

TEST_CASE("a call is made on the stack that the header asks for") {
    const Account account;
    pthread_attr_t attributes;
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstacksize(&attributes, stack_size) == 0);
    for (const char* scheme : {"https", "http"}) {
        const auto client = client_for(standin::fact(scheme));
        for (const char* what : {"new connection", "kept connection"}) {
            CAPTURE(what);
            CallOnThread call{client.get(), account.username};
            pthread_t thread{};
            REQUIRE(pthread_create(&thread, &attributes, make_call, &call) == 0);
            CHECK(pthread_join(thread, nullptr) == 0);
            CHECK(call.status == MBV_OK);
        }
    }
    pthread_attr_destroy(&attributes);
}

TEST_CASE("a buffer for the key that overlaps what is passed in is refused, and nothing is changed") {
    const Account account;
    const auto client = https_client();
    char memory[1024];
    std::size_t size = 99;
    const auto check_refused = [&](const char* words, const char* secret, char* key, std::size_t* key_size) {
        CHECK(mbv_create_key(client.get(), account.username.c_str(), MBV_NUL_TERMINATED, secret,
                             MBV_NUL_TERMINATED, key, MBV_KEY_CAPACITY,
                             key_size) == MBV_ERR_INVALID_ARGUMENT);
        CHECK(secret == password);
        CHECK(caller::error_message(client.get()).find(words) != std::string::npos);
        CHECK(mbv_key_state(client.get()) == MBV_KEY_UNCHANGED);
    };
    std::strcpy(memory, password.c_str());
    check_refused("overlaps the password", memory, memory, nullptr);
    std::strcpy(memory + 250, password.c_str());
    check_refused("overlaps the password", memory + 250, memory, &size);
    std::strcpy(memory, password.c_str());
    check_refused("overlaps the password", memory, memory + password.size() - 1, &size);
    alignas(std::size_t) char aligned[64];
    std::strcpy(aligned, password.c_str());
    check_refused("overlaps the password", aligned, memory, reinterpret_cast<std::size_t*>(aligned));
    std::strcpy(memory, account.username.c_str());
    CHECK(mbv_create_key(client.get(), memory, MBV_NUL_TERMINATED, password.c_str(), password.size(), memory,
                         MBV_KEY_CAPACITY, nullptr) == MBV_ERR_INVALID_ARGUMENT);
    CHECK(caller::error_message(client.get()).find("overlaps the user name") != std::string::npos);
    CHECK(memory == account.username);
    CHECK(account.truth().requests == 0);
    // Side by side is well.
    std::strcpy(memory + MBV_KEY_CAPACITY, password.c_str());
    CHECK(mbv_create_key(client.get(), account.username.c_str(), MBV_NUL_TERMINATED,
                         memory + MBV_KEY_CAPACITY, password.size(), memory, MBV_KEY_CAPACITY,
                         &size) == MBV_OK);
}
