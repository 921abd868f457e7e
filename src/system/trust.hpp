// SPDX-License-Identifier: MIT
// Systems that judge certificates themselves, instead of having a file or a directory of those to trust.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mobivate::system {

[[nodiscard]] bool judges_certificates() noexcept;

enum class Judgement {
    trusted,
    expired,
    no_issuer,
    untrusted_root,
    revoked,
    wrong_usage,
    bad_signature,
    refused,  // for any other reason
    no_memory,
};

// The system's judgement of one chain, whoever the server is. The system may look for what is missing on the
// network, and so take its time: it is asked on a thread of its own, which goes on by itself where nobody
// waits for it any more.
class Judging {
public:
    // The certificates that a server has sent, in DER, its own first. Throws std::bad_alloc.
    explicit Judging(std::vector<std::string> chain);

    // Nothing, where it is not there after `most_ms`.
    [[nodiscard]] std::optional<Judgement> wait(int most_ms) const noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace mobivate::system
