// SPDX-License-Identifier: MIT
// One request and its answer on an open connection.
#pragma once

#include <string_view>

#include "answer/judge.hpp"
#include "answer/reader.hpp"
#include "secret/buffer.hpp"
#include "transport/allowance.hpp"
#include "transport/channel.hpp"

namespace mobivate::transport {

// Says in `ending` that the call was given up, and that what it lacked is still missing.
void give_up(answer::Ending& ending, Status why, const Limits& limits, std::string_view missing) noexcept;

class Exchange {
public:
    // `incoming` is for bytes on their way to the reader.
    Exchange(Channel channel, const Allowance& allowance, std::string_view request, answer::Reader& reader,
             secret::Buffer& incoming) noexcept
        : channel_(channel), allowance_(allowance), request_(request), reader_(reader), incoming_(incoming) {}

    // Sends the request at most once, feeds the reader with what comes back, and says how it ended.
    void run(answer::Ending& ending) noexcept;

    // Whether the request went out whole and its answer came whole. Where they did not, nothing can be sent
    // on the connection any more.
    [[nodiscard]] bool whole() const noexcept { return whole_; }

private:
    enum class Received { something, nothing_yet, end, broken };

    Status go_on() noexcept;
    void send() noexcept;
    Received receive() noexcept;
    void read_what_has_arrived() noexcept;
    void tell_broken(answer::Ending& ending) const noexcept;

    Channel channel_;
    const Allowance& allowance_;
    std::string_view request_;
    answer::Reader& reader_;
    secret::Buffer& incoming_;
    CURLcode failure_ = CURLE_OK;
    bool sending_ = true;
    bool whole_ = false;
};

}  // namespace mobivate::transport
