// SPDX-License-Identifier: MIT
// Reads one HTTP/1.1 answer, byte by byte as it arrives, into bounded memory that is wiped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "secret/buffer.hpp"

namespace mobivate::answer {

// How an answer breaks the rules of HTTP/1.1 or the bounds of this library.
enum class Fault { none, not_http, head_too_large, body_too_large, bad_chunk, no_memory };

// A field value that is short where it is legitimate; longer ones are cut, and then parse as nothing.
class FieldValue {
public:
    static constexpr std::size_t capacity = 64;

    void assign(std::string_view value) noexcept;
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, capacity> bytes_{};
    std::size_t size_ = 0;
};

// What has arrived of an answer that matters to judging it.
struct Arrived {
    int http_status = 0;         // 0 until the final status code is known
    bool informational = false;  // a 1xx answer came first
    bool bytes = false;          // anything came at all
    bool complete = false;       // the whole answer, by its own framing
    bool ends_with_connection = false;
    Fault fault = Fault::none;
    FieldValue retry_after;
    FieldValue date;
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

    secret::Buffer line_;
    secret::Buffer body_;
    Arrived arrived_;
    State state_ = State::status_line;
    std::size_t head_size_ = 0;
    std::uint64_t remaining_ = 0;  // of the body or of the chunk
    int status_ = 0;               // of the head being read, 1xx included
    bool http_1_1_ = false;
    bool close_ = false;
    bool chunked_ = false;
    bool encoded_ = false;  // a Transfer-Encoding field was there
    bool counted_ = false;
    bool doubtful_length_ = false;
    bool left_over_ = false;
};

}  // namespace mobivate::answer
