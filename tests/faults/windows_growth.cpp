// SPDX-License-Identifier: MIT
// What clients, calls and threads leave behind in a process on Windows: nothing.
#include <windows.h>

#include <functional>
#include <thread>

#include "integration/service.hpp"

using namespace service;

namespace {

struct Held {
    std::size_t bytes = 0;
    std::size_t blocks = 0;
    std::size_t handles = 0;
};

// What of the process's heaps is in use, and how many handles there are: the numbers of those that are free
// are given out again, the lowest first.
Held held() {
    Held found;
    HANDLE heaps[64];
    const DWORD count = GetProcessHeaps(64, heaps);
    for (DWORD i = 0; i < count; ++i) {
        PROCESS_HEAP_ENTRY entry{};
        HeapLock(heaps[i]);
        while (HeapWalk(heaps[i], &entry) != FALSE) {
            if ((entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) == 0) continue;
            found.bytes += entry.cbData;
            ++found.blocks;
        }
        HeapUnlock(heaps[i]);
    }
    const HANDLE next = CreateEventW(nullptr, FALSE, FALSE, nullptr);
    found.handles = reinterpret_cast<std::size_t>(next) / 4;
    CloseHandle(next);
    return found;
}

caller::Client new_client(const std::string& url) {
    caller::Client client(mbv_new());
    mbv_set(client.get(), "base_url", url.c_str());
    mbv_set(client.get(), "ca_file", standin::fact("ca_file").c_str());
    mbv_set(client.get(), "proxy", "");
    return client;
}

std::int32_t call(const caller::Client& client, const std::string& username) {
    char key[MBV_KEY_CAPACITY];
    return mbv_create_key(client.get(), username.c_str(), MBV_NUL_TERMINATED, password.c_str(),
                          MBV_NUL_TERMINATED, key, sizeof key, nullptr);
}

// The first round makes what is made once in a process. What grows does so in both others.
void check_growth(const std::string& what, int times, const std::function<void()>& once) {
    std::vector<Held> after;
    after.reserve(3);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < times; ++i) once();
        after.push_back(held());
    }
    const auto grown = [&after](int from, auto member) {
        return static_cast<long long>(after[static_cast<std::size_t>(from) + 1].*member) -
               static_cast<long long>(after[static_cast<std::size_t>(from)].*member);
    };
    MESSAGE(what << ", " << times << " times: " << grown(0, &Held::bytes) << " and " << grown(1, &Held::bytes)
                 << " bytes, " << grown(0, &Held::blocks) << " and " << grown(1, &Held::blocks) << " blocks, "
                 << grown(0, &Held::handles) << " and " << grown(1, &Held::handles) << " handles");
    // One leaked block for each time would be `times`; a buffer of the system's that grows once is none.
    CHECK(std::min(grown(0, &Held::blocks), grown(1, &Held::blocks)) < times / 10);
    CHECK(std::min(grown(0, &Held::handles), grown(1, &Held::handles)) < times / 10);
}

}  // namespace

TEST_CASE("clients, calls and threads leave nothing behind") {
    const Account account;
    for (const std::string scheme : {"http", "https"}) {
        const std::string url = standin::fact(scheme.c_str());
        check_growth(scheme + ", new, set, free", 2000, [&] { new_client(url); });
        check_growth(scheme + ", new, set, call, free", 100,
                     [&] { CHECK(call(new_client(url), account.username) == MBV_OK); });
        const auto client = new_client(url);
        check_growth(scheme + ", calls on one client", 300,
                     [&] { CHECK(call(client, account.username) == MBV_OK); });
        check_growth(scheme + ", a thread each", 200, [&] {
            std::thread([&] { CHECK(call(new_client(url), account.username) == MBV_OK); }).join();
        });
    }
}
