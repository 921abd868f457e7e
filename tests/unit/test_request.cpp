// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <rapidjson/document.h>

#include "request/request.hpp"

using mobivate::request::Endpoint;
using mobivate::text::Message;

namespace {

std::string build(const std::string& username, const std::string& password,
                  const char* base_url = "https://example.com") {
    Endpoint endpoint;
    Message why;
    REQUIRE(mobivate::request::parse_endpoint(base_url, endpoint, why));
    mobivate::secret::Buffer bytes;
    REQUIRE(mobivate::request::build(mobivate::create_key_call, endpoint, "agent/1", {username, password, {}},
                                     bytes));
    return std::string(bytes.view());
}

std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }

}  // namespace

TEST_CASE("the request, to the byte") {
    const std::string request = build("first.last@example.com", "p");
    const std::string head =
        "POST /auth/createkey HTTP/1.1\r\nHost: example.com\r\nUser-Agent: agent/1\r\nAccept: "
        "application/json\r\n"
        "Accept-Encoding: identity\r\nContent-Type: application/json\r\nContent-Length: 256\r\n\r\n";
    CHECK(request.substr(0, head.size()) == head);
    const std::string sent = body_of(request);
    CHECK(sent.size() == 256);
    CHECK(sent.front() == '{');
    const std::string members = R"("username":"first.last@example.com","password":"p"})";
    CHECK(sent.substr(256 - members.size()) == members);
    CHECK(sent.substr(1, 255 - members.size()) == std::string(255 - members.size(), ' '));
}

TEST_CASE("the request that tests a key, to the byte") {
    Endpoint endpoint;
    Message why;
    REQUIRE(mobivate::request::parse_endpoint("https://example.com/v2/", endpoint, why));
    mobivate::secret::Buffer bytes;
    REQUIRE(mobivate::request::build(mobivate::test_key_call, endpoint, "agent/1", {{}, {}, "a-key"}, bytes));
    CHECK(
        bytes.view() ==
        "GET /v2/auth/test HTTP/1.1\r\nHost: example.com\r\nUser-Agent: agent/1\r\nAccept: "
        "application/json\r\n"
        "Accept-Encoding: identity\r\nContent-Type: application/json\r\nAuthorization: Bearer a-key\r\n\r\n");
}

TEST_CASE("the request that asks for a key differs from the one that creates it by its path") {
    Endpoint endpoint;
    Message why;
    REQUIRE(mobivate::request::parse_endpoint("https://example.com", endpoint, why));
    mobivate::secret::Buffer bytes;
    REQUIRE(mobivate::request::build(mobivate::get_key_call, endpoint, "agent/1", {"u", "p", {}}, bytes));
    std::string expected = build("u", "p");
    expected.replace(expected.find("createkey"), 9, "getkey");
    CHECK(bytes.view() == expected);
}

TEST_CASE("the size of the request does not tell the password's") {
    CHECK(build("u", "p").size() == build("u", std::string(100, 'p')).size());
    CHECK(body_of(build("u", std::string(300, 'p'))).size() == 512);
}

TEST_CASE("the last byte is the one without which the document is not whole") {
    const std::string body = body_of(build("u", "p"));
    rapidjson::Document whole;
    CHECK_FALSE(whole.Parse(body.c_str()).HasParseError());
    rapidjson::Document cut;
    CHECK(cut.Parse(body.c_str(), body.size() - 1).HasParseError());
}

TEST_CASE("every text survives the way") {
    const std::string texts[] = {"\"\\/\b\f\n\r\t",          std::string("a\0b", 3), "\x01\x1f\x7f",
                                 "gr\xC3\xBC\xC3\x9F",       "\xF0\x9F\x98\x80",     "\xE2\x80\xA8",
                                 std::string(65536, '\x01'), std::string(65536, 'x')};
    for (const std::string& text : texts) {
        rapidjson::Document document;
        document.Parse(body_of(build(text, text)).c_str());
        REQUIRE(document.IsObject());
        CHECK(document.MemberCount() == 2);
        for (const char* name : {"username", "password"}) {
            const auto& member = document[name];
            CHECK(std::string(member.GetString(), member.GetStringLength()) == text);
        }
    }
}

TEST_CASE("base URLs that can be used") {
    struct Case {
        const char* url;
        bool secure;
        const char* origin;
        const char* host;
        const char* path;
    };
    const Case cases[] = {
        {"https://api.example.com", true, "https://api.example.com:443/", "api.example.com", ""},
        {"https://api.example.com/", true, "https://api.example.com:443/", "api.example.com", ""},
        {"HTTPS://api.example.com:8443/v2/", true, "https://api.example.com:8443/", "api.example.com:8443",
         "/v2"},
        {"https://192.0.2.1", true, "https://192.0.2.1:443/", "192.0.2.1", ""},
        {"https://[2001:db8::1]:444", true, "https://[2001:db8::1]:444/", "[2001:db8::1]:444", ""},
        // The zone is this machine's, and not sent.
        {"https://[fe80::1%25eth0]:444", true, "https://[fe80::1%25eth0]:444/", "[fe80::1]:444", ""},
        {"https://[fe80::1%br-0.7_x]", true, "https://[fe80::1%25br-0.7_x]:443/", "[fe80::1]", ""},
        {"http://localhost:8080", false, "http://localhost:8080/", "localhost:8080", ""},
        {"http://127.0.0.1", false, "http://127.0.0.1:80/", "127.0.0.1", ""},
        {"http://127.255.0.3:1", false, "http://127.255.0.3:1/", "127.255.0.3:1", ""},
        {"http://[::1]:8080/x", false, "http://[::1]:8080/", "[::1]:8080", "/x"},
    };
    for (const Case& row : cases) {
        CAPTURE(row.url);
        Endpoint endpoint;
        Message why;
        REQUIRE(mobivate::request::parse_endpoint(row.url, endpoint, why));
        CHECK(endpoint.secure == row.secure);
        CHECK(endpoint.origin == row.origin);
        CHECK(endpoint.host_header == row.host);
        CHECK(endpoint.path == row.path);
    }
}

TEST_CASE("base URLs that cannot be used") {
    for (const char* url : {"",
                            "api.example.com",
                            "ftp://example.com",
                            "http://example.com",
                            "http://128.0.0.1",
                            "http://127.example.com",
                            "http://127.0.0.1.",
                            "http://127.0.0.1.example.com",
                            "http://localhost.example.com",
                            "http://10.0.0.1",
                            "http://[::2]",
                            "http://[::ffff:127.0.0.1]",
                            "http://[fe80::1%25lo]",
                            "https://[fe80::1%25a%20b]",
                            "https://[fe80::1%25a\"b]",
                            "https://user@example.com",
                            "https://user:secret@example.com",
                            "https://example.com/?a=b",
                            "https://example.com/#x",
                            "https://exa mple.com",
                            "https://example.com/\r\nX: y",
                            "https://ex\xC3\xA4mple.com",
                            "https://ex%C3%A4mple.com",
                            "https://example%0D%0A.com",
                            "https://",
                            "https://example.com:99999",
                            "https://localhost@example.com"}) {
        CAPTURE(url);
        Endpoint endpoint;
        Message why;
        CHECK_FALSE(mobivate::request::parse_endpoint(url, endpoint, why));
        CHECK_FALSE(why.view().empty());
        CHECK(why.view().find("secret") == std::string_view::npos);
    }
}
