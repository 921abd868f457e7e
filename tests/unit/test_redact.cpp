// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "answer/redact.hpp"
#include "arrive.hpp"

namespace {

std::string redact(std::string text, std::string_view password, std::string_view key = "") {
    return std::string(mobivate::answer::redact(text.data(), text.size(), password, key));
}

}  // namespace

TEST_CASE("a secret is blanked however it is written") {
    const std::string password = "pa\"ss<w\xC3\xB6rd>";
    const char* const forms[] = {
        "pa\"ss<w\xC3\xB6rd>",
        "PA\"SS<W\xC3\x96RD>",
        R"(pa\"ss<w\u00f6rd>)",
        R"(p\u0061\u0022ss\u003Cw\u00F6rd\u003e)",
        "pa%22ss%3Cw%C3%B6rd%3e",
        "pa&quot;ss&lt;w&#246;rd&gt;",
        "pa&#x22;ss&#60;w&#xF6;rd&#62;",
        R"(pa\\\"ss<w\\u00f6rd>)",
        R"(pa\u005c\"ss<w\u005cu00f6rd>)",
        "pa%2522ss%253Cw%25C3%25B6rd%253E",
    };
    for (const std::string form : forms) {
        CAPTURE(form);
        CHECK(redact("The password " + form + " is wrong", password) == "The password *** is wrong");
        CHECK(redact(form, password) == "***");
        CHECK(redact(form + form, password) == "***");
    }
}

TEST_CASE("characters beyond the basic plane, and escapes that are none") {
    const std::string emoji = "pass\xF0\x9F\x98\x80\xE2\x82\xACword";
    CHECK(redact(R"(a pass\ud83d\ude00\u20acword b)", emoji) == "a *** b");
    CHECK(redact("a pass&#128512;&#x20AC;word b", emoji) == "a *** b");
    CHECK(redact("a PASS%F0%9F%98%80%E2%82%ACWORD b", emoji) == "a *** b");
    CHECK(redact("a \xCE\xA3\xD0\x96\xC4\x8C\xC5\xBD\xD0\x81x b",
                 "\xCF\x83\xD0\xB6\xC4\x8D\xC5\xBE\xD1\x91x") == "a *** b");
    for (const std::string text : {R"(\ud83d\u0041)", R"(\ud83dx)", R"(\u12)", R"(\q)", R"(\)", "&#;", "&#x;",
                                   "&#9999999;", "&amp", "%4", "%zz", "&#65"}) {
        CAPTURE(text);
        CHECK(redact(text, "secret") == text);
    }
    CHECK(redact(R"(s\x65cret)", "secret") == "***");
}

TEST_CASE("letters of every script whose case is regular, at the edges of their ranges") {
    // Upper and lower case, and what lies between the ranges and has none.
    const char* const pairs[][2] = {
        {"\xC3\x80", "\xC3\xA0"},  // U+00C0
        {"\xC3\x9E", "\xC3\xBE"},  // U+00DE
        {"\xCE\x91", "\xCE\xB1"},  // U+0391
        {"\xCE\xA9", "\xCF\x89"},  // U+03A9
        {"\xD0\x90", "\xD0\xB0"},  // U+0410
        {"\xD0\xAF", "\xD1\x8F"},  // U+042F
        {"\xD0\x80", "\xD1\x90"},  // U+0400
        {"\xC4\x80", "\xC4\x81"},  // U+0100
        {"\xC4\xB6", "\xC4\xB7"},  // U+0136
        {"\xC5\x8A", "\xC5\x8B"},  // U+014A
        {"\xC5\xB6", "\xC5\xB7"},  // U+0176
        {"\xD1\xA0", "\xD1\xA1"},  // U+0460
        {"\xD2\x80", "\xD2\x81"},  // U+0480
        {"\xC4\xB9", "\xC4\xBA"},  // U+0139
        {"\xC5\x87", "\xC5\x88"},  // U+0147
        {"\xC5\xB9", "\xC5\xBA"},  // U+0179
        {"\xC5\xBD", "\xC5\xBE"},  // U+017D
    };
    for (const auto& pair : pairs) {
        // No structured binding: doctest's macros put it into a lambda.
        const std::string upper = pair[0];
        const std::string lower = pair[1];
        CAPTURE(upper);
        CHECK(redact(std::string("a") + upper + "bcd", std::string("a") + lower + "bcd") == "***");
        CHECK(redact(std::string("a") + lower + "bcd", std::string("a") + upper + "bcd") == "***");
    }
    for (const std::string without : {"\xC3\x97", "\xC3\xB7", "\xC4\xB8", "\xC5\x89", "\xC5\xB8", "\xC6\x80",
                                      "\xCE\x90", "\xCF\xBF", "\xD2\x82", "\xDF\xBF"}) {
        CAPTURE(without);
        CHECK(redact("a" + without + "bcd", "a" + without + "bcd") == "***");
        CHECK(redact("a" + without + "bcd",
                     "a\xC3\xA0"
                     "bcd") == "a" + without + "bcd");
    }
}

TEST_CASE("escapes that are cut or out of range are text") {
    for (const std::string text :
         {R"(\ud83d\ud83d)", R"(\ud83d\ue000)", R"(\ud83d\u12)", R"(\ue000 x)", R"(\x4)", "&#x110000;",
          "&#1114112;", "&#x", "&#", "&#x41", "&#X41", "&#12345678;"}) {
        CAPTURE(text);
        CHECK(redact(text, "secret") == text);
    }
    CHECK(redact("&#X73;ecret", "secret") == "***");
}

TEST_CASE("a secret that looks like an escape itself is found as it is") {
    CHECK(redact("x%41bcde y", "%41bcde") == "x*** y");
    CHECK(redact("%41bcde", "41bcde") == "%***");
    CHECK(redact(R"(a\u0041b\\nc)", R"(\u0041b\\n)") == "a***c");
    CHECK(redact("&amp;secret&lt;", "&amp;secret") == "***&lt;");
}

TEST_CASE("a beginning of a secret at the end of a text is blanked") {
    CHECK(redact("your password is opense", "opensesame") == "your password is ***");
    CHECK(redact("your password is open", "opensesame") == "your password is ***");
    CHECK(redact("your password is ope", "opensesame") == "your password is ope");
    CHECK(redact("cut \\u006fpense", "opensesame") == "cut ***");
}

TEST_CASE("short secrets, repeated ones, and none") {
    CHECK(redact("a banana", "a") == "* b*n*n*");
    CHECK(redact("aaaa", "aa") == "***");
    CHECK(redact("nothing here", "opensesame") == "nothing here");
    CHECK(redact("", "opensesame").empty());
    CHECK(redact("text", "") == "text");
    CHECK(redact("a\0b", "x") == "a");
    CHECK(redact(std::string("a\0b", 3), "x") == "a b");
}

TEST_CASE("keys are blanked: the one that came and whatever has their shape") {
    CHECK(redact("key K3Y! given", "x1", "k3y!") == "key *** given");
    CHECK(redact("old ABCD1234-9922-abcd-1234-abcd1234abcd.", "x1") == "old ***.");
    CHECK(redact("old abcd1234%2D9922-abcd-1234-abcd1234abcd.", "x1") == "old ***.");
    CHECK(redact("abcd1234-9922-abcd-1234-abcd1234abc", "x1") == "abcd1234-9922-abcd-1234-abcd1234abc");
}

TEST_CASE("the largest text and secret") {
    const std::string password(65536, 'a');
    CHECK(redact(std::string(65536, 'a'), password) == "***");
    CHECK(redact(std::string(65535, 'a') + "b", password) == std::string(65535, 'a') + "b");
}

TEST_CASE("nothing that the server echoes comes out of the messages") {
    arrive::How how;
    how.password = "open\"sesame";
    const std::string body =
        R"({"code":500,"message":"no login with OPEN\u0022sesame for key k-1-2-3","apiKey":"k-1-2-3"})";
    const auto judged = arrive::judge(arrive::answer(500, body), how);
    CHECK(judged.server_message == "no login with *** for key ***");
    CHECK(judged.what == "The server failed (HTTP 500): no login with *** for key ***.");
}
