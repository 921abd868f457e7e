// SPDX-License-Identifier: MIT
// Options, and what they make of a request. An input is one option a line, as NAME=VALUE.
#include <algorithm>
#include <cstdint>
#include <string>

#include "claim.hpp"
#include "client/options.hpp"
#include "request/request.hpp"

using fuzz::claim;

namespace {

struct Seen {
    std::string origin, host_header, path, ca_file, ca_dir, user_agent;
    bool secure;
    long long whole, connect;

    explicit Seen(const mobivate::client::Options& options)
        : origin(options.endpoint.origin),
          host_header(options.endpoint.host_header),
          path(options.endpoint.path),
          ca_file(options.route.ca_file),
          ca_dir(options.route.ca_dir),
          user_agent(options.user_agent),
          secure(options.endpoint.secure),
          whole(options.limits.whole.count()),
          connect(options.limits.connect.count()) {}

    bool operator==(const Seen& other) const {
        return origin == other.origin && host_header == other.host_header && path == other.path &&
               ca_file == other.ca_file && ca_dir == other.ca_dir && user_agent == other.user_agent &&
               secure == other.secure && whole == other.whole && connect == other.connect;
    }
};

void check(const mobivate::client::Options& options) {
    claim(options.limits.whole.count() > 0 && options.limits.connect.count() > 0, "a limit is positive");
    claim(options.endpoint.secure == (options.endpoint.origin.rfind("https://", 0) == 0),
          "the origin has the scheme that was checked");
    mobivate::secret::Buffer bytes;
    claim(mobivate::request::build(mobivate::create_key_call, options.endpoint, options.user_agent,
                                   {"u", "p", {}}, bytes),
          "memory");
    const std::string_view request = bytes.view();
    const std::string_view head = request.substr(0, request.find("\r\n\r\n"));
    claim(std::count(head.begin(), head.end(), '\n') == 6, "no option adds a line to the request");
    claim(std::count(head.begin(), head.end(), '\r') == 6, "nor half a line end");
    claim(std::all_of(head.begin(), head.end(),
                      [](char c) { return c == '\r' || c == '\n' || (c >= ' ' && c < 0x7f); }),
          "a request's head is printable");
    const std::string_view line = head.substr(0, head.find("\r\n"));
    claim(std::count(line.begin(), line.end(), ' ') == 2, "the request line has three words");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    mobivate::client::Options options;
    std::string_view input = fuzz::text(data, size);
    while (!input.empty()) {
        std::string_view value = fuzz::take_until(input, '\n');
        const std::string_view name = fuzz::take_until(value, '=');
        const Seen before(options);
        mobivate::text::Message why;
        if (mobivate::client::set_option(options, name, value, why)) {
            check(options);
        } else {
            claim(!why.view().empty(), "a refusal says why");
            claim(Seen(options) == before, "a refused option changes nothing");
        }
    }
    return 0;
}
