// SPDX-License-Identifier: MIT
// What a walk through failures has found, class by class.
#pragma once

#include <cstdio>
#include <map>
#include <string>

#include "integration/service.hpp"

namespace walk {

struct Entry {
    long cases = 0;
    long wrong = 0;     // claims that the stand-in's truth contradicts
    long vague = 0;     // claims of unknown that a client could have decided
    long requests = 0;  // requests beyond one
    long leaks = 0;
    double slowest_cancel_ms = 0;
};

inline std::map<std::string, Entry>& ledger() {
    static std::map<std::string, Entry> entries;
    return entries;
}

inline void print_ledger() {
    std::printf("\n%-44s %8s %6s %6s %9s %6s %15s\n", "class", "cases", "wrong", "vague", "requests", "leaks",
                "slowest cancel");
    Entry total;
    for (const auto& [name, entry] : ledger()) {
        std::printf("%-44s %8ld %6ld %6ld %9ld %6ld", name.c_str(), entry.cases, entry.wrong, entry.vague,
                    entry.requests, entry.leaks);
        if (entry.slowest_cancel_ms > 0) std::printf(" %12.2f ms", entry.slowest_cancel_ms);
        std::printf("\n");
        total.cases += entry.cases;
    }
    std::printf("%-44s %8ld\n", "all", total.cases);
}

// Waits until the stand-in knows how the call has ended. Where an answer began, it has known before.
inline void settle(const caller::Result& result, const std::string& scheme) {
    if (result.status != MBV_OK && result.http_status == 0) standin::await_quiet(scheme.c_str());
}

// Enters one case. `decidable`: what reached the client was enough to know, so unknown would be too vague.
inline void enter(const std::string& name, const caller::Result& result, const std::string& old_key,
                  const standin::Account& truth, int requests_before, bool decidable) {
    Entry& entry = ledger()[name];
    ++entry.cases;
    const bool wrong =
        (result.key_state == MBV_KEY_UNCHANGED && truth.valid_key != old_key) ||
        (result.key_state == MBV_KEY_REPLACED && (truth.valid_key != result.key || result.key.empty())) ||
        ((result.status == MBV_OK) != (result.key_state == MBV_KEY_REPLACED));
    const bool vague = decidable && result.key_state == MBV_KEY_UNKNOWN;
    const bool more = truth.requests - requests_before > 1;
    entry.wrong += wrong ? 1 : 0;
    entry.vague += vague ? 1 : 0;
    entry.requests += more ? 1 : 0;
    INFO(name << ": " << std::string(mbv_status_name(result.status)) << ", state " << result.key_state << ", "
              << result.error_message);
    CHECK_FALSE(wrong);
    CHECK_FALSE(vague);
    CHECK_FALSE(more);
}

}  // namespace walk
