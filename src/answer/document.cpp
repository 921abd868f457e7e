// SPDX-License-Identifier: MIT
#include "answer/document.hpp"

#include <algorithm>
#include <cstring>

#include <rapidjson/reader.h>

#include "call.hpp"
#include "text/ascii.hpp"
#include "text/json_memory.hpp"

namespace mobivate::answer {
namespace {

bool usable_key(std::string_view key) noexcept {
    return !key.empty() && key.size() <= longest_key && std::all_of(key.begin(), key.end(), text::is_visible);
}

// Takes the documented members of the outermost object; everything else passes by.
class Members : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Members> {
public:
    explicit Members(Document& document) noexcept : document_(document) {}

    // Any value that has no function of its own below.
    bool Default() noexcept { return other_value(); }
    bool Int(int number) noexcept { return integer(number); }
    bool Uint(unsigned number) noexcept { return integer(number); }
    bool String(const char* bytes, rapidjson::SizeType size, bool /*copy*/) noexcept {
        const std::string_view text(bytes, size);
        if (expects(Member::api_key)) {
            take_key(text);
        } else if (expects(Member::message)) {
            document_.message = text;
            document_.is_error = true;
        }
        return end_of_value();
    }
    bool Key(const char* bytes, rapidjson::SizeType size, bool /*copy*/) noexcept {
        if (depth_ != 1) return true;
        const std::string_view name(bytes, size);
        member_ = name == "apiKey"    ? Member::api_key
                  : name == "code"    ? Member::code
                  : name == "message" ? Member::message
                                      : Member::other;
        return true;
    }
    bool StartObject() noexcept {
        if (depth_ == 0) document_.is_object = true;
        return open();
    }
    bool EndObject(rapidjson::SizeType /*members*/) noexcept { return close(); }
    bool StartArray() noexcept { return open(); }
    bool EndArray(rapidjson::SizeType /*elements*/) noexcept { return close(); }

    void finish() noexcept {
        if (usable_) document_.api_key = document_.any_api_key;
        if (seen_) document_.is_error = false;
    }

private:
    enum class Member { none, api_key, code, message, other };

    [[nodiscard]] bool expects(Member member) const noexcept { return depth_ == 1 && member_ == member; }

    // Two different keys, or a key and something else: nobody can say which one is valid.
    void take_key(std::string_view text) noexcept {
        usable_ = usable_key(text) && (!seen_ || (usable_ && text == document_.any_api_key));
        seen_ = true;
        document_.any_api_key = text;
    }
    bool integer(std::int64_t number) noexcept {
        if (expects(Member::code) && number <= INT32_MAX) {
            document_.code = static_cast<std::int32_t>(number);
            document_.is_error = true;
        }
        return other_value();
    }
    bool other_value() noexcept {
        if (expects(Member::api_key)) take_key({});
        return end_of_value();
    }
    bool end_of_value() noexcept {
        if (depth_ == 1) member_ = Member::none;
        return true;
    }
    bool open() noexcept {
        other_value();
        ++depth_;
        return true;
    }
    bool close() noexcept {
        --depth_;
        return true;
    }

    Document& document_;
    std::size_t depth_ = 0;
    Member member_ = Member::none;
    bool seen_ = false;
    bool usable_ = false;
};

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// RFC 8259 allows what RapidJSON cannot read: escapes that are half of a surrogate pair, and numbers that no
// double holds. Neither may cost a key that stands beside it. So such an escape becomes U+FFFD, and a number
// that is no short integer becomes 0.0, both in their own place. What is no JSON stays as it is, and is
// refused by the parser.
class Defuse {
public:
    explicit Defuse(char* text, std::size_t size) noexcept : text_(text), size_(size) {}

    void run() noexcept {
        bool in_string = false;
        while (at_ < size_) {
            const char c = text_[at_];
            if (c == '"') {
                in_string = !in_string;
                ++at_;
            } else if (in_string && c == '\\') {
                escape();
            } else if (!in_string && (c == '-' || text::is_digit(c))) {
                number();
            } else {
                ++at_;
            }
        }
    }

private:
    static constexpr std::size_t escape_size = 6;  // \uXXXX
    static constexpr std::size_t short_integer = 18;

    // The code unit of an escape at `at`; 0 where there is none.
    [[nodiscard]] unsigned code_unit(std::size_t at) const noexcept {
        if (size_ - at < escape_size || text_[at] != '\\' || text_[at + 1] != 'u') return 0;
        unsigned unit = 0;
        for (std::size_t i = at + 2; i < at + escape_size; ++i) {
            const int digit = text::hex_value(text_[i]);
            if (digit < 0) return 0;
            unit = unit * 16 + static_cast<unsigned>(digit);
        }
        return unit;
    }
    static bool is_high(unsigned unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
    static bool is_low(unsigned unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

    void escape() noexcept {
        const unsigned unit = code_unit(at_);
        if (is_high(unit) && is_low(code_unit(at_ + escape_size))) {
            at_ += 2 * escape_size;
        } else if (is_high(unit) || is_low(unit)) {
            std::memcpy(text_ + at_ + 2, "FFFD", 4);
            at_ += escape_size;
        } else {
            at_ = std::min(at_ + 2, size_);
        }
    }

    std::size_t digits() noexcept {
        const std::size_t begin = at_;
        while (at_ < size_ && text::is_digit(text_[at_])) ++at_;
        return at_ - begin;
    }
    bool skip(std::string_view any_of) noexcept {
        const bool found = at_ < size_ && any_of.find(text_[at_]) != std::string_view::npos;
        at_ += found ? 1 : 0;
        return found;
    }

    // RFC 8259, section 6.
    void number() noexcept {
        const std::size_t begin = at_;
        skip("-");
        const std::size_t first = at_;
        const std::size_t whole = digits();
        bool well_formed = whole == 1 || (whole > 1 && text_[first] != '0');
        bool integer = true;
        if (skip(".")) {
            integer = false;
            well_formed = digits() > 0 && well_formed;
        }
        if (skip("eE")) {
            integer = false;
            skip("+-");
            well_formed = digits() > 0 && well_formed;
        }
        if (!well_formed || (integer && whole <= short_integer)) return;
        // At least three characters, or it would be a short integer.
        std::memset(text_ + begin, '0', at_ - begin);
        text_[begin + 1] = '.';
    }

    char* text_;
    std::size_t size_;
    std::size_t at_ = 0;
};

}  // namespace

Document parse_document(secret::Buffer& body) {
    const std::string_view all = body.view();
    // The parser ends at a NUL, so one inside would hide what follows it.
    if (all.empty() || all.find('\0') != std::string_view::npos) return {};
    body.data()[all.size()] = '\0';
    Defuse(body.data(), all.size()).run();

    Document document;
    Members members(document);
    text::JsonScratch scratch;
    rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, text::JsonMemory> reader(&scratch.memory);
    // RFC 8259, section 8.1: a parser may ignore a byte order mark.
    rapidjson::InsituStringStream in(body.data() +
                                     (text::starts_with(all, byte_order_mark) ? byte_order_mark.size() : 0));
    // Iterative: nesting costs heap and not stack.
    constexpr unsigned flags =
        rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
    if (reader.Parse<flags>(in, members).IsError() || !document.is_object) return {};
    members.finish();
    return document;
}

}  // namespace mobivate::answer
