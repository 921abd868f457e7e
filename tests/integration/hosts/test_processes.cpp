// SPDX-License-Identifier: MIT
// Hosts that fork, and hosts that start other programs.
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <thread>

#include "integration/service.hpp"
#include "interpose.hpp"

using namespace service;

namespace {

// What a child process returns; it must not take longer than a minute.
int in_child(const std::function<int()>& action) {
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(action());
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The children of this process are in a PID namespace of their own from now on: the first of them is its
// PID 1. Who is not root may do so in a user namespace.
bool enter_new_namespace() {
    return unshare(CLONE_NEWPID) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0;
}

int in_child_of_new_namespace(const std::function<int()>& action) {
    return in_child([&action] {
        if (!enter_new_namespace()) return 99;
        return in_child([&action] {
            // No alarm ends a PID 1.
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            return action();
        });
    });
}

// In many a container they are not.
bool namespaces_are_permitted() {
    if (in_child_of_new_namespace([] { return 0; }) == 0) return true;
    std::fputs(
        "PID namespaces are not permitted here; skipped: a forked child with its parent's process ID\n",
        stderr);
    return false;
}

std::set<int> descriptors() {
    std::set<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        found.insert(std::stoi(entry.path().filename()));
    return found;
}

}  // namespace

TEST_CASE("a forked child with its parent's process ID takes a connection of its own" *
          doctest::skip(!namespaces_are_permitted())) {
    const Account account;
    // What is wrong, or 0.
    const auto call = [&](const caller::Client& client) {
        if (getpid() != 1) return 1;
        const auto result = caller::create_key(client.get(), account.username, password);
        return result.status == MBV_OK ? 0 : 2;
    };
    CHECK(in_child_of_new_namespace([&] {
              const auto client = https_client();
              if (const int wrong = call(client)) return 10 + wrong;
              if (const int wrong = in_child_of_new_namespace([&] { return call(client); }))
                  return 20 + wrong;
              if (const int wrong = call(client)) return 30 + wrong;
              return 0;
          }) == 0);
    const auto connections = account.truth().connections;
    REQUIRE(connections.size() == 3);
    CHECK(connections[0] == connections[2]);
    CHECK(connections[0] != connections[1]);
}

TEST_CASE("a child without a descriptor is told so, and cancels promptly when it has one") {
    const Account account;
    const Account stalling(R"({"creates":true,"cut":{"after":0,"how":"stall"}})");
    const auto client = https_client();
    REQUIRE(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    CHECK(in_child([&] {
              rlimit limit{};
              getrlimit(RLIMIT_NOFILE, &limit);
              rlimit none = limit;
              none.rlim_cur = 0;
              setrlimit(RLIMIT_NOFILE, &none);
              const auto refused = caller::create_key(client.get(), account.username, password);
              setrlimit(RLIMIT_NOFILE, &limit);
              if (refused.status != MBV_ERR_NO_MEMORY || refused.key_state != MBV_KEY_UNCHANGED) return 1;
              if (refused.error_message.find("descriptor") == std::string::npos) return 2;
              caller::Result result;
              std::thread calling(
                  [&] { result = caller::create_key(client.get(), stalling.username, password); });
              standin::await_requests(stalling.username, 1);
              const auto begin = std::chrono::steady_clock::now();
              mbv_cancel(client.get());
              calling.join();
              const auto took = std::chrono::steady_clock::now() - begin;
              if (result.status != MBV_ERR_CANCELLED) return 3;
              return took < std::chrono::seconds(1) ? 0 : 4;
          }) == 0);
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    const auto connections = account.truth().connections;
    REQUIRE(connections.size() == 2);
    CHECK(connections[0] == connections[1]);
}

TEST_CASE("a child forked beside a lookup that hangs makes its call, and its parent does, too") {
    const Account account;
    const auto client = client_for("https://unanswered.test");
    set(client, "timeout_ms", "200");
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_ERR_TIMEOUT);
    host::await_lookup();
    set(client, "base_url", standin::fact("https"));
    set(client, "timeout_ms", "30000");
    CHECK(in_child([&] {
              const auto result = caller::create_key(client.get(), account.username, password);
              mbv_free(const_cast<caller::Client&>(client).release());
              return result.status == MBV_OK ? 0 : 1;
          }) == 0);
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    host::release_lookups();
}

TEST_CASE("a client that a child frees unused is its parent's as before") {
    const Account account;
    const auto client = https_client();
    REQUIRE(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    CHECK(in_child([&] {
              mbv_free(const_cast<caller::Client&>(client).release());
              return 0;
          }) == 0);
    CHECK(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    const auto connections = account.truth().connections;
    REQUIRE(connections.size() == 2);
    CHECK(connections[0] == connections[1]);
}

// A sanitizer has terabytes of memory of its own, which is not for reading.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// How often the reverse of `reversed` is in this process's memory. It is compared backwards, so that the
// search itself has no copy of it.
static int occurrences_in_memory(const char* reversed, std::size_t size) {
    std::ifstream maps("/proc/self/maps");
    std::vector<std::pair<const char*, const char*>> regions;
    for (std::string line; std::getline(maps, line);) {
        unsigned long begin = 0;
        unsigned long end = 0;
        char rights[5] = {};
        const bool whole = std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) == 3;
        if (whole && rights[0] == 'r' && rights[1] == 'w' && line.find("[v") == std::string::npos)
            regions.emplace_back(reinterpret_cast<const char*>(begin), reinterpret_cast<const char*>(end));
    }
    int found = 0;
    for (const auto& [begin, end] : regions) {
        for (const char* at = begin; at + size <= end; ++at) {
            std::size_t same = 0;
            while (same < size && at[same] == reversed[size - 1 - same]) ++same;
            if (same == size) ++found;
        }
    }
    return found;
}

TEST_CASE("a child that is forked during a call has no copy of the password") {
    // This process's own copies are in memory that no child gets.
    const char reversed[] = "moc.elpmaxe-drowssap-a-fo-ypoc-eht";
    constexpr std::size_t size = sizeof reversed - 1;
    auto* secret =
        static_cast<char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(secret != MAP_FAILED);
    REQUIRE(madvise(secret, 4096, MADV_DONTFORK) == 0);
    for (std::size_t i = 0; i < size; ++i) secret[i] = reversed[size - 1 - i];
    // A wrong password, so that the stand-in need not be told it.
    const Account account(R"({"always":true,"creates":true,"cut":{"after":0,"how":"stall"}})");
    const auto client = http_client();
    std::int32_t status = 0;
    std::thread calling([&] {
        char key[MBV_KEY_CAPACITY];
        status = mbv_create_key(client.get(), account.username.c_str(), account.username.size(), secret, size,
                                key, sizeof key, nullptr);
    });
    standin::await_requests(account.username, 1);
    // The search finds what is there: in the parent, the request.
    CHECK(occurrences_in_memory(reversed, size) > 1);
    CHECK(in_child([&] { return occurrences_in_memory(reversed, size); }) == 0);
    mbv_cancel(client.get());
    calling.join();
    CHECK(status == MBV_ERR_CANCELLED);
    munmap(secret, 4096);
}

#endif

TEST_CASE("a key that is retained is taken by a child, and by its parent") {
    const Account account(R"({"key_size":4096})");
    const auto client = https_client();
    REQUIRE(caller::create_key(client.get(), account.username, password).status == MBV_ERR_BUFFER_TOO_SMALL);
    const std::string key = account.truth().valid_key;
    const auto take = [&] {
        std::string taken(4097, '#');
        const std::int32_t status = mbv_take_key(client.get(), taken.data(), taken.size(), nullptr);
        return status == MBV_OK && key == taken.c_str() ? 0 : 1;
    };
    CHECK(in_child(take) == 0);
    CHECK(take() == 0);
}

TEST_CASE("a program that the host starts inherits no descriptor of a client's") {
    const Account account;
    const std::set<int> before = descriptors();
    const auto client = https_client();
    REQUIRE(caller::create_key(client.get(), account.username, password).status == MBV_OK);
    int own = 0;
    for (const int descriptor : descriptors()) {
        if (before.count(descriptor) > 0) continue;
        const int flags = fcntl(descriptor, F_GETFD);
        if (flags < 0) continue;  // the listing's own
        ++own;
        CAPTURE(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor)).string());
        CHECK((flags & FD_CLOEXEC) != 0);
    }
    CHECK(own >= 2);  // the connection and the wake-up
}
