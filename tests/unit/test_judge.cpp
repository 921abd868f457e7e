// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <limits>

#include "arrive.hpp"

using arrive::answer;
using arrive::How;
using arrive::judge;
using mobivate::KeyState;
using mobivate::Status;

namespace {

const std::string key = "abcd1234-9922-abcd-1234-abcd1234abcd";
const std::string created = R"({"apiKey":"abcd1234-9922-abcd-1234-abcd1234abcd"})";
const std::string invalid_credentials = R"({"code":401,"message":"Invalid Credentials"})";

}  // namespace

TEST_CASE("the documented answers") {
    const auto success = judge(answer(200, created));
    CHECK(success.status == Status::ok);
    CHECK(success.key_state == KeyState::replaced);
    CHECK(success.key == key);
    CHECK(success.http_status == 200);
    CHECK(success.keeps_connection);

    const auto refused = judge(answer(401, invalid_credentials));
    CHECK(refused.status == Status::credentials);
    CHECK(refused.key_state == KeyState::unchanged);
    CHECK(refused.http_status == 401);
    CHECK(refused.server_code == 401);
    CHECK(refused.server_message == "Invalid Credentials");
    CHECK(refused.what == "The server refused the user name or password (HTTP 401): Invalid Credentials.");
}

TEST_CASE("every status code from 100 to 999 has its meaning") {
    for (int code = 100; code <= 999; ++code) {
        CAPTURE(code);
        const auto judged = judge(answer(code, invalid_credentials));
        if (code < 200 && code != 101) {
            CHECK(judged.status == Status::protocol);
            CHECK(judged.key_state == KeyState::unknown);
            CHECK(judged.http_status == 0);
            continue;
        }
        CHECK(judged.http_status == code);
        if (code == 401) {
            CHECK(judged.status == Status::credentials);
        } else if (code == 429) {
            CHECK(judged.status == Status::rate_limited);
        } else if (code >= 400 && code < 500) {
            CHECK(judged.status == Status::rejected);
        } else if (code >= 500 && code < 600) {
            CHECK(judged.status == Status::server);
        } else {
            CHECK(judged.status == Status::protocol);
        }
        CHECK(judged.key_state == (code >= 400 && code < 500 ? KeyState::unchanged : KeyState::unknown));
    }
}

TEST_CASE("any 2xx with a usable key is a success, 204 has no body") {
    for (int code = 200; code <= 299; ++code) {
        CAPTURE(code);
        const auto judged = judge(answer(code, created));
        CHECK(judged.status == (code == 204 ? Status::protocol : Status::ok));
    }
}

TEST_CASE("a cut after each byte of a success: replaced from the document's end on, unknown before") {
    const std::string whole = answer(200, created, "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n");
    for (const std::size_t piece : {std::size_t{1}, whole.size()}) {
        for (std::size_t size = 0; size <= whole.size(); ++size) {
            CAPTURE(size);
            How how;
            how.piece = piece;
            const auto judged = judge(std::string_view(whole).substr(0, size), how);
            if (size == whole.size()) {
                CHECK(judged.status == Status::ok);
                CHECK(judged.key == key);
            } else {
                CHECK(judged.status == Status::transport);
                CHECK(judged.key_state == KeyState::unknown);
                CHECK(judged.key.empty());
            }
        }
    }
}

TEST_CASE("a cut after each byte of a refusal: decided when the byte after the code is there") {
    const std::string whole = answer(401, invalid_credentials);
    const std::size_t decided = std::string("HTTP/1.1 401 ").size();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        const auto judged = judge(std::string_view(whole).substr(0, size));
        CHECK(judged.status == (size < decided ? Status::transport : Status::credentials));
        // Without the whole of the API's error, anybody may have refused.
        CHECK(judged.key_state == KeyState::unknown);
        CHECK(judged.http_status == (size < decided ? 0 : 401));
    }
}

TEST_CASE("a whole document counts, whatever the framing around it") {
    const std::string too_long = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + created;
    CHECK(judge(too_long).key == key);
    const std::string until_end = "HTTP/1.1 200 OK\r\n\r\n" + created;
    CHECK(judge(until_end).key == key);
    CHECK_FALSE(judge(until_end).keeps_connection);
    const std::string no_last_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n31\r\n" + created;
    CHECK(judge(no_last_chunk).key == key);
    const std::string bad_chunk = no_last_chunk + "\r\nnonsense\r\n";
    CHECK(judge(bad_chunk).key == key);
    const std::string doubtful =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 49\r\n\r\n" + created;
    CHECK(judge(doubtful).key == key);
    CHECK_FALSE(judge(doubtful).keeps_connection);
    How timed_out;
    timed_out.ending = Status::timeout;
    timed_out.orderly_end = false;
    CHECK(judge(too_long, timed_out).key == key);
    CHECK(judge("HTTP/1.1 401 No\r\nContent-Length: 1000\r\n\r\n" + invalid_credentials).key_state ==
          KeyState::unchanged);
    // However much was declared: one rule.
    for (const std::string length :
         {"65536", "65537", "18446744073709551615", "18446744073709551616", "99999999999999999999999"}) {
        CAPTURE(length);
        CHECK(judge("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n" + created).key == key);
    }
    for (const std::string size : {"10000", "10001", "FFFFFFFFFFFFFFFF", "10000000000000000"}) {
        CAPTURE(size);
        CHECK(judge("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + "\r\n" + created).key ==
              key);
    }
    // Shorter than the document: what was cut off cannot be told from what belongs to the next answer.
    const auto too_short = judge("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + created);
    CHECK(too_short.status == Status::protocol);
    CHECK(too_short.key_state == KeyState::unknown);
}

TEST_CASE("a success without a usable key") {
    struct Case {
        const char* name;
        std::string body;
    };
    const Case cases[] = {
        {"empty", ""},
        {"HTML", "<html><body>OK</body></html>"},
        {"cut", created.substr(0, 30)},
        {"no member", "{}"},
        {"null", R"({"apiKey":null})"},
        {"number", R"({"apiKey":12345})"},
        {"object", R"({"apiKey":{"apiKey":"abc"}})"},
        {"array", R"({"apiKey":["abc"]})"},
        {"array outside", R"([{"apiKey":"abc"}])"},
        {"string outside", R"("abc")"},
        {"nested", R"({"data":{"apiKey":"abc"}})"},
        {"other case", R"({"apikey":"abc"})"},
        {"empty key", R"({"apiKey":""})"},
        {"space", R"({"apiKey":"ab cd"})"},
        {"CR LF", R"({"apiKey":"ab\r\ncd"})"},
        {"NUL", R"({"apiKey":"ab\u0000cd"})"},
        {"delete", "{\"apiKey\":\"ab\x7f\"}"},
        {"not ASCII", "{\"apiKey\":\"ab\xC3\xBC\"}"},
        {"4097 bytes", "{\"apiKey\":\"" + std::string(4097, 'k') + "\"}"},
        {"two keys", R"({"apiKey":"abc","apiKey":"abd"})"},
        {"key and null", R"({"apiKey":"abc","apiKey":null})"},
        {"null and key", R"({"apiKey":null,"apiKey":"abc"})"},
        {"a NUL behind", created + std::string(1, '\0') + "x"},
        {"trailing text", created + "x"},
        {"invalid UTF-8", "{\"apiKey\":\"abc\",\"x\":\"\xFF\"}"},
        {"lone surrogate in the key", R"({"apiKey":"abc\udc00"})"},
        {"malformed escape", R"({"apiKey":"abc","x":"\ud8zz"})"},
        {"malformed number", R"({"apiKey":"abc","x":1e})"},
        {"leading zero", R"({"apiKey":"abc","x":0012345678901234567890})"},
        {"no fraction", R"({"apiKey":"abc","x":1.e5})"},
        {"two signs", R"({"apiKey":"abc","x":--1})"},
        {"UTF-16", std::string("{\0\"\0", 4)},
        {"nothing but opening", std::string(60000, '{')},
        {"100,000 levels", std::string(50000, '[') + std::string(50000, ']')},
    };
    for (const Case& row : cases) {
        CAPTURE(row.name);
        const auto judged = judge(answer(200, row.body));
        CHECK(judged.status == Status::protocol);
        CHECK(judged.key_state == KeyState::unknown);
        CHECK(judged.key.empty());
        CHECK(judged.http_status == 200);
        CHECK_FALSE(judged.what.empty());
    }
}

TEST_CASE("a success with a usable key in an unusual document") {
    struct Case {
        const char* name;
        std::string body;
        std::string key;
    };
    const Case cases[] = {
        {"white space", " \r\n\t{ \"apiKey\" : \"abc\" } \n", "abc"},
        {"byte order mark", "\xEF\xBB\xBF{\"apiKey\":\"abc\"}", "abc"},
        {"unknown members", R"({"a":1,"b":[1,{"apiKey":"no"}],"apiKey":"abc","c":{"apiKey":"no"},"d":null})",
         "abc"},
        {"escapes", R"({"api\u004bey":"a\u0062c\/"})", "abc/"},
        {"twice the same", R"({"apiKey":"abc","apiKey":"abc"})", "abc"},
        {"one byte", R"({"apiKey":"~"})", "~"},
        {"255 bytes", "{\"apiKey\":\"" + std::string(255, 'k') + "\"}", std::string(255, 'k')},
        {"4096 bytes", "{\"apiKey\":\"" + std::string(4096, 'k') + "\"}", std::string(4096, 'k')},
        {"deep inside",
         "{\"x\":" + std::string(20000, '[') + std::string(20000, ']') + ",\"apiKey\":\"abc\"}", "abc"},
        {"numbers of all kinds",
         R"({"a":-1,"b":1.5e10,"c":18446744073709551615,"d":-9223372036854775808,"apiKey":"abc"})", "abc"},
        {"a number beyond a double", R"({"x":1e309,"apiKey":"abc"})", "abc"},
        {"zero with such an exponent", R"({"x":0e309,"apiKey":"abc"})", "abc"},
        {"a negative one in an array", R"({"x":[-1E+400,2.5e-400],"apiKey":"abc"})", "abc"},
        {"a number of 310 digits", "{\"x\":" + std::string(310, '9') + ",\"apiKey\":\"abc\"}", "abc"},
        {"and with a fraction", "{\"x\":" + std::string(310, '9') + ".5e1,\"apiKey\":\"abc\"}", "abc"},
        {"digits in a string", R"({"x":"1e309\"2e309","apiKey":"1e309"})", "1e309"},
        {"lone surrogates", R"({"\udc00":"\ud800","y":"\udfff\ud83d\ude00\ud83d","apiKey":"abc"})", "abc"},
        {"an error's members beside it", R"({"code":7,"message":"hello","apiKey":"abc"})", "abc"},
    };
    for (const Case& row : cases) {
        CAPTURE(row.name);
        const auto judged = judge(answer(200, row.body));
        CHECK(judged.status == Status::ok);
        CHECK(judged.key == row.key);
        CHECK(judged.server_message.empty());
    }
}

TEST_CASE("a request that was not sent as a whole has changed nothing") {
    How how;
    how.request_sent = false;
    for (const int code : {200, 302, 401, 500}) {
        CAPTURE(code);
        CHECK(judge(answer(code, "{}"), how).key_state == KeyState::unchanged);
    }
    CHECK(judge("", how).status == Status::transport);
    CHECK(judge("", how).key_state == KeyState::unchanged);
    CHECK(judge("garbage", how).key_state == KeyState::unchanged);
    // Unless the server proves otherwise.
    CHECK(judge(answer(200, created), how).key_state == KeyState::replaced);
}

TEST_CASE("what ended the exchange is the status where the server said too little") {
    for (const Status ending : {Status::transport, Status::timeout, Status::cancelled}) {
        How how;
        how.ending = ending;
        how.orderly_end = ending == Status::transport;
        CHECK(judge("", how).status == ending);
        CHECK(judge("HTTP/1.1 20", how).status == ending);
        CHECK(judge("HTTP/1.1 200 OK\r\nContent-Length: 49\r\n\r\n{\"api", how).status == ending);
        CHECK(judge("HTTP/1.1 200 OK\r\nContent-Length: 49\r\n\r\n{\"api", how).key_state ==
              KeyState::unknown);
        CHECK(judge("HTTP/1.1 401 ", how).status == Status::credentials);
        CHECK(judge("HTTP/1.1 401 ", how).key_state == KeyState::unknown);
        CHECK(judge("HTTP/1.1 503 ", how).status == Status::server);
    }
}

TEST_CASE("interim answers") {
    const std::string interim =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\nRetry-After: 5\r\n\r\n";
    const auto judged = judge(interim + answer(401, invalid_credentials));
    CHECK(judged.status == Status::credentials);
    CHECK(judged.retry_after_ms == -1);
    const auto alone = judge(interim);
    CHECK(alone.status == Status::protocol);
    CHECK(alone.http_status == 0);
    CHECK(alone.key_state == KeyState::unknown);
    How not_sent;
    not_sent.request_sent = false;
    CHECK(judge(interim, not_sent).status == Status::transport);
    CHECK(judge(interim, not_sent).key_state == KeyState::unchanged);
    How timed_out;
    timed_out.ending = Status::timeout;
    timed_out.orderly_end = false;
    CHECK(judge(interim, timed_out).status == Status::timeout);
    CHECK(judge("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + answer(200, created)).status ==
          Status::protocol);
}

TEST_CASE("what is not HTTP/1.1") {
    for (const std::string bytes :
         {"{\"apiKey\":\"abc\"}", "garbage\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/2 200 \r\n\r\n",
          "HTTP/1.1200 OK\r\n\r\n", "HTTP/1.1 2\n\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
          "HTTP/1.1 099 Low\r\n\r\n", "HTTP/1.x 200 OK\r\n\r\n", "HTTP/1.1\r\n\r\n",
          "HTTP/1.1 -20 OK\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "SSH-2.0-x\r\n"}) {
        CAPTURE(bytes);
        for (const std::size_t piece : std::initializer_list<std::size_t>{1, 1000}) {
            How how;
            how.piece = piece;
            const auto judged = judge(bytes, how);
            CHECK(judged.status == Status::protocol);
            CHECK(judged.key_state == KeyState::unknown);
            CHECK(judged.http_status == 0);
            CHECK(judged.what == "The answer is not HTTP/1.1.");
        }
    }
    CHECK(judge(std::string("\0\0\x12\x04\0\0\0\0\0", 9)).status == Status::protocol);
}

TEST_CASE("HTTP/1.0 and lenient lines") {
    const auto old = judge("HTTP/1.0 200 OK\r\nContent-Length: 49\r\n\r\n" + created);
    CHECK(old.key == key);
    CHECK_FALSE(old.keeps_connection);
    CHECK(judge("HTTP/1.1  401 X\r\nContent-Length: 2\r\n\r\n{}").status == Status::credentials);
    CHECK(judge("HTTP/1.1 \t 401\tX\r\nContent-Length: 2\r\n\r\n{}").http_status == 401);
    CHECK(judge("HTTP/1.1 " + std::string(20000, ' ') + "401 X\r\n\r\n").http_status == 401);
    CHECK(judge("HTTP/1.1 200\nContent-Length: 49\n\n" + created).key == key);
    CHECK(judge("HTTP/1.1 200 OK\r\ncontent-length :49\r\nX: a\r\n Content-Length: 3\r\nnonsense\r\n\r\n" +
                created)
              .key == key);
}

TEST_CASE("a status line without a reason") {
    CHECK(judge("HTTP/1.1 401\nContent-Length: 2\n\n{}").status == Status::credentials);
    CHECK(judge("HTTP/1.1 401\r\nContent-Length: 2\r\n\r\n{}").status == Status::credentials);
    CHECK(judge("HTTP/1.1 401 \r\nX: y\r\n\t z\r\nContent-Length: 2\r\n\r\n{}").keeps_connection);
}

TEST_CASE("bytes behind an answer, whenever they come") {
    mobivate::answer::Reader reader;
    REQUIRE(reader.prepare());
    using Progress = mobivate::answer::Reader::Progress;
    CHECK(reader.take("") == Progress::reading);
    CHECK(reader.take(answer(401, "{}")) == Progress::ended);
    CHECK(reader.take("") == Progress::ended);
    CHECK(reader.keeps_connection());
    CHECK(reader.take("x") == Progress::ended);
    CHECK_FALSE(reader.keeps_connection());
    CHECK(reader.take("y") == Progress::ended);
    CHECK_FALSE(reader.keeps_connection());
}

TEST_CASE("chunks of every size") {
    for (std::size_t chunk = 1; chunk <= created.size() + 1; ++chunk) {
        std::string body;
        for (std::size_t at = 0; at < created.size(); at += chunk) {
            const std::string part = created.substr(at, chunk);
            char size[32];
            std::snprintf(size, sizeof size, chunk % 2 == 0 ? "%zx\r\n" : "%04zX;ext=\"1\"\r\n", part.size());
            body += size + part + "\r\n";
        }
        body += "0\r\nTrailer: x\r\n\r\n";
        for (const std::size_t piece : std::initializer_list<std::size_t>{1, 7, 10000}) {
            How how;
            how.piece = piece;
            const auto judged = judge("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n" + body, how);
            CHECK(judged.key == key);
            CHECK(judged.keeps_connection);
        }
    }
    // The largest body in the smallest chunks: five bytes around each one do not count as head.
    std::string body;
    const std::string padded = created + std::string(65536 - created.size(), ' ');
    for (const char c : padded) body += std::string("1\r\n") + c + "\r\n";
    CHECK(judge("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + "0\r\n\r\n").key == key);
}

TEST_CASE("malformed chunks") {
    for (const std::string chunks :
         {"x\r\n", "\r\n", "-1\r\n", "5\r\nabcdefg\r\n", "FFFFFFFFFFFFFFFFg\r\n", "5 5\r\n", "1\r\nab"}) {
        CAPTURE(chunks);
        const auto judged = judge("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        CHECK(judged.status == Status::protocol);
        CHECK(judged.key_state == KeyState::unknown);
        CHECK(judged.what == "The answer's chunks are malformed.");
    }
}

TEST_CASE("the answer's bounds") {
    const std::string full(65536, ' ');
    CHECK(judge(answer(200, created + full.substr(created.size()))).key == key);
    // The document was whole before the bound.
    CHECK(judge(answer(200, created + full)).key == key);
    CHECK(judge(answer(200, full + created)).what == "The body of the answer is larger than 65536 bytes.");
    CHECK(judge("HTTP/1.1 200 OK\r\n\r\n" + full + full).what ==
          "The body of the answer is larger than 65536 bytes.");
    CHECK(judge("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n" + full + " ").what ==
          "The body of the answer is larger than 65536 bytes.");

    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 49\r\nX: ";
    const std::size_t room = 65536 - head.size() - 4;
    CHECK(judge(head + std::string(room, 'x') + "\r\n\r\n" + created).key == key);
    const auto larger = judge(head + std::string(room + 1, 'x') + "\r\n\r\n" + created);
    CHECK(larger.status == Status::protocol);
    CHECK(larger.what == "The head of the answer is larger than 65536 bytes.");
    std::string interim;
    while (interim.size() < 70000) interim += "HTTP/1.1 100 Continue\r\n\r\n";
    CHECK(judge(interim + answer(200, created)).status == Status::protocol);
}

TEST_CASE("what is wrong behind a status line takes nothing from what it said") {
    const std::string full(65536, ' ');
    const std::string chunked = "Transfer-Encoding: chunked\r\nRetry-After: 120\r\n\r\n";
    struct Case {
        int code;
        Status status;
    };
    for (const Case& row : {Case{401, Status::credentials}, Case{429, Status::rate_limited},
                            Case{403, Status::rejected}, Case{503, Status::server}}) {
        CAPTURE(row.code);
        const std::string line = "HTTP/1.1 " + std::to_string(row.code) + " No\r\n";
        for (const std::string& bytes :
             {answer(row.code, full + full, "Retry-After: 120\r\n"), line + chunked + "x\r\n",
              line + chunked + "1\r\nab", line + "Retry-After: 120\r\nX: " + full + "\r\n\r\n",
              line + "Retry-After: 120\r\nContent-Length: x\r\n\r\n<html>"}) {
            const auto judged = judge(bytes);
            CHECK(judged.status == row.status);
            CHECK(judged.key_state == KeyState::unknown);
            CHECK(judged.http_status == row.code);
            CHECK(judged.retry_after_ms == 120000);
            CHECK_FALSE(judged.keeps_connection);
        }
    }
    CHECK(judge(answer(302, full + full)).what ==
          "The body of the answer is larger than 65536 bytes (HTTP 302).");
}

TEST_CASE("a 4xx leaves the key unchanged only with the API's own error in it") {
    struct Case {
        const char* name;
        std::string body;
        bool from_the_api;
    };
    const Case cases[] = {
        {"documented", invalid_credentials, true},
        {"code alone", R"({"code":403})", true},
        {"code of another number", R"({"code":-2147483648})", true},
        {"message alone", R"({"message":""})", true},
        {"among others", R"({"error":{},"message":"No","code":null})", true},
        {"message and a code of text", R"({"code":"403","message":"No"})", true},
        {"code and a message of another type", R"({"code":403,"message":5})", true},
        {"empty", "", false},
        {"a proxy's page", "<html><head><title>403 Forbidden</title></head></html>", false},
        {"text", "Forbidden", false},
        {"another object", R"({"error":"Forbidden"})", false},
        {"inside another object", R"({"error":{"code":403,"message":"Forbidden"}})", false},
        {"in an array", R"([{"code":403,"message":"Forbidden"}])", false},
        {"code of text", R"({"code":"403"})", false},
        {"code with a fraction", R"({"code":403.0})", false},
        {"code beyond 32 bits", R"({"code":2147483648})", false},
        {"code beyond 64 bits", R"({"code":99999999999999999999})", false},
        {"message of another type", R"({"message":["No"]})", false},
        {"other case", R"({"Message":"No"})", false},
        {"with a key", R"({"code":403,"message":"No","apiKey":"abc"})", false},
        {"with something for a key", R"({"apiKey":null,"code":403,"message":"No"})", false},
        {"cut", invalid_credentials.substr(0, invalid_credentials.size() - 1), false},
        {"over-long", R"({"code":401,"message":")" + std::string(65536, 'x') + R"("})", false},
    };
    for (const Case& row : cases) {
        for (int code = 400; code < 500; ++code) {
            CAPTURE(row.name);
            CAPTURE(code);
            const auto judged = judge(answer(code, row.body));
            CHECK(judged.key_state == (row.from_the_api ? KeyState::unchanged : KeyState::unknown));
            CHECK(judged.status == (code == 401   ? Status::credentials
                                    : code == 429 ? Status::rate_limited
                                                  : Status::rejected));
        }
        // A 5xx never does.
        CHECK(judge(answer(500, row.body)).key_state == KeyState::unknown);
    }
    CHECK(judge(answer(403, "<html>")).what ==
          "The server refused the request (HTTP 403). It came without the API's own error, so a proxy or a "
          "firewall may have sent it.");
    How not_sent;
    not_sent.request_sent = false;
    CHECK(judge(answer(403, "<html>"), not_sent).key_state == KeyState::unchanged);
    CHECK(judge(answer(403, "<html>"), not_sent).what == "The server refused the request (HTTP 403).");
}

TEST_CASE("a field folded over several lines is one") {
    const auto folded = [](const std::string& fields, const std::string& body) {
        arrive::Judged judged;
        for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20U}) {
            How how;
            how.piece = piece;
            how.orderly_end = false;
            how.ending = Status::timeout;
            judged = judge("HTTP/1.1 429 X\r\n" + fields + "\r\n" + body, how);
        }
        return judged;
    };
    const std::string error = R"({"code":429,"message":"Slow down"})";
    const std::string length = "Content-Length: " + std::to_string(error.size()) + "\r\n";
    const std::string chunk = "22\r\n" + error + "\r\n0\r\n\r\n";
    CHECK(folded("Transfer-Encoding:\r\n chunked\r\n", chunk).keeps_connection);
    CHECK(folded("Transfer-Encoding: gzip,\r\n\tchunked\r\n", chunk).keeps_connection);
    CHECK(folded("Transfer-Encoding:\r\n \r\n \r\n\tchunked\r\nX: y\r\n", chunk).keeps_connection);
    CHECK(folded("Content-Length:\r\n 34\r\n", error).keeps_connection);
    CHECK(folded("Content-Length:\n 34\n", error).keeps_connection);
    CHECK_FALSE(folded("Content-Length: 3\r\n 4\r\n", error).keeps_connection);
    CHECK_FALSE(folded(length + "Connection:\r\n close\r\n", error).keeps_connection);
    CHECK(folded(length + "Retry-After:\r\n 120\r\n", error).retry_after_ms == 120000);
    CHECK(folded(length + "Retry-After: 1\r\n 20\r\n", error).retry_after_ms == -1);
    CHECK(folded(length + "Retry-After: Tue, 14 Nov 2023\r\n 22:15:20 GMT\r\n", error).retry_after_ms ==
          120000);
    // What continues another field says nothing by itself.
    CHECK(folded(length + "X: a\r\n Content-Length: 3\r\n\tConnection: close\r\n", error).keeps_connection);
    CHECK(folded(" Connection: close\r\n" + length, error).keeps_connection);
}

TEST_CASE("empty elements of a list are as if they were not there") {
    const auto chunked = [](const std::string& fields) {
        return judge("HTTP/1.1 200 OK\r\n" + fields + "\r\n31\r\n" + created + "\r\n0\r\n\r\n").key == key;
    };
    CHECK(chunked("Transfer-Encoding: chunked,\r\n"));
    CHECK(chunked("Transfer-Encoding: , ,chunked , ,\t,\r\n"));
    CHECK(chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n"));
    CHECK(chunked("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n"));
    CHECK_FALSE(chunked("Transfer-Encoding: chunked, identity\r\n"));
    CHECK(judge(answer(200, created, "Transfer-Encoding: ,\r\n")).keeps_connection);
    CHECK_FALSE(judge(answer(200, created, "Connection: ,close,\r\n")).keeps_connection);
    CHECK(judge(answer(200, created, "Connection: ,\r\n")).keeps_connection);
    // A length is no list, though servers that send it twice are known.
    const auto counted = [](const std::string& length) {
        return judge("HTTP/1.1 401 No\r\nContent-Length: " + length + "\r\n\r\n{}").keeps_connection;
    };
    CHECK(counted("2"));
    CHECK(counted("2, 2"));
    CHECK_FALSE(counted("2,"));
    CHECK_FALSE(counted(",2"));
    CHECK_FALSE(counted(""));
}

TEST_CASE("the bounds depend on the bytes alone, not on the pieces they come in") {
    const auto same_in_pieces = [](const std::string& bytes) {
        const auto whole = judge(bytes);
        for (const std::size_t piece : {1U, 2U, 3U, 1000U}) {
            CAPTURE(piece);
            How how;
            how.piece = piece;
            const auto judged = judge(bytes, how);
            CHECK(judged.what == whole.what);
            CHECK(judged.key == whole.key);
        }
        return whole;
    };
    const std::string start = "HTTP/1.1 200 OK\r\nContent-Length: 49\r\nX: ";
    for (const std::size_t head : {33500U, 65535U, 65536U, 65537U, 65538U}) {
        CAPTURE(head);
        const std::string fill(head - start.size() - 4, 'x');
        CHECK((same_in_pieces(start + fill + "\r\n\r\n" + created).key == key) == (head <= 65536));
    }
    // Where the bound is in the status line, the code counts if the byte behind it is the first beyond, or
    // before.
    const std::string last = "HTTP/1.1 401 No\r\n\r\n";
    for (const std::size_t interim : {65536U - 11, 65536U - 12, 65536U - 13}) {
        CAPTURE(interim);
        const std::string first = "HTTP/1.1 103 X\r\nX: ";
        const auto judged =
            same_in_pieces(first + std::string(interim - first.size() - 4, 'x') + "\r\n\r\n" + last);
        CHECK(judged.http_status == (interim == 65536 - 11 ? 0 : 401));
    }
    // The same bound holds the head, the trailers and the chunks' extensions together.
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string parts[] = {created.substr(0, 20), created.substr(20)};
    for (const int excess : {-1, 0, 1}) {
        CAPTURE(excess);
        // Sixteen bytes of each line with a size are free, and no more.
        const std::size_t room =
            65536 - chunked.size() + 3 * 16 - std::string("14;\r\n1D;\r\n0;\r\nY: \r\n\r\n").size();
        const std::string extension(room / 4, 'e');
        const std::string trailer(room - 3 * extension.size() + static_cast<std::size_t>(excess), 't');
        const auto judged =
            same_in_pieces(chunked + "14;" + extension + "\r\n" + parts[0] + "\r\n1D;" + extension + "\r\n" +
                           parts[1] + "\r\n0;" + extension + "\r\nY: " + trailer + "\r\n\r\n");
        CHECK(judged.key == key);  // the document was whole before
        CHECK(judged.keeps_connection == (excess <= 0));
    }
    // Sixteen bytes a chunk are free, and the seventeenth counts.
    std::string tiny;
    for (int i = 0; i < 5000; ++i) tiny += "1;" + std::string(12, 'e') + "\r\n \r\n";
    CHECK(same_in_pieces(chunked + tiny + "31\r\n" + created).key == key);
}

TEST_CASE("a long field is read whole: nothing of it is cut") {
    const std::string blanks(20000, ' ');
    const std::string zeros(20000, '0');
    CHECK(judge(answer(200, created, "Connection: x" + blanks + ",close\r\n")).key == key);
    CHECK_FALSE(judge(answer(200, created, "Connection: x" + blanks + ",close\r\n")).keeps_connection);
    CHECK(judge("HTTP/1.1 200 OK\r\nContent-Length: " + zeros + "49\r\n\r\n" + created).keeps_connection);
    CHECK(judge("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + blanks + "chunked\r\n\r\n31\r\n" + created).key ==
          key);
    CHECK(judge("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + zeros + "31\r\n" + created).key ==
          key);
    CHECK(judge(answer(429, "", "Retry-After: " + zeros + "7\r\n")).retry_after_ms == 7000);
    CHECK(judge(answer(429, "", "Retry-After: Tue, 14 Nov 2023 22:15:20 GMT" + blanks + "x\r\n"))
              .retry_after_ms == -1);
}

TEST_CASE("lengths that nobody can trust: what is there is judged at once, and the connection closed") {
    for (const std::string lengths : {"Content-Length: x", "Content-Length: -2", "Content-Length: 49,",
                                      "Content-Length: 0x31", "Content-Length: 3\r\nContent-Length: 49",
                                      "Content-Length: 49, 1000", "Content-Length: 4 9", "Content-Length:"}) {
        CAPTURE(lengths);
        for (const std::size_t piece : std::initializer_list<std::size_t>{1, 1000}) {
            How open;
            open.piece = piece;
            open.orderly_end = false;
            open.ending = Status::timeout;  // what it would come to if it were waited for
            const auto refused =
                judge("HTTP/1.1 401 No\r\n" + lengths + "\r\n\r\n" + invalid_credentials, open);
            CHECK(refused.status == Status::credentials);
            CHECK(refused.key_state == KeyState::unchanged);
            CHECK_FALSE(refused.keeps_connection);
            const auto page = judge("HTTP/1.1 401 No\r\n" + lengths + "\r\n\r\n<html>", open);
            CHECK(page.status == Status::credentials);
            CHECK(page.key_state == KeyState::unknown);
            CHECK(judge("HTTP/1.1 503 No\r\n" + lengths + "\r\n\r\n", open).status == Status::server);
            const auto success = judge("HTTP/1.1 200 OK\r\n" + lengths + "\r\n\r\n" + created, open);
            CHECK(success.key == key);
            CHECK_FALSE(success.keeps_connection);
            const auto nothing = judge("HTTP/1.1 200 OK\r\n" + lengths + "\r\n\r\n<html>", open);
            CHECK(nothing.status == Status::protocol);
            CHECK(nothing.what == "The answer's length is invalid, or is told twice and differs.");
        }
    }
    mobivate::answer::Reader reader;
    using Progress = mobivate::answer::Reader::Progress;
    const auto read = [&](const std::string& bytes) {
        REQUIRE(reader.prepare());
        return reader.take(bytes);
    };
    const std::string head = " X\r\nContent-Length: x\r\n\r\n";
    // The document's end is the answer's, with every bracket and quote in it understood.
    const std::string tricky = " {\"a\":\"}]\\\\\\\"}\",\"b\":[{},[]],\"apiKey\":\"abc\"}";
    CHECK(read("HTTP/1.1 200" + head + tricky.substr(0, tricky.size() - 1)) == Progress::reading);
    CHECK(reader.take("}") == Progress::ended);
    // A key may be on its way, and is waited for; behind another status nothing is.
    CHECK(read("HTTP/1.1 200" + head) == Progress::reading);
    CHECK_FALSE(reader.awaits_nothing_certain());
    reader.take("{\"api");
    CHECK_FALSE(reader.awaits_nothing_certain());
    CHECK(read("HTTP/1.1 200" + head + "<") == Progress::reading);
    CHECK(reader.awaits_nothing_certain());
    CHECK(read("HTTP/1.1 401" + head) == Progress::reading);
    CHECK(reader.awaits_nothing_certain());
    CHECK(read("HTTP/1.1 401 X\r\nContent-Length: 5\r\n\r\n") == Progress::reading);
    CHECK_FALSE(reader.awaits_nothing_certain());
}

TEST_CASE("when a connection may be used again") {
    CHECK(judge(answer(401, "{}")).keeps_connection);
    CHECK_FALSE(judge(answer(401, "{}", "Connection: close\r\n")).keeps_connection);
    CHECK_FALSE(judge(answer(401, "{}", "Connection: x, Close\r\n")).keeps_connection);
    CHECK_FALSE(judge(answer(401, "{}", "Connection: close, close\r\n")).keeps_connection);
    CHECK_FALSE(judge("HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n")
                    .keeps_connection);
    CHECK_FALSE(judge(answer(401, "{}") + "x").keeps_connection);
    CHECK_FALSE(judge(answer(401, "{}", "Transfer-Encoding: chunked\r\n")).keeps_connection);
    CHECK_FALSE(judge("HTTP/1.1 401 No\r\nTransfer-Encoding: gzip\r\n\r\n{}").keeps_connection);
    // A body that comes all the same, and late, would be taken for the next answer.
    for (const int code : {101, 204, 304}) {
        CAPTURE(code);
        CHECK_FALSE(judge("HTTP/1.1 " + std::to_string(code) + " X\r\n\r\n").keeps_connection);
        CHECK_FALSE(judge(answer(code, "")).keeps_connection);
    }
}

TEST_CASE("a message ends with one full stop") {
    const auto what = [](const std::string& message) {
        return judge(answer(403, R"({"message":")" + message + "\"}")).what;
    };
    CHECK(what("No") == "The server refused the request (HTTP 403): No.");
    CHECK(what("No.") == "The server refused the request (HTTP 403): No.");
    CHECK(what("No!") == "The server refused the request (HTTP 403): No!");
    CHECK(what("No?") == "The server refused the request (HTTP 403): No?");
}

TEST_CASE("an error's members") {
    const auto with = [](const std::string& body) { return judge(answer(403, body)); };
    CHECK(with(R"({"code":2147483647,"message":"m"})").server_code == 2147483647);
    CHECK(with(R"({"code":-5})").server_code == -5);
    CHECK(with(R"({"code":2147483648})").server_code == 0);
    CHECK(with(R"({"code":"403"})").server_code == 0);
    CHECK(with(R"({"code":403.0})").server_code == 0);
    CHECK(with(R"({"message":5})").server_message.empty());
    CHECK(with(R"({"message":""})").server_message.empty());
    CHECK(with(R"({"message":"a\udc00b\ud800"})").server_message ==
          "a\xEF\xBF\xBD"
          "b\xEF\xBF\xBD");
    CHECK(with(R"({"message":"\ud800\ud800\udc00 \\ud800"})").server_message ==
          "\xEF\xBF\xBD\xF0\x90\x80\x80 \\ud800");
    CHECK(with(R"({"code":"\udc00","message":"m"})").server_message == "m");
    CHECK(with(R"({"code":1e309,"message":"m","x":0e309})").server_message == "m");
    CHECK(with(R"({"code":7,"x":)" + std::string(310, '9') + "}").server_code == 7);
    CHECK(with(R"({"message":"gr\u00fc\u00df \ud83d\ude00"})").server_message ==
          "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80");
    CHECK(with(R"({"message":"a\u0000b"})").server_message == "a b");
    CHECK(with("Forbidden").server_message.empty());
    CHECK(with(R"({"message":"line\nline \u001b[31mred"})").what ==
          "The server refused the request (HTTP 403): line line  [31mred.");
    CHECK(with(R"({"message":"Sure?"})").what == "The server refused the request (HTTP 403): Sure?");
    const auto without_key = judge(answer(200, R"({"code":7,"message":"later"})"));
    CHECK(without_key.server_code == 7);
    CHECK(without_key.server_message == "later");
}

TEST_CASE("Retry-After") {
    CHECK(judge(answer(429, "", "Retry-After: \t 7 \t\r\n")).retry_after_ms == 7000);
    CHECK(judge(answer(429, "", "Retry-After: " + std::string(100, '7') + "\r\n")).retry_after_ms ==
          std::numeric_limits<long long>::max() / 1000 * 1000);
    const auto after = [](const std::string& value, const std::string& more = "") {
        return judge(answer(429, "{}", "Retry-After: " + value + "\r\n" + more)).retry_after_ms;
    };
    CHECK(judge(answer(429, "{}")).retry_after_ms == -1);
    CHECK(after("7") == 7000);
    CHECK(after("0") == 0);
    CHECK(after("-7") == -1);
    CHECK(after("-9223372036854775809") == -1);
    CHECK(after("-" + std::string(100, '9')) == -1);
    CHECK(after("+7") == -1);
    CHECK(after("7 8") == -1);
    CHECK(after("Fri, 31 Dec 9999 23:59:59 GMT") == (253402300799 - 1700000000) * 1000);
    // Farther away than can be said: libcurl takes it for a date, or, since 8.14, for none.
    const auto far = after("Fri, 31 Dec 2147483647 23:59:59 GMT");
    CHECK((far == 9223372036854775000LL || far == -1));
    CHECK(after("Fri, 31 Dec 99999999999999999999 23:59:59 GMT") == -1);
    CHECK(after("Wed, 01 Jan 1969 00:00:00 GMT") == 0);
    CHECK(after("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
    CHECK(after("Tue, 14 Nov 2023 22:15:20 GMT", "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n") == 0);
    CHECK(after("Thu, 01 Jan 1970 00:02:00 GMT", "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n") == 120000);
    // The two obsolete forms.
    CHECK(after("Tuesday, 14-Nov-23 22:15:20 GMT") == 120000);
    CHECK(after("Tue Nov 14 22:15:20 2023") == 120000);
    CHECK(after("soon") == -1);
    CHECK(after("") == -1);
    CHECK(after("7.5") == -1);
    CHECK(after("99999999999999999999999") == 9223372036854775000LL);
    CHECK(after("9223372036854775807") == 9223372036854775000LL);
    // 2023-11-14 22:13:20 is 1700000000, the time that stands in for a missing Date.
    CHECK(after("Tue, 14 Nov 2023 22:15:20 GMT") == 120000);
    CHECK(after("Tue, 14 Nov 2023 22:00:00 GMT") == 0);
    CHECK(after("Tue, 14 Nov 2023 22:15:20 GMT", "Date: Tue, 14 Nov 2023 22:15:10 GMT\r\n") == 10000);
    CHECK(after(std::string(200, '1')) == 9223372036854775000LL);
    CHECK(after("7", "Retry-After: 9\r\n") == 7000);
    CHECK(judge(answer(503, "", "retry-after:7\r\n")).retry_after_ms == 7000);
}

TEST_CASE("every status code with every body in every framing") {
    struct Body {
        const char* name;
        std::string bytes;
        const char* key;  // null: not a success
        bool from_the_api = false;
    };
    const Body bodies[] = {
        {"documented", created, key.c_str()},
        {"documented error", invalid_credentials, nullptr, true},
        {"empty", "", nullptr},
        {"HTML", "<html></html>", nullptr},
        {"invalid UTF-8", "{\"apiKey\":\"\xC3\x28\"}", nullptr},
        {"cut", created.substr(0, created.size() - 1), nullptr},
        {"deep", std::string(500, '[') + std::string(500, ']'), nullptr},
        {"duplicate", R"({"apiKey":"a","apiKey":"b"})", nullptr},
        {"missing", R"({"code":1})", nullptr, true},
        {"wrong type", R"({"apiKey":[1]})", nullptr},
        {"empty key", R"({"apiKey":""})", nullptr},
        {"CR LF in the key", R"({"apiKey":"a\r\nb"})", nullptr},
        {"control in the key", "{\"apiKey\":\"a\\u0001b\"}", nullptr},
        {"byte order mark", "\xEF\xBB\xBF{\"apiKey\":\"abc\"}", "abc"},
        {"NUL", std::string("{\"apiKey\":\"a\0b\"}", 16), nullptr},
        {"gzip", "\x1f\x8b\x08\x03\x02", nullptr},
    };
    long cases = 0;
    for (int code = 100; code <= 599; ++code) {
        for (const Body& body : bodies) {
            std::string chunked =
                "HTTP/1.1 " + std::to_string(code) + " X\r\nTransfer-Encoding: chunked\r\n\r\n";
            char size[16];
            std::snprintf(size, sizeof size, "%zx\r\n", body.bytes.size());
            if (!body.bytes.empty()) chunked += size + body.bytes + "\r\n";
            chunked += "0\r\n\r\n";
            const std::string until_end = "HTTP/1.1 " + std::to_string(code) + " X\r\n\r\n" + body.bytes;
            for (const std::string& bytes : {answer(code, body.bytes), chunked, until_end}) {
                ++cases;
                const auto judged = judge(bytes);
                const bool has_body = code >= 200 && code != 204 && code != 304;
                const bool success = code / 100 == 2 && body.key != nullptr && has_body;
                const auto expected = success                                ? KeyState::replaced
                                      : code / 100 == 4 && body.from_the_api ? KeyState::unchanged
                                                                             : KeyState::unknown;
                if (judged.key_state != expected || (judged.status == Status::ok) != success ||
                    (success && judged.key != body.key)) {
                    FAIL_CHECK(code << " with " << body.name << ": " << judged.what);
                }
            }
        }
    }
    MESSAGE(cases << " answers judged");
}

TEST_CASE("a call that changes nothing leaves the key state unchanged, whatever comes back") {
    const std::string_view bodies[] = {
        "", "{}", created, invalid_credentials, "<html>", R"({"message":"API Key is valid"})"};
    for (const mobivate::Call& call : {mobivate::get_key_call, mobivate::test_key_call}) {
        for (int code = 200; code < 600; ++code) {
            for (const std::string_view body : bodies) {
                How how;
                how.call = call;
                const auto judged = judge(answer(code, body), how);
                CAPTURE(code);
                CAPTURE(body);
                CHECK(judged.key_state == KeyState::unchanged);
                CHECK(judged.what.find("old key") == std::string::npos);
            }
        }
        for (const auto ending : {Status::transport, Status::timeout, Status::cancelled}) {
            How how;
            how.call = call;
            how.ending = ending;
            CHECK(judge("", how).key_state == KeyState::unchanged);
            CHECK(judge("", how).status == ending);
        }
    }
}

TEST_CASE("the key that an account has") {
    How how;
    how.call = mobivate::get_key_call;
    CHECK(judge(answer(200, created), how).status == Status::ok);
    CHECK(judge(answer(200, created), how).key == key);
    CHECK(judge(answer(200, "{}"), how).status == Status::protocol);
    CHECK(judge(answer(401, invalid_credentials), how).status == Status::credentials);
}

TEST_CASE("a tested key") {
    How how;
    how.call = mobivate::test_key_call;
    how.secret = "abcd1234-secret-key";
    for (const std::string_view body : {"", "{}", "valid", R"({"message":"API Key is valid"})"})
        CHECK(judge(answer(200, body), how).status == Status::ok);
    CHECK(judge(answer(204, ""), how).status == Status::ok);
    const auto refused = judge(answer(401, R"({"code":401,"message":"No key abcd1234-secret-key"})"), how);
    CHECK(refused.status == Status::credentials);
    CHECK(refused.what == "The server refuses the key (HTTP 401): No key ***.");
    CHECK(judge(answer(429, "{}", "Retry-After: 7\r\n"), how).retry_after_ms == 7000);
    CHECK(judge(answer(302, ""), how).status == Status::protocol);
}
