// SPDX-License-Identifier: MIT
// The request's body. An input is the user name, a line end, and the password.
#include <cstdint>
#include <string>

#include <rapidjson/document.h>

#include "claim.hpp"
#include "request/request.hpp"
#include "text/utf8.hpp"

using fuzz::claim;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view password = fuzz::text(data, size);
    const std::string_view username = fuzz::take_until(password, '\n');
    // The client refuses those before.
    if (mobivate::text::invalid_utf8(username) || mobivate::text::invalid_utf8(password)) return 0;
    mobivate::request::Endpoint endpoint;
    mobivate::text::Message why;
    claim(mobivate::request::parse_endpoint("https://example.com", endpoint, why), "an endpoint");
    mobivate::secret::Buffer bytes;
    claim(mobivate::request::build(mobivate::create_key_call, endpoint, "agent", {username, password, {}},
                                   bytes),
          "memory");
    const std::string request(bytes.view());
    const std::size_t head_end = request.find("\r\n\r\n");
    const std::string body = request.substr(head_end + 4);
    const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
    claim(request.find(length) < head_end, "the length is the body's");
    claim(body.size() % 256 == 0, "the length does not tell the password's");
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(body.data(), body.size());
    claim(!document.HasParseError() && document.IsObject() && document.MemberCount() == 2, "it is JSON");
    const auto is = [&](const char* name, std::string_view text) {
        const auto& member = document[name];
        return std::string_view(member.GetString(), member.GetStringLength()) == text;
    };
    claim(is("username", username) && is("password", password), "every text survives");
    rapidjson::Document cut;
    claim(cut.Parse(body.data(), body.size() - 1).HasParseError(), "without its last byte it is no JSON");
    return 0;
}
