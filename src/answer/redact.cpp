// SPDX-License-Identifier: MIT
#include "answer/redact.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <new>

#include "secret/buffer.hpp"
#include "text/ascii.hpp"

namespace mobivate::answer {
namespace {

using text::hex_value;

constexpr char mark = '\xFF';              // never part of UTF-8
constexpr std::size_t shortest_trace = 4;  // a beginning of a secret at the end of a text tells from here on
constexpr int escape_layers = 3;

struct Decoded {
    std::uint32_t code_point = 0;
    std::size_t taken = 0;  // 0: no escape here
};

// As many hexadecimal digits as there are, at most `most`.
Decoded hex_digits(std::string_view text, std::size_t most) noexcept {
    Decoded number;
    while (number.taken < std::min(most, text.size()) && hex_value(text[number.taken]) >= 0) {
        number.code_point =
            number.code_point * 16 + static_cast<std::uint32_t>(hex_value(text[number.taken++]));
    }
    return number;
}

Decoded backslash_escape(std::string_view text) noexcept {
    if (text.size() < 2) return {};
    if (text[1] == 'u' || text[1] == 'x') {
        const std::size_t wanted = text[1] == 'u' ? 4 : 2;
        const Decoded number = hex_digits(text.substr(2), wanted);
        if (number.taken != wanted) return {};
        if (number.code_point < 0xD800 || number.code_point > 0xDBFF) return {number.code_point, 2 + wanted};
        const std::string_view next = text.substr(6);
        const Decoded low = text::starts_with(next, "\\u") ? hex_digits(next.substr(2), 4) : Decoded{};
        if (low.taken != 4 || low.code_point < 0xDC00 || low.code_point > 0xDFFF) return {};
        return {0x10000 + ((number.code_point - 0xD800) << 10U) + (low.code_point - 0xDC00), 12};
    }
    constexpr std::string_view names = "\"\\/'bfnrt";
    constexpr std::string_view values = "\"\\/'\b\f\n\r\t";
    const std::size_t at = names.find(text[1]);
    if (at == std::string_view::npos) return {};
    return {static_cast<std::uint32_t>(values[at]), 2};
}

Decoded html_escape(std::string_view text) noexcept {
    struct Entity {
        std::string_view name;
        char value;
    };
    constexpr std::array<Entity, 5> entities{
        {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
    for (const Entity& entity : entities) {
        if (text::starts_with(text, entity.name))
            return {static_cast<std::uint32_t>(entity.value), entity.name.size()};
    }
    if (!text::starts_with(text, "&#")) return {};
    const bool hexadecimal = text.size() > 2 && text::to_lower(text[2]) == 'x';
    const std::size_t begin = hexadecimal ? 3 : 2;
    Decoded number;
    if (hexadecimal) {
        number = hex_digits(text.substr(begin), 6);
    } else {
        while (number.taken < 7 && begin + number.taken < text.size() &&
               text::is_digit(text[begin + number.taken])) {
            number.code_point =
                number.code_point * 10 + static_cast<std::uint32_t>(text[begin + number.taken++] - '0');
        }
    }
    const std::size_t end = begin + number.taken;
    if (number.taken == 0 || end >= text.size() || text[end] != ';' || number.code_point > 0x10FFFF)
        return {};
    return {number.code_point, end + 1};
}

std::size_t encode_utf8(std::uint32_t code_point, char* out) noexcept {
    const auto tail = [code_point](unsigned shift) {
        return static_cast<char>(0x80U | ((code_point >> shift) & 0x3FU));
    };
    if (code_point < 0x80) {
        out[0] = static_cast<char>(code_point);
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = static_cast<char>(0xC0U | (code_point >> 6U));
        out[1] = tail(0);
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = static_cast<char>(0xE0U | (code_point >> 12U));
        out[1] = tail(6);
        out[2] = tail(0);
        return 3;
    }
    out[0] = static_cast<char>(0xF0U | (code_point >> 18U));
    out[1] = tail(12);
    out[2] = tail(6);
    out[3] = tail(0);
    return 4;
}

// The lower case of a code point that UTF-8 writes in two bytes, in the scripts where case is regular.
std::uint32_t lower_two_byte(std::uint32_t c) noexcept {
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40F) return c + 0x50;
    if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) || (c >= 0x460 && c <= 0x481)) return c | 1U;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c + (c & 1U);
    return c;
}

// A text reduced to what a reader would recognise in it, and where each byte of that came from.
class Folded {
public:
    Folded(std::string_view text, int layers) {
        if (!bytes_.reserve(text.size()) || !origins_.reserve((text.size() + 1) * sizeof(std::uint32_t)))
            throw std::bad_alloc();
        bytes_.append(text);
        for (std::uint32_t i = 0; i <= text.size(); ++i) set_origin(i, i);
        for (int layer = 0; layer < layers && unescape(); ++layer) {
        }
        fold_case();
    }

    [[nodiscard]] std::string_view view() const noexcept { return bytes_.view(); }
    [[nodiscard]] std::size_t origin(std::size_t index) noexcept {
        std::uint32_t value = 0;
        std::memcpy(&value, origins_.data() + index * sizeof value, sizeof value);
        return value;
    }

private:
    void set_origin(std::size_t index, std::size_t value) noexcept {
        const auto stored = static_cast<std::uint32_t>(value);
        std::memcpy(origins_.data() + index * sizeof stored, &stored, sizeof stored);
        origins_.set_size(std::max(origins_.size(), (index + 1) * sizeof stored));
    }

    // Takes one layer of escapes off; says whether there was one.
    bool unescape() noexcept {
        const std::string_view text = bytes_.view();
        std::size_t out = 0;
        std::size_t in = 0;
        while (in < text.size()) {
            const std::string_view rest = text.substr(in);
            Decoded decoded;
            std::array<char, 4> utf8{};
            std::size_t size = 0;
            if (rest[0] == '\\') decoded = backslash_escape(rest);
            if (rest[0] == '&') decoded = html_escape(rest);
            if (rest[0] == '%') {
                decoded = hex_digits(rest.substr(1), 2);  // a byte, and not a code point
                decoded.taken = decoded.taken == 2 ? 3 : 0;
                utf8[0] = static_cast<char>(decoded.code_point);
                size = 1;
            } else {
                size = encode_utf8(decoded.code_point, utf8.data());
            }
            if (decoded.taken == 0) {
                utf8[0] = rest[0];
                size = 1;
            }
            const std::size_t from = origin(in);
            in += std::max<std::size_t>(decoded.taken, 1);
            for (std::size_t i = 0; i < size; ++i) {
                set_origin(out, from);
                bytes_.data()[out++] = utf8[i];
            }
        }
        set_origin(out, origin(text.size()));
        const bool shorter = out < text.size();
        bytes_.set_size(out);
        return shorter;
    }

    void fold_case() noexcept {
        char* data = bytes_.data();
        for (std::size_t i = 0; i < bytes_.size(); ++i) {
            const auto lead = static_cast<unsigned char>(data[i]);
            if (lead >= 0xC2 && lead <= 0xDF && i + 1 < bytes_.size()) {
                const std::uint32_t c =
                    ((lead & 0x1FU) << 6U) | (static_cast<unsigned char>(data[i + 1]) & 0x3FU);
                encode_utf8(lower_two_byte(c), data + i);
                ++i;
            } else {
                data[i] = text::to_lower(data[i]);
            }
        }
    }

    secret::Buffer bytes_;
    secret::Buffer origins_;
};

void mark_span(char* data, std::size_t begin, std::size_t end) noexcept {
    std::fill(data + begin, data + end, mark);
}

void mark_secret(char* data, Folded& text, std::string_view secret) noexcept {
    if (secret.empty()) return;
    const std::string_view all = text.view();
    for (std::size_t at = all.find(secret); at != std::string_view::npos; at = all.find(secret, at + 1)) {
        mark_span(data, text.origin(at), text.origin(at + secret.size()));
    }
    for (std::size_t size = std::min(all.size(), secret.size() - 1); size >= shortest_trace; --size) {
        if (all.substr(all.size() - size) != secret.substr(0, size)) continue;
        mark_span(data, text.origin(all.size() - size), text.origin(all.size()));
        return;
    }
}

// The service's keys have the shape of a UUID, so one that was not asked for is recognised, too.
void mark_uuids(char* data, Folded& text) noexcept {
    constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const std::string_view all = text.view();
    for (std::size_t at = 0; at + shape.size() <= all.size(); ++at) {
        const bool matches =
            std::equal(shape.begin(), shape.end(), all.begin() + static_cast<std::ptrdiff_t>(at),
                       [](char wanted, char c) { return wanted == '-' ? c == '-' : hex_value(c) >= 0; });
        if (matches) mark_span(data, text.origin(at), text.origin(at + shape.size()));
    }
}

// Replaces each run of marks by at most three stars, so that a secret's size does not show.
std::size_t stars_for_marks(char* data, std::size_t size) noexcept {
    std::size_t out = 0;
    std::size_t run = 0;
    for (std::size_t in = 0; in < size; ++in) {
        run = data[in] == mark ? run + 1 : 0;
        if (run > 3) continue;
        const char plain = data[in] == '\0' ? ' ' : data[in];  // a NUL would end the text for its readers
        data[out++] = run > 0 ? '*' : plain;
    }
    return out;
}

}  // namespace

std::string_view redact(char* data, std::size_t size, std::string_view secret, std::string_view key) {
    // Without the escapes taken off first: a secret may itself contain what looks like one.
    for (const int layers : {0, escape_layers}) {
        Folded folded_text({data, size}, layers);
        mark_secret(data, folded_text, Folded(secret, layers).view());
        mark_secret(data, folded_text, Folded(key, layers).view());
        mark_uuids(data, folded_text);
    }
    return {data, stars_for_marks(data, size)};
}

}  // namespace mobivate::answer
