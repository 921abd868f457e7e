// SPDX-License-Identifier: MIT
// RFC 9112 (HTTP/1.1), read leniently where that cannot change what an answer means: a lone LF ends a line,
// and fields that do not matter here may be malformed.
#include "answer/reader.hpp"

#include <algorithm>
#include <charconv>

#include "text/ascii.hpp"

namespace mobivate::answer {
namespace {

using text::equals_ignoring_case;
using text::trimmed;

constexpr std::size_t line_capacity = 8192;  // of a longer line the rest is passed over
// At first: enough for the longest key, so that a key needs no memory when it arrives.
constexpr std::size_t body_capacity = 16384;

// Calls `visit` with each element of a comma-separated list.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
    while (true) {
        const std::size_t comma = list.find(',');
        visit(trimmed(list.substr(0, comma)));
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

bool parse_length(std::string_view digits, int base, std::uint64_t& value) noexcept {
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    return parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
}

}  // namespace

void FieldValue::assign(std::string_view value) noexcept {
    if (size_ > 0) return;  // of a repeated field the first one counts
    size_ = std::min(value.size(), bytes_.size());
    std::copy_n(value.data(), size_, bytes_.data());
}

bool Reader::prepare() noexcept {
    if (!line_.reserve(line_capacity) || !body_.reserve(body_capacity)) return false;
    head_size_ = 0;
    arrived_ = {};
    left_over_ = false;
    state_ = State::status_line;
    restart_head();
    return true;
}

void Reader::restart_head() noexcept {
    line_.set_size(0);
    status_ = 0;
    remaining_ = 0;
    http_1_1_ = close_ = chunked_ = encoded_ = counted_ = doubtful_length_ = false;
    state_ = State::status_line;
}

Reader::Progress Reader::take(std::string_view bytes) noexcept {
    arrived_.bytes = arrived_.bytes || !bytes.empty();
    while (!bytes.empty() && state_ != State::ended) {
        const bool in_body =
            state_ == State::counted_body || state_ == State::body_until_end || state_ == State::chunk;
        bytes.remove_prefix(in_body ? take_body(bytes) : take_line(bytes));
    }
    left_over_ = left_over_ || !bytes.empty();
    return state_ == State::ended ? Progress::ended : Progress::reading;
}

void Reader::take_end() noexcept {
    if (state_ == State::body_until_end) end_complete();
}

bool Reader::keeps_connection() const noexcept {
    return arrived_.complete && http_1_1_ && !close_ && !arrived_.ends_with_connection && !left_over_;
}

std::size_t Reader::take_line(std::string_view bytes) noexcept {
    const std::size_t newline = bytes.find('\n');
    const bool whole_line = newline != std::string_view::npos;
    const std::string_view part = bytes.substr(0, newline);
    // The digits of a chunk's size are no head: tiny chunks must not use up its bound.
    const bool counts =
        state_ != State::chunk_end && (state_ != State::chunk_size || line_.size() + part.size() > 16);
    if (counts) head_size_ += part.size() + 1;
    line_.append(part);
    const std::size_t taken = whole_line ? newline + 1 : bytes.size();

    if (state_ == State::status_line) read_status(whole_line);
    if (state_ == State::ended) return taken;
    if (head_size_ > head_limit) {
        end_with(Fault::head_too_large);
    } else if (whole_line) {
        end_of_line();
    }
    return taken;
}

void Reader::end_of_line() noexcept {
    std::string_view line = line_.view();
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    switch (state_) {
        case State::status_line: state_ = State::header; break;
        case State::header:
            if (line.empty()) {
                end_of_head();
            } else {
                read_field(line);
            }
            break;
        case State::chunk_size: read_chunk_size(line); break;
        case State::chunk_end:
            if (line.empty()) {
                state_ = State::chunk_size;
            } else {
                end_with(Fault::bad_chunk);
            }
            break;
        default:  // a trailer field, or the empty line that ends them
            if (line.empty()) end_complete();
            break;
    }
    line_.set_size(0);
}

// The code counts as soon as the byte after its three digits is there, also when the line is cut later.
void Reader::read_status(bool whole_line) noexcept {
    constexpr std::string_view version = "HTTP/1.";
    const std::string_view line = line_.view();
    const std::size_t compared = std::min(line.size(), version.size());
    if (line.substr(0, compared) != version.substr(0, compared)) return end_with(Fault::not_http);
    if (status_ != 0) return;
    constexpr std::size_t code_at = 9;
    constexpr std::size_t code_end = 12;
    if (line.size() < code_end || (line.size() == code_end && !whole_line)) {
        if (whole_line) end_with(Fault::not_http);
        return;
    }
    std::uint64_t code = 0;
    const bool delimited = line.size() == code_end || line[code_end] == ' ' || line[code_end] == '\r';
    if (!text::is_digit(line[7]) || line[8] != ' ' || !delimited ||
        !parse_length(line.substr(code_at, code_end - code_at), 10, code) || code < 100) {
        return end_with(Fault::not_http);
    }
    http_1_1_ = line[7] != '0';
    status_ = static_cast<int>(code);
    if (status_ >= 200 || status_ == 101) {
        arrived_.http_status = status_;
    } else {
        arrived_.informational = true;
    }
}

void Reader::read_field(std::string_view line) noexcept {
    const std::size_t colon = line.find(':');
    // A line that starts with white space continues the field before it: none that matters here.
    if (colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t') return;
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equals_ignoring_case(name, "content-length")) {
        for_each_element(value, [this](std::string_view element) {
            std::uint64_t length = 0;
            const bool valid = parse_length(element, 10, length);
            if (!valid || (counted_ && length != remaining_)) doubtful_length_ = true;
            remaining_ = length;
            counted_ = true;
        });
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
        encoded_ = true;
        for_each_element(
            value, [this](std::string_view element) { chunked_ = equals_ignoring_case(element, "chunked"); });
    } else if (equals_ignoring_case(name, "connection")) {
        for_each_element(value, [this](std::string_view element) {
            close_ = close_ || equals_ignoring_case(element, "close");
        });
    } else if (status_ >= 200 && equals_ignoring_case(name, "retry-after")) {
        arrived_.retry_after.assign(value);
    } else if (status_ >= 200 && equals_ignoring_case(name, "date")) {
        arrived_.date.assign(value);
    }
}

void Reader::end_of_head() noexcept {
    if (arrived_.http_status == 0) return restart_head();
    if (status_ == 101 || status_ == 204 || status_ == 304) {
        close_ = true;  // a body that comes all the same must not be taken for the next answer
        return end_complete();
    }
    if (chunked_) {
        close_ = close_ || counted_;  // RFC 9112, section 6.1: both fields together are suspect
        state_ = State::chunk_size;
    } else if (encoded_ || !counted_ || doubtful_length_) {
        arrived_.ends_with_connection = true;
        state_ = State::body_until_end;
    } else if (remaining_ > body_limit) {
        end_with(Fault::body_too_large);
    } else if (remaining_ == 0) {
        end_complete();
    } else {
        state_ = State::counted_body;
    }
}

void Reader::read_chunk_size(std::string_view line) noexcept {
    const std::string_view digits = trimmed(line.substr(0, line.find(';')));
    if (!parse_length(digits, 16, remaining_)) return end_with(Fault::bad_chunk);
    if (remaining_ == 0) {
        state_ = State::trailer;
    } else if (remaining_ > body_limit - body_.size()) {
        end_with(Fault::body_too_large);
    } else {
        state_ = State::chunk;
    }
}

std::size_t Reader::take_body(std::string_view bytes) noexcept {
    if (state_ == State::body_until_end) {
        const std::size_t taken = std::min(bytes.size(), body_limit - body_.size());
        append_to_body(bytes.substr(0, taken));
        if (taken < bytes.size()) end_with(Fault::body_too_large);
        return taken;
    }
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), remaining_));
    append_to_body(bytes.substr(0, taken));
    remaining_ -= taken;
    if (remaining_ == 0 && state_ != State::ended) {
        if (state_ == State::chunk) {
            state_ = State::chunk_end;
        } else {
            end_complete();
        }
    }
    return taken;
}

void Reader::append_to_body(std::string_view bytes) noexcept {
    // One byte more: the body is parsed in place, and the parser wants a NUL behind it.
    const std::size_t needed = body_.size() + bytes.size() + 1;
    if (needed > body_.capacity() && !body_.grow(body_limit + 1)) return end_with(Fault::no_memory);
    body_.append(bytes);
}

void Reader::end_with(Fault fault) noexcept {
    arrived_.fault = fault;
    state_ = State::ended;
}

void Reader::end_complete() noexcept {
    arrived_.complete = true;
    state_ = State::ended;
}

}  // namespace mobivate::answer
