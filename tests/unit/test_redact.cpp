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
        "pa%22ss%3Cw%F6rd%3E",
        "pa&QUOT;ss&LTw&Ouml;rd&GT",
        "pa&#34ss&#00060w&#x0000F6rd&#62;",
        R"(pa\x22ss\x3cw\xf6rd\x3e)",
        R"(pa\x22ss\x3cw\xC3\xB6rd\x3e)",
        R"(pa\u{22}ss\u{0003c}w\u{f6}rd>)",
        "pa&amp;quot;ss&amp;amp;lt;w&amp;ouml;rd%26gt;",
        R"(pa%5Cu0022ss&#92;u003cw&percnt;f6rd\u0026gt)",
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

TEST_CASE("case is folded as Unicode folds it") {
    const char* const pairs[][2] = {
        {"\xCE\x86\xCE\xA3\xCE\x8Fx", "\xCE\xAC\xCF\x82\xCF\x8Ex"},  // Greek with accents, a final sigma
        {"\xE1\xBA\xA4\xE1\xBB\x98\xC6\xA0x", "\xE1\xBA\xA5\xE1\xBB\x99\xC6\xA1x"},  // Vietnamese
        {"\xD0\x84\xD2\x90\xD3\x98x", "\xD1\x94\xD2\x91\xD3\x99x"},                  // Ukrainian, Kazakh
        {"\xD4\xB1\xD5\x96x", "\xD5\xA1\xD6\x86x"},                                  // Armenian
        {"\xE1\xB2\x90\xE1\xB2\xBAx", "\xE1\x83\x90\xE1\x83\xBAx"},                  // Georgian
        {"\xEF\xBC\xA1\xEF\xBC\xBAx", "\xEF\xBD\x81\xEF\xBD\x9Ax"},                  // full width
        {"\xF0\x90\x90\x80\xF0\x9E\xA4\x80x", "\xF0\x90\x90\xA8\xF0\x9E\xA4\xA2x"},  // Deseret, Adlam
        {"GROSS", "gro\xC3\x9F"},                                                    // one letter, two
        {"gro\xE1\xBA\x9E", "GROSS"},
        {"\xEF\xAC\x83xyz", "FFIXYZ"},    // one letter, three
        {"\xC4\xB0xyz", "i\xCC\x87XYZ"},  // I with a dot above
        {"\xE2\x84\xAAxyz", "kXYZ"},      // the sign for kelvin
    };
    for (const auto& pair : pairs) {
        // No structured binding: doctest's macros put it into a lambda.
        const std::string one = pair[0];
        const std::string other = pair[1];
        CAPTURE(one);
        CHECK(redact("<" + one + ">", other) == "<***>");
        CHECK(redact("<" + other + ">", one) == "<***>");
    }
    // Letters that differ in more than case.
    for (const std::string other : {"\xC3\x97", "\xC3\xB7", "\xC4\xB8", "\xC4\xB1", "\xE1\xBA\xA5"}) {
        CAPTURE(other);
        const std::string text = "a" + other + "bcd";
        CHECK(redact(text,
                     "a\xC3\xA0"
                     "bcd") == text);
        CHECK(redact(text, "aibcd") == text);
    }
    // A part of a letter's folded form is the whole letter.
    CHECK(redact("gro\xC3\x9Fx", "gros") == "***x");
    CHECK(redact("\xC3\x9Fgrox", "sgro") == "***x");
}

TEST_CASE("a space is written with a plus as well") {
    CHECK(redact("is correct+horse%2Bbattery?", "correct horse+battery") == "is ***?");
    CHECK(redact("is correct%20horse+battery?", "correct horse+battery") == "is ***?");
    CHECK(redact("a+b c%2bd", "x1") == "a+b c%2bd");
}

TEST_CASE("any run of eight characters of a secret is blanked") {
    const std::string password = "correct horse battery staple";
    CHECK(redact("you said 'orse bat...'", password) == "you said '***...'");
    CHECK(redact("you said 'rse bat...'", password) == "you said 'rse bat...'");
    CHECK(redact("began with correct h and ended in staple", password) ==
          "began with *** and ended in staple");
    CHECK(redact("began with 'CORRECT%20H' (cut)", password) == "began with '***' (cut)");
    CHECK(redact("c\xC3\xB6rrect h\xC3\xB6rse", "c\xC3\xB6rrect h\xC3\xB6rse battery") == "***");
    // Characters, and not bytes.
    CHECK(redact("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4 x", std::string("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4") +
                                                           "12345") == "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4 x");
    CHECK(redact("the key abcdefgh-ijkl", "x1", "zzabcdefgh-ijklzz") == "the key ***");
}

TEST_CASE("a text is decoded until nothing changes, and what goes on for too long is blanked whole") {
    std::string nested = "op%65nsesame";
    for (int layer = 1; layer <= 8; ++layer) {
        CAPTURE(layer);
        CHECK(redact("<" + nested + ">", "opensesame") == "<***>");
        nested.insert(nested.find('%') + 1, "25");
    }
    CHECK(redact("<" + nested + ">", "opensesame") == "***");
    CHECK(redact("<" + nested + ">", "other") == "***");
    // Where a secret's end joins what is behind it, it is found on the way.
    CHECK(redact(R"("xyza%5C%22 is wrong)", R"(xyza\)") == R"("***%22 is wrong)");
    CHECK(redact("100%41bcde", "41bcde") == "100%***");
}

TEST_CASE("HTML's references are read as a browser reads them") {
    const auto hides = [](const std::string& text, const std::string& character) {
        return redact("ab" + text + "yz", "ab" + character + "yz") == "***";
    };
    CHECK(hides("&amp;", "&"));
    CHECK(hides("&CounterClockwiseContourIntegral;", "\xE2\x88\xB3"));
    CHECK(hides("&nGt;", "\xE2\x89\xAB\xE2\x83\x92"));
    CHECK(hides("&euro;", "\xE2\x82\xAC"));
    CHECK(hides("&#128;", "\xE2\x82\xAC"));
    CHECK(hides("&#x80", "\xE2\x82\xAC"));
    CHECK(hides("&#0;", "\xEF\xBF\xBD"));
    CHECK(hides("&#xD800;", "\xEF\xBF\xBD"));
    CHECK(hides("&#99999999999999999999;", "\xEF\xBF\xBD"));
    CHECK(hides("&#" + std::string(1000, '0') + "65;", "a"));
    CHECK(hides("&copy", "\xC2\xA9"));
    CHECK(hides("&notin;", "\xE2\x88\x89"));
    CHECK(hides("&notit;", "\xC2\xACit;"));
    CHECK(hides("&Tab;", "\t"));
    CHECK_FALSE(hides("&euro", "\xE2\x82\xAC"));
    CHECK_FALSE(hides("&EURO;", "\xE2\x82\xAC"));
}

TEST_CASE("escapes that are cut or out of range are text") {
    for (const std::string text :
         {R"(\ud83d\ud83d)", R"(\ud83d\ue000)", R"(\ud83d\u12)", R"(\ue000 x)", R"(\x4)", R"(\u{})",
          R"(\u{110000})", R"(\u{41)", R"(\u{4g})", "&#x", "&#", "& amp;", "&;", "&lti", "%u0041"}) {
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
    CHECK(redact("x&amp;ampersand", "&ampersand") == "x***");
    CHECK(redact("a+b%2541", "a b%41") == "***");
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
    CHECK(redact(std::string(65535, 'a') + "b", password) == "***b");
    CHECK(redact(std::string(65536, 'b'), password) == std::string(65536, 'b'));
    // Every letter of the text becomes three, and so does every one of the secret.
    std::string expanding;
    for (int i = 0; i < 32768; ++i) expanding += "\xCE\x90";
    CHECK(redact(expanding, expanding, expanding) == "***");
}

TEST_CASE("nothing that the server echoes comes out of the messages") {
    arrive::How how;
    how.secret = "open\"sesame";
    const std::string body =
        R"({"code":500,"message":"no login with OPEN\u0022sesame for key k-1-2-3","apiKey":"k-1-2-3"})";
    const auto judged = arrive::judge(arrive::answer(500, body), how);
    CHECK(judged.server_message == "no login with *** for key ***");
    CHECK(judged.what == "The server failed (HTTP 500): no login with *** for key ***.");
}
