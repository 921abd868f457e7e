// SPDX-License-Identifier: MIT
//
// The rules of a call that revokes the old key, in order of weight. One that changes nothing leaves the key
// state unchanged, whatever comes back.
//
// 1. A request that cannot have reached the server as a whole has changed nothing, unless the server hands
//    over a key all the same.
// 2. A 2xx answer with a usable key in a whole JSON document has replaced the key, also when the rest of
//    the answer is missing or malformed: nothing that could follow the document takes the key back.
// 3. A 4xx answer with the API's own error in it has changed nothing: a whole JSON object with the member
//    "code" (an integer of 32 bits) or "message" (a string), and without "apiKey". Any other 4xx may come
//    from what stands between, after the service has made a key.
// 4. Everything else leaves a client unable to tell: any other 4xx, a 2xx without a usable key, a 5xx, an
//    answer that the API does not document, and no answer at all.
//
// The status says what the server said, if its answer got as far as that; else what ended the exchange. What
// follows the status line, or fails to, takes nothing from a 4xx or 5xx.
#include "answer/judge.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "answer/document.hpp"
#include "answer/redact.hpp"
#include "text/ascii.hpp"

namespace mobivate::answer {
namespace {

constexpr std::size_t quoted_limit = 300;

std::int64_t retry_after_ms(const Arrived& arrived, std::int64_t now) noexcept {
    constexpr std::int64_t most_seconds = std::numeric_limits<std::int64_t>::max() / 1000;
    std::int64_t seconds = arrived.retry_after.value;
    switch (arrived.retry_after.kind) {
        case RetryAfter::Kind::seconds: break;
        // No overflow: years that fit an int are far from the ends of 64 bits.
        case RetryAfter::Kind::date: seconds -= arrived.date.value_or(now); break;
        default: return -1;
    }
    return std::clamp<std::int64_t>(seconds, 0, most_seconds) * 1000;
}

Status status_of_code(int http_status) noexcept {
    if (http_status == 401) return Status::credentials;
    if (http_status == 429) return Status::rate_limited;
    if (http_status >= 400 && http_status < 500) return Status::rejected;
    if (http_status >= 500 && http_status < 600) return Status::server;
    return Status::protocol;
}

KeyState state_without_answer(const Call& call, const Ending& ending) noexcept {
    return call.revokes_old_key && ending.request_sent ? KeyState::unknown : KeyState::unchanged;
}

std::string_view subject(const Call& call, Status status) noexcept {
    switch (status) {
        case Status::credentials: return call.refusal;
        case Status::rate_limited: return "The server asks to slow down";
        case Status::rejected: return "The server refused the request";
        case Status::server: return "The server failed";
        default: return "The server's answer is not one that the API documents";
    }
}

std::string_view fault_in_words(Fault fault) noexcept {
    switch (fault) {
        case Fault::not_http: return "The answer is not HTTP/1.1";
        case Fault::head_too_large: return "The head of the answer is larger than 65536 bytes";
        case Fault::body_too_large: return "The body of the answer is larger than 65536 bytes";
        case Fault::no_memory: return "There was no memory for the server's answer";
        case Fault::bad_length: return "The answer's length is invalid, or is told twice and differs";
        default: return "The answer's chunks are malformed";
    }
}

Status status_of_fault(Fault fault) noexcept {
    return fault == Fault::no_memory ? Status::no_memory : Status::protocol;
}

// A status code has not arrived.
void judge_nothing(Verdict& verdict, const Call& call, const Arrived& arrived,
                   const Ending& ending) noexcept {
    verdict.key_state = state_without_answer(call, ending);
    if (arrived.fault != Fault::none) {
        verdict.status = status_of_fault(arrived.fault);
        verdict.what << fault_in_words(arrived.fault) << ".";
    } else if (arrived.informational && ending.status == Status::transport && ending.request_sent) {
        verdict.status = Status::protocol;
        verdict.what << "The server sent an interim answer (1xx) and then no final one.";
    } else {
        verdict.status = ending.status;
        verdict.what = ending.what;
    }
}

void judge_refusal(Verdict& verdict, const Call& call, const Arrived& arrived, const Ending& ending,
                   const Document& document) noexcept {
    const bool client_error = verdict.http_status >= 400 && verdict.http_status < 500;
    const bool from_the_api = client_error && document.is_error;
    verdict.key_state = from_the_api ? KeyState::unchanged : state_without_answer(call, ending);
    verdict.status = status_of_code(verdict.http_status);
    const bool undocumented = verdict.status == Status::protocol;
    if (arrived.fault == Fault::no_memory) verdict.status = Status::no_memory;
    if (arrived.fault != Fault::none && (undocumented || arrived.fault == Fault::no_memory)) {
        verdict.what << fault_in_words(arrived.fault);
    } else {
        verdict.what << subject(call, verdict.status);
    }
    verdict.what << " (HTTP " << verdict.http_status << ")";
    if (verdict.server_message.empty()) {
        verdict.what << ".";
    } else {
        (verdict.what << ": ").quote(verdict.server_message, quoted_limit);
        const char last = verdict.what.view().back();
        if (last != '.' && last != '!' && last != '?') verdict.what << ".";
    }
    if (client_error && verdict.key_state == KeyState::unknown)
        verdict.what << " It came without the API's own error, so a proxy or a firewall may have sent it.";
}

void judge_success(Verdict& verdict, const Call& call, const Arrived& arrived, const Ending& ending,
                   const Document& document) noexcept {
    if (!call.hands_over_key) {
        verdict.status = Status::ok;
        return;
    }
    if (!document.api_key.empty()) {
        verdict.status = Status::ok;
        verdict.key_state = call.revokes_old_key ? KeyState::replaced : KeyState::unchanged;
        verdict.key = document.api_key;
        return;
    }
    verdict.key_state = state_without_answer(call, ending);
    if (arrived.fault == Fault::none && !arrived.complete) {
        verdict.status = ending.status;
        verdict.what = ending.what;
        return;
    }
    verdict.status = status_of_fault(arrived.fault);
    if (arrived.fault != Fault::none) {
        verdict.what << fault_in_words(arrived.fault) << ".";
    } else if (!document.is_object) {
        verdict.what << "The server's answer (HTTP " << verdict.http_status << ") is not a JSON object.";
    } else {
        verdict.what << "The server's answer (HTTP " << verdict.http_status << ") has no usable \"apiKey\".";
    }
}

}  // namespace

Verdict judge(const Call& call, const Arrived& arrived, secret::Buffer& body, const Ending& ending,
              std::string_view secret, std::int64_t now) noexcept {
    Verdict verdict;
    verdict.http_status = arrived.http_status;
    if (arrived.http_status == 0) {
        judge_nothing(verdict, call, arrived, ending);
        return verdict;
    }
    verdict.retry_after_ms = retry_after_ms(arrived, now);
    const bool success = arrived.http_status >= 200 && arrived.http_status < 300;
    Document document;
    bool out_of_memory = false;
    try {
        document = parse_document(body);
        const bool succeeded = success && (!call.hands_over_key || !document.api_key.empty());
        if (!succeeded) {
            verdict.server_code = document.code;
            verdict.server_message =
                redact(body.data() + (document.message.empty() ? 0 : document.message.data() - body.data()),
                       document.message.size(), secret, document.any_api_key);
        }
    } catch (const std::bad_alloc&) {
        out_of_memory = true;
    }
    if (success) {
        judge_success(verdict, call, arrived, ending, document);
    } else {
        judge_refusal(verdict, call, arrived, ending, document);
    }
    if (out_of_memory && verdict.status != Status::ok) {
        verdict.status = Status::no_memory;
        verdict.what.clear();
        verdict.what << "There was no memory to read the server's answer (HTTP " << verdict.http_status
                     << ").";
    }
    return verdict;
}

}  // namespace mobivate::answer
