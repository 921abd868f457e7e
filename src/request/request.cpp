// SPDX-License-Identifier: MIT
#include "request/request.hpp"

#include <array>
#include <charconv>

#include <rapidjson/writer.h>

#include "text/json_memory.hpp"

namespace mobivate::request {
namespace {

// The body's size is rounded up to a multiple of this, so that the size of what is sent, which TLS does not
// hide, does not tell the password's.
constexpr std::size_t body_granularity = 256;

struct Counter {
    using Ch = char;
    void Put(char /*c*/) noexcept { ++size; }
    void pad(std::size_t count) noexcept { size += count; }
    void Flush() noexcept {}
    std::size_t size = 0;
};

struct Appender {
    using Ch = char;
    void Put(char c) noexcept { bytes.append(c); }
    void pad(std::size_t count) noexcept { bytes.append(count, ' '); }
    void Flush() noexcept {}
    secret::Buffer& bytes;
};

// The padding is JSON white space and stands in front: the last byte of the request is the brace without
// which no server can take the document for whole.
template <class Output>
void write_body(Output& out, const Credentials& credentials, std::size_t padding) {
    text::JsonScratch scratch;
    rapidjson::Writer<Output, rapidjson::UTF8<>, rapidjson::UTF8<>, text::JsonMemory> writer(
        out, &scratch.memory, 4);
    const auto size = [](std::string_view text) { return static_cast<rapidjson::SizeType>(text.size()); };
    writer.StartObject();
    out.pad(padding);
    writer.Key("username");
    writer.String(credentials.username.data(), size(credentials.username));
    writer.Key("password");
    writer.String(credentials.password.data(), size(credentials.password));
    writer.EndObject();
}

}  // namespace

bool build(const Call& call, const Endpoint& endpoint, std::string_view user_agent,
           const Credentials& credentials, secret::Buffer& bytes) {
    Counter counter;
    if (call.has_credentials) write_body(counter, credentials, 0);
    const std::size_t body_size = (counter.size + body_granularity - 1) / body_granularity * body_granularity;
    std::array<char, 24> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), body_size);
    const std::string_view length(digits.data(), static_cast<std::size_t>(written.ptr - digits.data()));

    const std::array<std::string_view, 12> head{
        call.method, " ", endpoint.path, call.resource, " HTTP/1.1\r\nHost: ", endpoint.host_header,
        "\r\nUser-Agent: ", user_agent,
        // Without Accept-Encoding a server may compress as it likes.
        "\r\nAccept: application/json\r\nAccept-Encoding: identity\r\nContent-Type: application/json\r\n",
        call.has_credentials ? "Content-Length: " : "Authorization: Bearer ",
        call.has_credentials ? length : credentials.key, "\r\n\r\n"};
    std::size_t head_size = 0;
    for (const std::string_view part : head) head_size += part.size();
    if (!bytes.reserve(head_size + body_size)) return false;
    for (const std::string_view part : head) bytes.append(part);
    if (call.has_credentials) {
        Appender appender{bytes};
        write_body(appender, credentials, body_size - counter.size);
    }
    return true;
}

}  // namespace mobivate::request
