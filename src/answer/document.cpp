// SPDX-License-Identifier: MIT
#include "answer/document.hpp"

#include <algorithm>
#include <cstring>

#include <rapidjson/reader.h>

#include "text/ascii.hpp"
#include "text/json_memory.hpp"

namespace mobivate::answer {
namespace {

constexpr std::size_t key_limit = 4096;

// An API key is printable ASCII without spaces.
bool usable_key(std::string_view key) noexcept {
    return !key.empty() && key.size() <= key_limit &&
           std::all_of(key.begin(), key.end(), [](char c) { return text::is_printable(c) && c != ' '; });
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
        if (expects(Member::code) && number <= INT32_MAX) document_.code = static_cast<std::int32_t>(number);
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

}  // namespace

Document parse_document(secret::Buffer& body) {
    const std::string_view all = body.view();
    // The parser ends at a NUL, so one inside would hide what follows it.
    if (all.empty() || all.find('\0') != std::string_view::npos) return {};
    body.data()[all.size()] = '\0';

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
