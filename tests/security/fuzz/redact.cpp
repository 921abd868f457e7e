// SPDX-License-Identifier: MIT
// Blanking of secrets. An input is three lines: the secret, the steps by which a server writes it, and other
// text. What is expected is no reading of escapes but their writing, and glibc's idea of case: the secret,
// put through the steps, has to go without a trace.
#include <algorithm>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cwctype>
#include <string>

#include "answer/redact.hpp"
#include "claim.hpp"
#include "text/utf8.hpp"

namespace {

constexpr std::size_t most_steps = 4;
constexpr std::size_t largest = 60000;
const std::string frame = "\xEE\x80\x80";  // U+E000: in no escape, and in no case

std::u32string code_points(std::string_view text) {
    std::u32string points;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        char32_t point = size == 1 ? lead : lead & (0x7FU >> size);
        for (std::size_t k = 1; k < size; ++k)
            point = point << 6U | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
        points += point;
        i += size;
    }
    return points;
}

std::string utf8(char32_t point) {
    const auto byte = [](char32_t value) { return static_cast<char>(value); };
    if (point < 0x80) return {byte(point)};
    if (point < 0x800) return {byte(0xC0 | point >> 6U), byte(0x80 | (point & 0x3F))};
    if (point < 0x10000)
        return {byte(0xE0 | point >> 12U), byte(0x80 | (point >> 6U & 0x3F)), byte(0x80 | (point & 0x3F))};
    return {byte(0xF0 | point >> 18U), byte(0x80 | (point >> 12U & 0x3F)), byte(0x80 | (point >> 6U & 0x3F)),
            byte(0x80 | (point & 0x3F))};
}

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
    char text[40];
    std::snprintf(text, sizeof text, pattern, arguments...);
    return text;
}

bool is_plain(char32_t point) {
    return (point >= '0' && point <= '9') || (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z');
}

std::string units(char32_t point, const char* pattern) {
    if (point < 0x10000) return format(pattern, static_cast<unsigned>(point));
    return format(pattern, static_cast<unsigned>(0xD800 + ((point - 0x10000) >> 10U))) +
           format(pattern, static_cast<unsigned>(0xDC00 + ((point - 0x10000) & 0x3FFU)));
}

std::string bytes(char32_t point, const char* pattern) {
    std::string text;
    for (const char c : utf8(point))
        text += format(pattern, static_cast<unsigned>(static_cast<unsigned char>(c)));
    return text;
}

// By the C runtime; what does not fit into its characters has no case.
char32_t in_other_case(char32_t point, std::wint_t (*change)(std::wint_t)) {
    const auto character = static_cast<std::wint_t>(point);
    return character == point ? static_cast<char32_t>(change(character)) : point;
}

// One character, as one of many ways of writing has it.
std::string written(char step, char32_t point) {
    const auto number = static_cast<unsigned>(point);
    switch (step) {
        case 'j':  // JSON, and only what has to be
            if (point == '"' || point == '\\') return format("\\%c", static_cast<char>(point));
            if (point == '\n') return "\\n";
            return point < 0x20 ? format("\\u%04x", number) : utf8(point);
        case 'J': return units(point, "\\u%04X");
        case 'a':  // JSON in ASCII
            if (point == '"' || point == '\\' || point == '/')
                return format("\\%c", static_cast<char>(point));
            return point < 0x20 || point > 0x7E ? units(point, "\\u%04x") : utf8(point);
        case 'b': return is_plain(point) ? utf8(point) : format("\\u{%x}", number);
        case 'x': return is_plain(point) ? utf8(point) : bytes(point, "\\x%02x");
        case 'l': return point < 0x100 && !is_plain(point) ? format("\\x%02X", number) : utf8(point);
        case 'p': return is_plain(point) ? utf8(point) : bytes(point, "%%%02X");
        case 'P': return bytes(point, "%%%02x");
        case '+': return point == ' ' ? "+" : is_plain(point) ? utf8(point) : bytes(point, "%%%02X");
        case 'h':
            switch (point) {
                case '&': return "&amp;";
                case '<': return "&lt;";
                case '>': return "&gt;";
                case '"': return "&quot;";
                case '\'': return "&#39;";
                case 0xFC: return "&uuml;";
                case 0x20AC: return "&euro;";
                default: return utf8(point);
            }
        // A browser reads these controls as something else.
        case 'd':
            return is_plain(point) || point == 0 || (point >= 0x80 && point < 0xA0) ? utf8(point)
                                                                                    : format("&#%u;", number);
        case 'H':
            return point == 0 || (point >= 0x80 && point < 0xA0) ? utf8(point) : format("&#x%X;", number);
        case 'U': return utf8(in_other_case(point, std::towupper));
        case 'L': return utf8(in_other_case(point, std::towlower));
        default: return utf8(point);
    }
}

// Simple case mapping takes these to letters that they are not the same as.
bool loses_itself(char32_t point) { return point == 0x130 || point == 0x131; }

// Two kinds of escapes in the secret itself: which of them is read first may matter.
bool is_ambiguous(std::string_view secret) {
    const bool backslash = secret.find('\\') != std::string_view::npos;
    const bool url = secret.find_first_of("%+") != std::string_view::npos;
    const bool html = secret.find('&') != std::string_view::npos;
    return backslash + url + html > 1;
}

void check_written(std::string_view secret, std::string_view steps) {
    std::string text(secret);
    bool cased = false;
    for (const char step : steps) {
        const std::u32string points = code_points(text);
        // Latin-1 next to other bytes may happen to be UTF-8.
        if (step == 'l' && std::any_of(points.begin(), points.end(), [](char32_t c) { return c > 0x7F; }))
            return;
        const bool changes_case = step == 'U' || step == 'L';
        // Case is the secret's, not that of an escape's letters.
        if (changes_case &&
            (cased || text != secret || std::any_of(points.begin(), points.end(), loses_itself) ||
             secret.find_first_of("\\%&") != std::string_view::npos))
            return;
        cased = cased || changes_case;
        text.clear();
        for (const char32_t point : points) text += written(step, point);
        if (text.size() > largest) return;
    }
    text = frame + text + frame;
    std::string left(mobivate::answer::redact(text.data(), text.size(), secret, ""));
    for (std::size_t at; (at = left.find(frame)) != std::string::npos;) left.erase(at, frame.size());
    fuzz::claim(left.find_first_not_of('*') == std::string::npos,
                "a secret that is written in escapes leaves nothing");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
#if !defined(_WIN32)  // where the C runtime has no such locale, and letters of ASCII alone have a case
    static const char* const locale = std::setlocale(LC_CTYPE, "C.UTF-8");
    fuzz::claim(locale != nullptr, "there is a locale C.UTF-8");
#endif
    std::string_view input = fuzz::text(data, size);
    const std::string secret(fuzz::take_until(input, '\n'));
    const std::string steps(fuzz::take_until(input, '\n').substr(0, most_steps));
    // What is not UTF-8 is refused before: by the client, and by the parser of the answer.
    if (mobivate::text::invalid_utf8(secret) || mobivate::text::invalid_utf8(input)) return 0;
    std::string text(input);
    const std::string_view left = mobivate::answer::redact(text.data(), text.size(), secret, "");
    fuzz::claim(left.size() <= input.size(), "the text only gets shorter");
    fuzz::claim(left.empty() || left.data() == text.data(), "the text stays where it is");
    fuzz::claim(!mobivate::text::invalid_utf8(left), "the text stays UTF-8");
    // Blanks are stars, and control characters become spaces: a secret of those may seem to be left.
    const bool plain = secret.find_first_of("* ") == std::string::npos;
    fuzz::claim(secret.empty() || !plain || left.find(secret) == std::string_view::npos,
                "the secret is not left");
    for (std::size_t at = 0; plain && at + 32 <= secret.size(); ++at)
        fuzz::claim(left.find(secret.substr(at, 32)) == std::string_view::npos,
                    "no eight characters of it are left");
    if (!secret.empty() && !is_ambiguous(secret)) check_written(secret, steps);
    return 0;
}
