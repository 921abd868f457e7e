// SPDX-License-Identifier: MIT
// What a walk through failures has found, class by class.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "integration/service.hpp"

namespace walk {

using namespace service;

struct Entry {
    long cases = 0;
    long wrong = 0;     // claims that the stand-in's truth contradicts
    long vague = 0;     // claims of unknown that a client could have decided
    long requests = 0;  // requests beyond one
    long leaks = 0;
    long unknown = 0;  // outcomes of mbv_create_key that no client could know
    long settled = 0;  // by mbv_get_key and mbv_test_key afterwards
    long no_key = 0;   // where the account has what no key is: nobody can ask for that
    double slowest_cancel_ms = 0;
};

// Everything there is, however long it takes; else where that would be too much every nth of it.
inline bool asked_for(const std::string& walk) {
    const char* said = std::getenv("MOBIVATE_WALK");
    return said != nullptr && said == walk;
}
inline bool full() { return asked_for("full"); }

// Less than usual, where the same is walked with many libcurls: each so many'th.
inline int sparse(int step, int times = 8) { return asked_for("sample") ? step * times : step; }

inline std::map<std::string, Entry>& ledger() {
    static std::map<std::string, Entry> entries;
    return entries;
}

inline std::string class_name(Call call, const std::string& name) {
    return call == Call::create_key ? name : caller::name_of(call) + ", " + name;
}

inline void print_ledger() {
    std::printf("\n%-54s %8s %6s %6s %9s %6s %8s %8s %15s\n", "class", "cases", "wrong", "vague", "requests",
                "leaks", "unknown", "settled", "slowest cancel");
    const auto print = [](const std::string& name, const Entry& entry) {
        std::printf("%-54s %8ld %6ld %6ld %9ld %6ld %8ld %8ld", name.c_str(), entry.cases, entry.wrong,
                    entry.vague, entry.requests, entry.leaks, entry.unknown, entry.settled);
        if (entry.slowest_cancel_ms > 0) std::printf(" %12.2f ms", entry.slowest_cancel_ms);
        std::printf("\n");
    };
    Entry all;
    for (const auto& [name, entry] : ledger()) {
        print(name, entry);
        all.cases += entry.cases;
        all.wrong += entry.wrong;
        all.vague += entry.vague;
        all.requests += entry.requests;
        all.leaks += entry.leaks;
        all.unknown += entry.unknown;
        all.settled += entry.settled;
        all.no_key += entry.no_key;
        all.slowest_cancel_ms = std::max(all.slowest_cancel_ms, entry.slowest_cancel_ms);
    }
    print("all", all);
    std::printf("unknown outcomes settled by mbv_get_key: %ld of %ld", all.settled, all.unknown);
    if (all.no_key > 0) std::printf(" (and %ld where the account has a \"key\" that is none)", all.no_key);
    std::printf("\n");
}

// Waits until the stand-in knows how the call has ended. Where an answer began, it has known before.
inline void await_truth(const caller::Result& result, const std::string& scheme) {
    if (result.status != MBV_OK && result.http_status == 0) standin::await_quiet(scheme.c_str());
}

inline bool is_key(const std::string& text) {
    return !text.empty() && text.size() < caller::any_key &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// What a caller does after an unknown outcome, with the fault removed: asks for the key, and tests it and the
// one of before. True: what it is told is the truth.
inline bool settles(const std::string& username, const std::string& old_key, const standin::Account& truth) {
    const auto client = client_for(standin::fact("http"));
    const auto got = caller::get_key(client.get(), username, password, caller::any_key);
    const auto tested = caller::test_key(client.get(), truth.valid_key);
    const bool old_is_key = is_key(old_key);
    const std::int32_t old_tested = old_is_key ? caller::test_key(client.get(), old_key).status : MBV_OK;
    INFO("settling: " << std::string(mbv_status_name(got.status)) << ", " << got.error_message << ", "
                      << std::string(mbv_status_name(tested.status)) << ", "
                      << std::string(mbv_status_name(old_tested)));
    const bool settled =
        got.status == MBV_OK && got.key == truth.valid_key && tested.status == MBV_OK &&
        (!old_is_key || old_tested == (old_key == truth.valid_key ? MBV_OK : MBV_ERR_CREDENTIALS));
    CHECK(settled);
    return settled;
}

// Enters one call about an account, and returns the truth after it. `before` is the truth before it.
// `decidable`: what reached the client was enough to know, so anything else would be too vague. Unless told
// otherwise the key that is tested is the account's.
inline standin::Account enter(const std::string& name, Call call, const std::string& username,
                              const caller::Result& result, const standin::Account& before, bool decidable,
                              bool tested_is_valid = true) {
    const standin::Account truth = standin::account(username);
    const bool creates = call == Call::create_key;
    Entry& entry = ledger()[class_name(call, name)];
    ++entry.cases;
    const bool changed = truth.valid_key != before.valid_key || truth.replaced != before.replaced;
    const bool ok = result.status == MBV_OK;
    const bool refused = result.status <= MBV_ERR_CREDENTIALS && result.status >= MBV_ERR_REJECTED;
    bool wrong = false;
    if (creates) {
        wrong =
            (result.key_state == MBV_KEY_UNCHANGED && changed) ||
            (result.key_state == MBV_KEY_REPLACED && (truth.valid_key != result.key || result.key.empty())) ||
            (ok != (result.key_state == MBV_KEY_REPLACED));
    } else {
        const bool has_key = call == Call::get_key && ok;
        wrong = changed || result.key_state != MBV_KEY_UNCHANGED ||
                result.key != (has_key ? truth.valid_key : "") ||
                (call == Call::test_key && ok && !tested_is_valid);
    }
    const bool vague = decidable && (creates ? result.key_state == MBV_KEY_UNKNOWN : !ok && !refused);
    int more = requests_of(call, truth) - requests_of(call, before) > 1 ? 1 : 0;
    for (const Call other : all_calls)
        more += other != call && requests_of(other, truth) != requests_of(other, before) ? 1 : 0;
    entry.wrong += wrong ? 1 : 0;
    entry.vague += vague ? 1 : 0;
    entry.requests += more;
    INFO(name << ", " << caller::name_of(call) << ": " << std::string(mbv_status_name(result.status))
              << ", state " << result.key_state << ", " << result.error_message);
    CHECK_FALSE(wrong);
    CHECK_FALSE(vague);
    CHECK(more == 0);
    if (!creates || result.key_state != MBV_KEY_UNKNOWN) return truth;
    if (!is_key(truth.valid_key)) {
        ++entry.no_key;
        const auto got = caller::get_key(http_client().get(), username, password, caller::any_key);
        CHECK(got.status == MBV_ERR_PROTOCOL);
        return standin::account(username);
    }
    ++entry.unknown;
    entry.settled += settles(username, before.valid_key, truth) ? 1 : 0;
    return standin::account(username);
}

}  // namespace walk
