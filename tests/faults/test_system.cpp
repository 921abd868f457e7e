// SPDX-License-Identifier: MIT
// Each allocation and each system call of a call fails once.
#include <malloc.h>

#include <cstdlib>
#include <filesystem>

#include "interpose.hpp"
#include "ledger.hpp"

using namespace service;

namespace {

// The scenarios whose every step is made to fail: how the server answers, and over what.
struct Setting {
    const char* name;
    const char* scheme;
    const char* scenario;
    Call call = Call::create_key;
};

// So deep that the parser needs memory of the heap.
const std::string nested =
    R"({"status":403,"body_text":")" + std::string(30000, '[') + std::string(30000, ']') + "\"}";

const Setting settings[] = {
    {"created, https", "https", "{}"},
    {"created, http", "http", "{}"},
    {"refused, http", "http", R"({"status":403,"body":{"code":403,"message":"{password} is wrong"}})"},
    {"nested, http", "http", nested.c_str()},
    {"https", "https", "{}", Call::get_key},
    {"http", "http", "{}", Call::get_key},
    {"refused, http", "http", R"({"status":403,"body":{"code":403,"message":"{password} is wrong"}})",
     Call::get_key},
    {"https", "https", "{}", Call::test_key},
    {"http", "http", "{}", Call::test_key},
    {"refused, http", "http", R"({"status":403,"body":{"code":403,"message":"{key} is wrong"}})",
     Call::test_key},
};

long descriptors() {
    long count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

// Bytes that are in use in the heap.
long in_use() {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<long>(info.uordblks + info.hblkhd);
}

// A TLS handshake makes thousands of allocations of its own: all of them are walked with MOBIVATE_WALK=full,
// else every 37th.
long step(long count) { return walk::full() ? 1 : walk::sparse(count < 1000 ? 1 : 37); }

bool in_the_table(std::int32_t status) {
    return std::string(mbv_status_name(status)) != "MBV_ERR_UNKNOWN" && status != MBV_ERR_INTERNAL;
}

// A whole life: a client is made and set up, calls, and is freed. `arm` starts the failing.
template <class Arm>
caller::Result live(const Setting& setting, const Account& account, Arm arm) {
    caller::Result result;
    char key[MBV_KEY_CAPACITY];
    // Only the library's own calls fail, and not what the test itself allocates.
    const std::string url = standin::fact(setting.scheme);
    const std::string ca_file = standin::fact("ca_file");
    arm();
    mbv_client* client = mbv_new();
    if (client == nullptr) {
        interpose::stop();
        result.status = MBV_ERR_NO_MEMORY;
        return result;
    }
    std::int32_t set = mbv_set(client, "base_url", url.c_str());
    if (set == MBV_OK) set = mbv_set(client, "ca_file", ca_file.c_str());
    if (set == MBV_OK) set = mbv_set(client, "proxy", "http://user:secret@127.0.0.1:1");
    if (set == MBV_OK) set = mbv_set(client, "proxy", "");
    // Where an event is lost with a failure, the call ends by this.
    if (set == MBV_OK) set = mbv_set(client, "timeout_ms", "1000");
    if (set != MBV_OK) {
        result.status = set;
    } else if (setting.call == Call::test_key) {
        result.status = mbv_test_key(client, account.old_key.data(), account.old_key.size());
    } else {
        result.status = (setting.call == Call::create_key ? mbv_create_key : mbv_get_key)(
            client, account.username.data(), account.username.size(), password.data(), password.size(), key,
            sizeof key, &result.key_size);
    }
    interpose::stop();
    result.key_state = mbv_key_state(client);
    result.error_message = caller::error_message(client);
    if (result.status == MBV_OK && setting.call != Call::test_key) result.key = key;
    // The same client then makes that call for another account.
    const Account other;
    set = mbv_set(client, "base_url", url.c_str()) | mbv_set(client, "ca_file", ca_file.c_str()) |
          mbv_set(client, "proxy", "") | mbv_set(client, "timeout_ms", "30000");
    CHECK(set == MBV_OK);
    const auto again = caller::make(setting.call, client, other.username, password, other.old_key);
    INFO(mbv_status_name(result.status) << ": " << result.error_message << " Then: " << again.error_message);
    CHECK(again.status == MBV_OK);
    mbv_free(client);
    return result;
}

void enter(const Setting& setting, const std::string& name, const Account& account,
           const caller::Result& result, const standin::Account& before) {
    walk::enter(name, setting.call, account.username, result, before, false);
    CHECK(in_the_table(result.status));
}

}  // namespace

TEST_CASE("each allocation fails, once and from there on") {
    for (const Setting& setting : settings) {
        CAPTURE(walk::class_name(setting.call, setting.name));
        if (std::string(setting.scheme) == "https" && !caller::on_openssl()) {
            MESSAGE("left out over TLS: GnuTLS, for one, crashes in libtasn1 where memory runs out");
            continue;
        }
        const Account account(scenario_for(setting.call, setting.scenario));
        live(setting, account, [] {});
        live(setting, account, [] { interpose::fail_allocation(0, false); });
        const long count = interpose::allocations();
        REQUIRE(count > 0);
        for (const bool all_after : {false, true}) {
            const std::string name =
                std::string("allocation, ") + (all_after ? "all after, " : "once, ") + setting.name;
            for (long nth = 1; nth <= count; nth += step(count)) {
                CAPTURE(nth);
                const auto before = account.truth();
                const long open_before = descriptors();
                const auto result =
                    live(setting, account, [&] { interpose::fail_allocation(nth, all_after); });
                enter(setting, name, account, result, before);
                const long left = descriptors() - open_before;
                walk::ledger()[walk::class_name(setting.call, name)].leaks += left > 0 ? 1 : 0;
                CHECK(left <= 0);
            }
        }
        // Twice the same failure: what the first left for good (caches, lists of errors) is there already.
        const auto churn = [&] {
            for (long nth = 1; nth <= count; nth += 5 * step(count))
                live(setting, account, [&] { interpose::fail_allocation(nth, false); });
        };
        churn();
        const long used = in_use();
        churn();
        const long grown = in_use() - used;
        walk::ledger()[walk::class_name(setting.call, std::string("allocation, once, ") + setting.name)]
            .leaks += grown > 4096 ? 1 : 0;
        MESSAGE(walk::class_name(setting.call, setting.name)
                << ": " << count << " allocations; the heap grew by " << grown << " bytes in a second round");
        CHECK(grown <= 4096);
    }
}

TEST_CASE("each system call fails with each of its errors") {
    for (const Setting& setting : settings) {
        CAPTURE(walk::class_name(setting.call, setting.name));
        const Account account(scenario_for(setting.call, setting.scenario));
        for (const interpose::SystemCall& call : interpose::system_calls()) {
            CAPTURE(std::string(call.name));
            live(setting, account, [&] { interpose::fail_system_call(call.name, 0, 0); });
            const long count = interpose::calls(call.name);
            const std::string name = std::string("system call, ") + call.name + ", " + setting.name;
            for (const int error : call.errors) {
                for (long nth = 1; nth <= count; ++nth) {
                    CAPTURE(nth);
                    CAPTURE(error);
                    const auto before = account.truth();
                    const long open_before = descriptors();
                    const auto result =
                        live(setting, account, [&] { interpose::fail_system_call(call.name, nth, error); });
                    enter(setting, name, account, result, before);
                    const long left = descriptors() - open_before;
                    walk::ledger()[walk::class_name(setting.call, name)].leaks += left > 0 ? 1 : 0;
                    CHECK(left <= 0);
                }
            }
        }
    }
}
