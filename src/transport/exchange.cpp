// SPDX-License-Identifier: MIT
#include "transport/exchange.hpp"

#include "transport/failure.hpp"

namespace mobivate::transport {
namespace {

// A call that is given up reads what has arrived. The reader bounds its bytes; this bounds how small the
// pieces may be that they come in, so that a peer cannot make the end of the call last.
constexpr int most_last_reads = 1024;

}  // namespace

void give_up(answer::Ending& ending, Status why, const Limits& limits, std::string_view missing) noexcept {
    ending.status = why;
    if (why == Status::cancelled) {
        ending.what << "The call was cancelled.";
    } else {
        ending.what << "timeout_ms (" << limits.whole.count() << " ms) passed before " << missing << ".";
    }
}

void Exchange::run(answer::Ending& ending) noexcept {
    const Status end = go_on();
    ending.request_sent = !sending_;
    if (end == Status::transport) {
        tell_broken(ending);
    } else if (end != Status::ok) {
        give_up(ending, end, allowance_.limits(),
                ending.request_sent ? "the answer was there" : "the request was sent");
    }
    whole_ = end == Status::ok && ending.request_sent && reader_.arrived().complete;
    // Whatever ended it: a part of the request that a TLS library still holds must not follow the rest when
    // that library says goodbye.
    if (!whole_) channel_.cut();
}

// The answer may begin before the request has ended: a server may refuse it on sight.
Status Exchange::go_on() noexcept {
    bool readable = false;
    for (;;) {
        if (const Status over = allowance_.over(); over != Status::ok) {
            read_what_has_arrived();
            return reader_.arrived().complete ? Status::ok : over;
        }
        if (sending_ && failure_ == CURLE_OK) send();
        // The system may have an answer that came before the connection broke.
        if (readable || failure_ != CURLE_OK) {
            const Received received = receive();
            if (received == Received::end) return Status::ok;
            if (received == Received::something) continue;
            if (received == Received::broken || failure_ != CURLE_OK) return Status::transport;
        }
        readable = channel_.wait(sending_ && failure_ == CURLE_OK, allowance_.remaining_ms());
    }
}

void Exchange::send() noexcept {
    std::size_t sent = 0;
    const CURLcode code = channel_.send(request_, sent);
    if (code == CURLE_OK) {
        request_.remove_prefix(sent);
        sending_ = !request_.empty();
    } else if (code != CURLE_AGAIN) {
        failure_ = code;
    }
}

Exchange::Received Exchange::receive() noexcept {
    const CURLcode code = channel_.receive(incoming_);
    if (code == CURLE_AGAIN) return Received::nothing_yet;
    if (code != CURLE_OK || incoming_.size() == 0) {
        if (code == CURLE_OK) reader_.take_end();
        if (reader_.arrived().complete) return Received::end;
        if (code != CURLE_OK) failure_ = code;
        return Received::broken;
    }
    const bool ended = reader_.take(incoming_.view()) == answer::Reader::Progress::ended;
    incoming_.clear();
    return ended ? Received::end : Received::something;
}

void Exchange::read_what_has_arrived() noexcept {
    for (int reads = 0; reads < most_last_reads && receive() == Received::something; ++reads) {
    }
}

void Exchange::tell_broken(answer::Ending& ending) const noexcept {
    ending.status = Status::transport;
    // The system had taken the request, but the connection ended before it could send all of it.
    if (ending.request_sent && channel_.kept_bytes_back()) ending.request_sent = false;
    ending.what << (ending.request_sent
                        ? "The connection broke after the request was sent, before the answer was there"
                        : "The connection broke before the whole request was sent");
    if (failure_ != CURLE_OK) {
        ending.what << ": ";
        tell_code(ending.what, failure_);
    }
    ending.what << ".";
}

}  // namespace mobivate::transport
