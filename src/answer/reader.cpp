// SPDX-License-Identifier: MIT
// RFC 9112 (HTTP/1.1), read leniently where that cannot change what an answer means: a lone LF ends a line,
// and fields that do not matter here may be malformed.
#include "answer/reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <limits>

#include <curl/curl.h>

#include "text/ascii.hpp"

namespace mobivate::answer {
namespace {

using text::equals_ignoring_case;
using text::trimmed;

// At first: for the head of any usual answer, and for the longest key, which so needs no memory to arrive.
constexpr std::size_t line_capacity = 8192;
constexpr std::size_t body_capacity = 16384;
// Of the line with a chunk's size this much is no head, or tiny chunks would use up its bound.
constexpr std::size_t free_chunk_line = 16;
// In a status line, behind "HTTP/1.1".
constexpr std::size_t blanks_at = 8;

// Calls `visit` with each element of a comma-separated list, empty ones included.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
    while (true) {
        const std::size_t comma = list.find(',');
        visit(trimmed(list.substr(0, comma)));
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

// Digits alone. A number beyond 64 bits is the largest one: no body gets that far.
bool parse_length(std::string_view digits, int base, std::uint64_t& value) noexcept {
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (parsed.ec == std::errc::invalid_argument || parsed.ptr != digits.data() + digits.size()) return false;
    if (parsed.ec == std::errc::result_out_of_range) value = std::numeric_limits<std::uint64_t>::max();
    return true;
}

// Only what begins with a day's name, as all three forms of a date do: curl_getdate takes far more for one.
std::optional<std::int64_t> parse_date(std::string_view value) noexcept {
    std::array<char, 64> date{};  // longer than any; curl_getdate wants a C string
    const char first = value.empty() ? '\0' : text::to_lower(value.front());
    if (first < 'a' || first > 'z' || value.size() >= date.size() ||
        value.find('\0') != std::string_view::npos)
        return std::nullopt;
    std::copy(value.begin(), value.end(), date.begin());
    const std::time_t seconds = curl_getdate(date.data(), nullptr);
    if (seconds == -1) return std::nullopt;
    return static_cast<std::int64_t>(seconds);
}

// RFC 9110, section 10.2.3: seconds, or a date.
RetryAfter parse_retry_after(std::string_view value) noexcept {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    std::uint64_t seconds = 0;
    if (parse_length(value, 10, seconds))
        return {RetryAfter::Kind::seconds, static_cast<std::int64_t>(std::min(seconds, most))};
    const auto date = parse_date(value);
    return date ? RetryAfter{RetryAfter::Kind::date, *date} : RetryAfter{RetryAfter::Kind::unusable, 0};
}

}  // namespace

bool Reader::prepare() noexcept {
    if (!line_.reserve(line_capacity) || !body_.reserve(body_capacity)) return false;
    head_size_ = 0;
    arrived_ = {};
    left_over_ = false;
    restart_head();
    return true;
}

void Reader::restart_head() noexcept {
    line_.set_size(0);
    in_line_ = pending_field_ = false;
    status_ = 0;
    code_at_ = blanks_at;
    remaining_ = 0;
    http_1_1_ = close_ = chunked_ = encoded_ = counted_ = bad_length_ = false;
    document_end_ = {};
    state_ = State::status_line;
}

Reader::Progress Reader::take(std::string_view bytes) noexcept {
    while (!bytes.empty() && state_ != State::ended) {
        const bool in_body = state_ == State::counted_body || state_ == State::body_until_end ||
                             state_ == State::chunk || state_ == State::doubtful_body;
        bytes.remove_prefix(in_body ? take_body(bytes) : take_line(bytes));
    }
    left_over_ = left_over_ || !bytes.empty();
    return state_ == State::ended ? Progress::ended : Progress::reading;
}

void Reader::take_end() noexcept {
    if (state_ == State::body_until_end) end_complete();
}

bool Reader::keeps_connection() const noexcept {
    return arrived_.complete && http_1_1_ && !close_ && !left_over_;
}

bool Reader::awaits_nothing_certain() const noexcept {
    if (state_ != State::doubtful_body) return false;
    // A key may be on its way: that is worth the wait.
    return status_ >= 300 || document_end_.hopeless();
}

std::size_t Reader::take_line(std::string_view bytes) noexcept {
    if (state_ == State::header && !in_line_ && pending_field_) {
        // RFC 9112, section 5.2: a line that begins with white space continues the field before it.
        if (!is_blank(bytes.front())) {
            read_field(line_.view());
            line_.set_size(0);
        }
        pending_field_ = false;
    }
    in_line_ = true;
    // Not a byte beyond the one that exceeds the bound, so that nothing depends on the pieces.
    const std::size_t free =
        state_ == State::chunk_size ? free_chunk_line - std::min(line_.size(), free_chunk_line) : 0;
    bytes = bytes.substr(0, head_limit - head_size_ + free + 1);
    const std::size_t newline = bytes.find('\n');
    const bool whole_line = newline != std::string_view::npos;
    const std::string_view part = bytes.substr(0, newline);
    const std::size_t taken = part.size() + (whole_line ? 1 : 0);
    if (state_ != State::chunk_end) head_size_ += taken - std::min(taken, free);
    if (line_.size() + part.size() > line_.capacity() && !line_.grow(head_limit + free_chunk_line + 1)) {
        end_with(Fault::no_memory);
        return taken;
    }
    line_.append(part);

    if (state_ == State::status_line) read_status(whole_line);
    if (state_ == State::chunk_end && !line_.view().empty() && line_.view() != "\r")
        end_with(Fault::bad_chunk);
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
    in_line_ = false;
    if (state_ == State::header && !line.empty()) {
        // What it says is known when the next line does not continue it.
        line_.set_size(line.size());
        pending_field_ = true;
        return;
    }
    switch (state_) {
        case State::status_line: state_ = State::header; break;
        case State::header: end_of_head(); break;
        case State::chunk_size: read_chunk_size(line); break;
        case State::chunk_end: state_ = State::chunk_size; break;
        default:  // a trailer field, or the empty line that ends them
            if (line.empty()) end_complete();
            break;
    }
    line_.set_size(0);
}

// The code counts as soon as the byte after its three digits is there, also when the line is cut later.
// Between version and code may be more than one blank, as RFC 9112, section 4, lets a recipient allow.
void Reader::read_status(bool whole_line) noexcept {
    constexpr std::string_view version = "HTTP/1.";
    constexpr std::size_t minor_at = version.size();
    const std::string_view line = line_.view();
    const std::size_t compared = std::min(line.size(), version.size());
    if (line.substr(0, compared) != version.substr(0, compared)) return end_with(Fault::not_http);
    if (status_ != 0) return;
    while (code_at_ < line.size() && is_blank(line[code_at_])) ++code_at_;
    const std::size_t code_end = code_at_ + 3;
    const std::string_view code = line.substr(std::min(code_at_, line.size()), 3);
    const bool delimited = line.size() <= code_end || is_blank(line[code_end]) || line[code_end] == '\r';
    if ((line.size() > minor_at && !text::is_digit(line[minor_at])) ||
        (line.size() > blanks_at && code_at_ == blanks_at) || !delimited ||
        !std::all_of(code.begin(), code.end(), text::is_digit) || (!code.empty() && code[0] == '0')) {
        return end_with(Fault::not_http);
    }
    if (line.size() < code_end || (line.size() == code_end && !whole_line)) {
        if (whole_line) end_with(Fault::not_http);
        return;
    }
    http_1_1_ = line[minor_at] != '0';
    status_ = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    if (status_ >= 200 || status_ == 101) {
        arrived_.http_status = status_;
    } else {
        arrived_.informational = true;
    }
}

void Reader::read_field(std::string_view line) noexcept {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || is_blank(line.front())) return;
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equals_ignoring_case(name, "content-length")) {
        for_each_element(value, [this](std::string_view element) {
            std::uint64_t length = 0;
            const bool valid = parse_length(element, 10, length);
            if (!valid || (counted_ && length != remaining_)) bad_length_ = true;
            remaining_ = length;
            counted_ = true;
        });
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
        for_each_element(value, [this](std::string_view element) {
            if (element.empty()) return;  // RFC 9110, section 5.6.1: it is as if it were not there
            encoded_ = true;
            chunked_ = equals_ignoring_case(element, "chunked");
        });
    } else if (equals_ignoring_case(name, "connection")) {
        for_each_element(value, [this](std::string_view element) {
            close_ = close_ || equals_ignoring_case(element, "close");
        });
    } else if (status_ >= 200 && !value.empty() && equals_ignoring_case(name, "retry-after")) {
        // Of a repeated field the first one counts.
        if (arrived_.retry_after.kind == RetryAfter::Kind::none)
            arrived_.retry_after = parse_retry_after(value);
    } else if (status_ >= 300 && equals_ignoring_case(name, "date")) {
        // What a date to retry at is measured by. A success has none, and libcurl takes thousands of
        // instructions to read one.
        if (!arrived_.date) arrived_.date = parse_date(value);
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
    } else if (encoded_ || !counted_) {
        close_ = true;
        state_ = State::body_until_end;
    } else if (bad_length_) {
        // RFC 9112, section 6.3: nobody can say where this answer ends. What has come of it is judged.
        arrived_.fault = Fault::bad_length;
        state_ = State::doubtful_body;
    } else if (remaining_ == 0) {
        end_complete();
    } else {
        state_ = State::counted_body;
    }
}

void Reader::read_chunk_size(std::string_view line) noexcept {
    const std::string_view digits = trimmed(line.substr(0, line.find(';')));
    if (!parse_length(digits, 16, remaining_)) return end_with(Fault::bad_chunk);
    state_ = remaining_ == 0 ? State::trailer : State::chunk;
}

std::size_t Reader::take_body(std::string_view bytes) noexcept {
    std::size_t wanted = bytes.size();
    if (state_ == State::counted_body || state_ == State::chunk)
        wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, remaining_));
    if (state_ == State::doubtful_body) wanted = document_end_.take(bytes);
    const std::size_t taken = std::min(wanted, body_limit - body_.size());
    append_to_body(bytes.substr(0, taken));
    if (state_ == State::ended) return taken;
    if (taken < wanted) {
        end_with(Fault::body_too_large);
    } else if (state_ == State::doubtful_body) {
        if (document_end_.reached()) state_ = State::ended;
    } else if (state_ != State::body_until_end) {
        remaining_ -= taken;
        if (remaining_ == 0 && state_ == State::chunk) {
            state_ = State::chunk_end;
        } else if (remaining_ == 0) {
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
