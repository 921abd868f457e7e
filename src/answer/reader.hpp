// SPDX-License-Identifier: MIT
// Reads one HTTP/1.1 answer, byte by byte as it arrives, into bounded memory that is wiped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "answer/document_end.hpp"
#include "secret/buffer.hpp"

namespace mobivate::answer {

// How an answer breaks the rules of HTTP/1.1 or the bounds of this library.
enum class Fault { none, not_http, head_too_large, body_too_large, bad_chunk, bad_length, no_memory };

// What the field Retry-After asks for.
struct RetryAfter {
    enum class Kind { none, unusable, seconds, date };
    Kind kind = Kind::none;
    std::int64_t value = 0;  // seconds from now on, never negative; or since 1970
};

// What has arrived of an answer that matters to judging it.
struct Arrived {
    int http_status = 0;         // 0 until the final status code is known
    bool informational = false;  // a 1xx answer came first
    bool complete = false;       // the whole answer, by its own framing
    Fault fault = Fault::none;
    RetryAfter retry_after;
    std::optional<std::int64_t> date;  // seconds since 1970
};

class Reader {
public:
    static constexpr std::size_t head_limit = 65536;
    static constexpr std::size_t body_limit = 65536;

    // Forgets and wipes what it read before. False when out of memory.
    [[nodiscard]] bool prepare() noexcept;

    enum class Progress { reading, ended };  // ended: no further byte can matter
    Progress take(std::string_view bytes) noexcept;

    // The peer has closed the connection in an orderly way: that ends an answer without a length.
    void take_end() noexcept;

    [[nodiscard]] const Arrived& arrived() const noexcept { return arrived_; }
    [[nodiscard]] secret::Buffer& body() noexcept { return body_; }

    // Nobody can say where this answer ends, and nothing that may still come is worth a wait: when no more
    // bytes are there, what is there is to be judged.
    [[nodiscard]] bool awaits_nothing_certain() const noexcept;

    // Another request may follow on the same connection.
    [[nodiscard]] bool keeps_connection() const noexcept;

    // Wipes the lines that were read; the body stays until the next prepare().
    void wipe_lines() noexcept { line_.clear(); }

private:
    enum class State {
        status_line,
        header,
        counted_body,
        body_until_end,
        doubtful_body,
        chunk_size,
        chunk,
        chunk_end,
        trailer,
        ended
    };

    std::size_t take_line(std::string_view bytes) noexcept;
    std::size_t take_body(std::string_view bytes) noexcept;
    void append_to_body(std::string_view bytes) noexcept;
    void end_of_line() noexcept;
    void read_status(bool whole_line) noexcept;
    void read_field(std::string_view line) noexcept;
    void read_chunk_size(std::string_view line) noexcept;
    void end_of_head() noexcept;
    void end_with(Fault fault) noexcept;
    void end_complete() noexcept;
    void restart_head() noexcept;

    secret::Buffer line_;  // of a field's lines, all so far
    secret::Buffer body_;
    Arrived arrived_;
    State state_ = State::status_line;
    std::size_t head_size_ = 0;
    std::uint64_t remaining_ = 0;  // of the body or of the chunk
    int status_ = 0;               // of the head being read, 1xx included
    std::size_t code_at_ = 0;      // where it stands in its line, as far as that has come
    bool http_1_1_ = false;
    bool close_ = false;
    bool chunked_ = false;
    bool encoded_ = false;        // by any transfer coding
    bool counted_ = false;        // a Content-Length field was there
    bool bad_length_ = false;     // it is no number, or contradicts another one
    bool in_line_ = false;        // its first byte has come
    bool pending_field_ = false;  // the next line may continue it
    DocumentEnd document_end_;
    bool left_over_ = false;
};

}  // namespace mobivate::answer
