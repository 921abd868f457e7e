// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>

#include "text/message.hpp"
#include "text/utf8.hpp"

using mobivate::text::hand_out;
using mobivate::text::invalid_utf8;
using mobivate::text::Message;

TEST_CASE("invalid UTF-8 is found at its first byte") {
    CHECK_FALSE(invalid_utf8(""));
    CHECK_FALSE(invalid_utf8("plain"));
    CHECK_FALSE(invalid_utf8(std::string_view("a\0b", 3)));
    CHECK_FALSE(invalid_utf8("\xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF"));
    struct Case {
        std::string text;
        std::size_t offset;
    };
    const Case cases[] = {
        {"\x80", 0},
        {"ab\xFFzz", 2},
        {"abc\xC3", 3},               // cut
        {"abc\xC3(", 3},              // not continued
        {"a\xC0\xAF", 1},             // overlong
        {"\xC3\xBC\xE0\x80\xAF", 2},  // overlong
        {"x\xED\xA0\x80", 1},         // surrogate
        {"\xF4\x90\x80\x80", 0},      // beyond U+10FFFF
        {"\xF0\x9F\x98", 0},          // cut
        {std::string("ok\xE2\x82\0", 5), 2},
    };
    for (const Case& row : cases) {
        CAPTURE(row.text);
        REQUIRE(invalid_utf8(row.text));
        CHECK(*invalid_utf8(row.text) == row.offset);
    }
}

TEST_CASE("text is handed out as snprintf does it, and never splits a character") {
    const std::string text = "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80z";
    const std::size_t whole_at[] = {0, 1, 3, 6, 10, 11};
    CHECK(hand_out(text, nullptr, 0) == text.size());
    for (std::size_t capacity = 1; capacity < 16; ++capacity) {
        CAPTURE(capacity);
        std::string buffer(20, '#');
        CHECK(hand_out(text, buffer.data(), capacity) == text.size());
        std::size_t expected = 0;
        for (const std::size_t whole : whole_at) {
            if (whole < capacity) expected = whole;
        }
        CHECK(buffer.substr(0, expected) == text.substr(0, expected));
        CHECK(buffer[expected] == '\0');
        CHECK(buffer.substr(capacity) == std::string(20 - capacity, '#'));
    }
    char untouched = '#';
    CHECK(hand_out(text, &untouched, 0) == text.size());
    CHECK(untouched == '#');
}

TEST_CASE("a message takes what fits and no half character") {
    Message message;
    for (int i = 0; i < 600; ++i) message << "\xC3\xBC";
    CHECK(message.view().size() == 1024);
    message << "x";
    CHECK(message.view().size() == 1024);
    message.clear();
    message << "x";
    for (int i = 0; i < 600; ++i) message << "\xC3\xBC";
    CHECK(message.view().size() == 1023);
}

TEST_CASE("a message quotes without control characters") {
    Message message;
    (message << "n=" << std::int64_t{-42} << " ").quote("a\r\nb\x1b[0m\x7f", 100);
    CHECK(message.view() == "n=-42 a  b [0m ");
    message.clear();
    message.quote("a\xC2\x9B\xC2\x80z\xC2\xA0\xC3\x9B", 100);
    CHECK(message.view() == "a    z\xC2\xA0\xC3\x9B");
    message.clear();
    // Cut before its second byte.
    message.quote("a\xC2\x9B", 2);
    CHECK(message.view() == "a...");
    message.clear();
    message.quote("a\xFFz\xC3(\xED\xA0\x80\xC3\xBC\xE2\x82", 100);
    const std::string replaced = "\xEF\xBF\xBD";
    CHECK(message.view() == "a" + replaced + "z" + replaced + "(" + replaced + replaced + replaced +
                                "\xC3\xBC" + replaced + replaced);
    message.clear();
    message.quote("abcdef", 3);
    CHECK(message.view() == "abc...");
}
