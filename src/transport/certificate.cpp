// SPDX-License-Identifier: MIT
#include "transport/certificate.hpp"

#include <algorithm>
#include <cstddef>

#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace mobivate::transport {
namespace {

// The tags of ITU-T X.690 and X.509 that a certificate is made of.
enum Tag : unsigned char {
    boolean = 0x01,
    integer = 0x02,
    bit_string = 0x03,
    octet_string = 0x04,
    null = 0x05,
    object_identifier = 0x06,
    utf8_string = 0x0C,
    printable_string = 0x13,
    t61_string = 0x14,
    ia5_string = 0x16,
    utc_time = 0x17,
    generalized_time = 0x18,
    universal_string = 0x1C,
    bmp_string = 0x1E,
    sequence = 0x30,
    set = 0x31,
    version = 0xA0,
    extensions = 0xA3,
};

struct Element {
    unsigned char tag = 0;
    std::string_view content;
    std::string_view whole;
};

// Takes one element after the other off a text. What is not strict DER is a failure, which stays.
class Reader {
public:
    explicit Reader(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] bool complete() const noexcept { return !failed_ && rest_.empty(); }
    [[nodiscard]] bool next_is(Tag tag) const noexcept {
        return !rest_.empty() && static_cast<unsigned char>(rest_.front()) == tag;
    }
    void fail() noexcept {
        failed_ = true;
        rest_ = {};
    }
    void require(bool condition) noexcept {
        if (!condition) fail();
    }

    Element take() noexcept {
        Element element;
        if (rest_.size() < 2) return fail(), element;
        element.tag = byte(0);
        std::size_t size = byte(1);
        std::size_t head = 2;
        if (size >= 0x80) {
            const std::size_t digits = size & 0x7F;
            head += digits;
            if (digits == 0 || digits > 3 || rest_.size() < head) return fail(), element;
            size = 0;
            for (std::size_t i = 2; i < head; ++i) size = size << 8 | byte(i);
            if (size < 0x80 || byte(2) == 0) return fail(), element;
        }
        // Tags of more than one byte are in no certificate.
        if ((element.tag & 0x1F) == 0x1F || size > rest_.size() - head) return fail(), element;
        element.content = rest_.substr(head, size);
        element.whole = rest_.substr(0, head + size);
        rest_.remove_prefix(head + size);
        return element;
    }

    Element take(Tag tag) noexcept {
        const Element element = take();
        require(element.tag == tag);
        return failed_ ? Element{} : element;
    }
    Reader enter(Tag tag) noexcept { return Reader(take(tag).content); }

private:
    [[nodiscard]] unsigned char byte(std::size_t at) const noexcept {
        return static_cast<unsigned char>(rest_[at]);
    }

    std::string_view rest_;
    bool failed_ = false;
};

unsigned char first(std::string_view text) noexcept { return static_cast<unsigned char>(text.front()); }

bool is_integer(std::string_view content) noexcept {
    if (content.size() < 2) return content.size() == 1;
    const bool negative = (static_cast<unsigned char>(content[1]) & 0x80) != 0;
    return first(content) != (negative ? 0xFF : 0x00);  // no byte more than it takes
}

bool is_object_identifier(std::string_view content) noexcept {
    bool begins = true;
    for (const char c : content) {
        const auto byte = static_cast<unsigned char>(c);
        if (begins && byte == 0x80) return false;
        begins = byte < 0x80;
    }
    return !content.empty() && begins;
}

bool is_bit_string(std::string_view content) noexcept { return !content.empty() && first(content) < 8; }

void check_algorithm(Reader& reader) noexcept {
    Reader inner = reader.enter(sequence);
    inner.require(is_object_identifier(inner.take(object_identifier).content));
    if (!inner.at_end()) {
        const Element parameters = inner.take();
        inner.require((parameters.tag == null && parameters.content.empty()) || parameters.tag == sequence ||
                      (parameters.tag == object_identifier && is_object_identifier(parameters.content)));
        // An element inside that is broken would not be noticed here.
        for (Reader deeper(parameters.tag == sequence ? parameters.content : ""); !deeper.at_end();) {
            (void)deeper.take();
            inner.require(!deeper.failed());
        }
    }
    reader.require(inner.complete());
}

bool is_text(const Element& value) noexcept {
    const bool is_ascii = std::all_of(value.content.begin(), value.content.end(),
                                      [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    switch (value.tag) {
        case utf8_string: return is_ascii || !text::invalid_utf8(value.content);
        case printable_string:
        case t61_string:
        case ia5_string: return is_ascii;
        default: return false;
    }
}

void check_name(std::string_view name, Reader& reader) noexcept {
    Reader parts(name);
    while (!parts.at_end()) {
        Reader part = parts.enter(set);
        parts.require(!part.at_end());
        while (!part.at_end()) {
            Reader attribute = part.enter(sequence);
            attribute.require(is_object_identifier(attribute.take(object_identifier).content));
            attribute.require(is_text(attribute.take()));
            part.require(attribute.complete());
        }
        parts.require(part.complete());
    }
    reader.require(parts.complete());
}

void check_validity(Reader& reader) noexcept {
    Reader inner = reader.enter(sequence);
    for (int i = 0; i < 2; ++i) {
        const Element time = inner.take();
        inner.require(time.tag == utc_time || time.tag == generalized_time);
    }
    reader.require(inner.complete());
}

void check_key(Reader& reader) noexcept {
    Reader inner = reader.enter(sequence);
    check_algorithm(inner);
    inner.require(is_bit_string(inner.take(bit_string).content));
    reader.require(inner.complete());
}

void check_extensions(Reader& reader) noexcept {
    Reader outer = reader.enter(extensions);
    Reader list = outer.enter(sequence);
    outer.require(!list.at_end());
    while (!list.at_end()) {
        Reader extension = list.enter(sequence);
        extension.require(is_object_identifier(extension.take(object_identifier).content));
        if (extension.next_is(boolean)) extension.require(extension.take(boolean).content.size() == 1);
        (void)extension.take(octet_string);
        list.require(extension.complete());
    }
    outer.require(list.complete());
    reader.require(outer.complete());
}

// FNV-1a, of 64 bits.
class Number {
public:
    void add(unsigned char byte) noexcept { value_ = (value_ ^ byte) * 0x100000001B3U; }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

private:
    std::uint64_t value_ = 0xCBF29CE484222325U;
};

// Of a text only ASCII's letters, in small, and digits: they are the same in every type of string, and all
// that X.509 overlooks is something else.
void add_text(Number& number, const Element& value) noexcept {
    const std::size_t width = value.tag == bmp_string ? 2 : value.tag == universal_string ? 4 : 1;
    for (std::size_t at = 0; at + width <= value.content.size(); at += width) {
        std::uint32_t character = 0;
        for (std::size_t i = 0; i < width; ++i) {
            character = character << 8 | static_cast<unsigned char>(value.content[at + i]);
        }
        if (character >= 0x80) continue;
        const char small = text::to_lower(static_cast<char>(character));
        if (text::is_digit(small) || (small >= 'a' && small <= 'z'))
            number.add(static_cast<unsigned char>(small));
    }
}

}  // namespace

std::optional<std::string_view> plain_subject(std::string_view certificate) noexcept {
    Reader file(certificate);
    Reader outer = file.enter(sequence);
    file.require(file.at_end());
    Reader inner = outer.enter(sequence);
    if (inner.next_is(version)) {
        Reader number = inner.enter(version);
        inner.require(number.take(integer).content.size() == 1 && number.complete());
    }
    inner.require(is_integer(inner.take(integer).content));  // the serial number
    check_algorithm(inner);
    check_name(inner.take(sequence).content, inner);  // the issuer
    check_validity(inner);
    const Element subject = inner.take(sequence);
    check_name(subject.content, inner);
    check_key(inner);
    if (!inner.at_end()) check_extensions(inner);
    outer.require(inner.complete());
    check_algorithm(outer);
    outer.require(is_bit_string(outer.take(bit_string).content));
    if (!file.complete() || !outer.complete()) return std::nullopt;
    return subject.whole;
}

std::optional<std::uint64_t> name_number(std::string_view name) noexcept {
    Reader whole(name);
    Reader parts = whole.enter(sequence);
    std::uint64_t sum = 0;  // so that the order of what stands in one part is of no matter
    while (!parts.at_end()) {
        Reader part = parts.enter(set);
        while (!part.at_end()) {
            Reader attribute = part.enter(sequence);
            Number number;
            for (const char c : attribute.take(object_identifier).content) {
                number.add(static_cast<unsigned char>(c));
            }
            add_text(number, attribute.take());
            part.require(attribute.complete());
            sum += number.value();
        }
        parts.require(part.complete());
    }
    if (!whole.complete() || !parts.complete()) return std::nullopt;
    return sum;
}

}  // namespace mobivate::transport
