// SPDX-License-Identifier: MIT
#include "transport/bundle.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "text/ascii.hpp"
#include "transport/certificate.hpp"

namespace mobivate::transport {
namespace {

constexpr std::string_view any_begin = "-----BEGIN ";
constexpr std::string_view marked_begin = "\xEF\xBB\xBF-----BEGIN ";
constexpr std::string_view any_end = "-----END ";
constexpr std::string_view begin_certificate = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view end_certificate = "-----END CERTIFICATE-----";
constexpr std::string_view private_key = "PRIVATE KEY-----";
constexpr std::size_t line_size = 64;             // of base64 in PEM (RFC 7468)
constexpr std::size_t largest_file = 64U << 20U;  // where the index would no longer be cheap
constexpr std::size_t read_at_once = 64U << 10U;  // between two looks at whether the call is given up
constexpr int poll_ms = 20;

// Not a std::string, which would be filled with zeroes first.
struct Text {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
    std::size_t capacity = 0;

    void make_room() {
        if (size < capacity) return;
        const std::size_t more = std::max(2 * capacity, read_at_once);
        std::unique_ptr<char[]> grown(new char[more]);
        std::copy_n(bytes.get(), size, grown.get());
        bytes = std::move(grown);
        capacity = more;
    }
};

// 0, also where it was given up; else why it failed.
int read_all(system::File& file, Text& text, const Allowance& allowance) {
    while (text.size < largest_file) {
        if (allowance.over() != Status::ok) return 0;
        text.make_room();
        const int most_ms = std::min(poll_ms, allowance.remaining_ms());
        std::size_t count = 0;
        const int error = file.read(text.bytes.get() + text.size,
                                    std::min(text.capacity - text.size, read_at_once), most_ms, count);
        if (error != 0 && error != EAGAIN) return error;
        if (error == 0 && count == 0) return 0;
        text.size += count;
    }
    return EFBIG;
}

// What each of the four digits of a group stands for, where it belongs in the group's 24 bits. Anything else
// has a bit above them.
constexpr std::uint32_t no_digit = 1U << 31U;
using Digits = std::array<std::uint32_t, 256>;

constexpr Digits digits_shifted_by(unsigned bits) noexcept {
    Digits values{};
    for (auto& value : values) value = no_digit;
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::uint32_t i = 0; i < digits.size(); ++i)
        values[static_cast<unsigned char>(digits[i])] = i << bits;
    return values;
}
constexpr std::array<Digits, 4> base64{digits_shifted_by(18), digits_shifted_by(12), digits_shifted_by(6),
                                       digits_shifted_by(0)};

template <std::size_t Place>
std::uint32_t digit(std::string_view line, std::size_t at) noexcept {
    return base64[Place][static_cast<unsigned char>(line[at + Place])];
}

// Writes what a line of base64 stands for, without padding. Null: it is none.
char* decode(std::string_view line, char* to) noexcept {
    std::size_t at = 0;
    std::uint32_t seen = 0;
    const auto put = [&to](std::uint32_t value) { *to++ = static_cast<char>(value); };
    for (; at + 4 <= line.size(); at += 4) {
        const std::uint32_t value =
            digit<0>(line, at) | digit<1>(line, at) | digit<2>(line, at) | digit<3>(line, at);
        seen |= value;
        put(value >> 16U);
        put(value >> 8U);
        put(value);
    }
    if (at < line.size()) {
        std::uint32_t value = digit<0>(line, at) | digit<1>(line, at);
        if (at + 2 < line.size()) value |= digit<2>(line, at);
        seen |= value;
        put(value >> 16U);
        if (at + 2 < line.size()) put(value >> 8U);
    }
    return seen < no_digit ? to : nullptr;
}

// Takes the padding off a last line. False: it is not the right one.
bool take_padding(std::string_view& line) noexcept {
    const std::size_t size = line.size();
    while (!line.empty() && line.back() == '=' && size - line.size() < 2) line.remove_suffix(1);
    return size % 4 == 0 && !line.empty();
}

std::string_view take_line(std::string_view& text) noexcept {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

// Writes the DER of a block of PEM that is written as everybody writes a certificate, and returns its end.
// Anything else is null, and then the TLS library's own reader is asked, whose leniency is not imitated here.
char* decode_certificate(std::string_view block, char* der) noexcept {
    if (take_line(block) != begin_certificate) return nullptr;
    for (bool last = false; !block.empty() && der != nullptr;) {
        std::string_view line = take_line(block);
        if (!line.empty() && line.front() == '-') return line == end_certificate ? der : nullptr;
        if (last || line.size() > line_size) return nullptr;
        last = line.size() < line_size || line.back() == '=';
        if (last && !take_padding(line)) return nullptr;
        der = decode(line, der);
    }
    return nullptr;
}

// Where the next line that starts like that is, or the text's end.
std::size_t find_line(std::string_view text, std::string_view start, std::size_t from) noexcept {
    for (std::size_t at = from; (at = text.find(start, at)) != std::string_view::npos; ++at) {
        if (at == 0 || text[at - 1] == '\n') return at;
    }
    return text.size();
}

// A line as OpenSSL compares it: without what is white or a control character at its end.
std::string_view take_trimmed_line(std::string_view& text) noexcept {
    std::string_view line = take_line(text);
    while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') line.remove_suffix(1);
    return line;
}

// Whether a block is a private key of any kind. OpenSSL passes over them as well, but reads them: it has to
// know the algorithm, and what a key is encrypted with.
bool is_private_key(std::string_view block) noexcept {
    const std::string_view begin = take_trimmed_line(block);
    if (begin.size() < any_begin.size() + private_key.size()) return false;
    const std::string_view label = begin.substr(any_begin.size());
    const std::string_view kind = label.substr(0, label.size() - private_key.size());
    if (label.substr(kind.size()) != private_key || (!kind.empty() && kind.back() != ' ')) return false;
    block.remove_prefix(find_line(block, any_end, 0));
    const std::string_view end = take_trimmed_line(block);
    return end.substr(0, any_end.size()) == any_end && end.substr(any_end.size()) == label;
}

}  // namespace

// The bundles that somebody holds. It holds none itself, so that the last client takes everything with it. A
// lock that is taken is not waited for: it may have been taken for ever, by a thread that a fork has left
// behind.
class Bundle::Shared {
public:
    static std::shared_ptr<const Bundle> find(const system::File::Identity& identity) noexcept {
        const std::unique_lock<std::mutex> guard(lock(), std::try_to_lock);
        if (!guard) return nullptr;
        for (const auto& place : places()) {
            std::shared_ptr<const Bundle> bundle = place.lock();
            if (bundle != nullptr && bundle->identity_ == identity) return bundle;
        }
        return nullptr;
    }

    static void offer(const std::shared_ptr<const Bundle>& bundle) noexcept {
        const std::unique_lock<std::mutex> guard(lock(), std::try_to_lock);
        if (!guard) return;
        for (auto& place : places()) {
            if (!place.expired()) continue;
            place = bundle;
            return;
        }
    }

private:
    // Who needs more at the same time has each client read its own.
    using Places = std::array<std::weak_ptr<const Bundle>, 8>;

    // Never destroyed: a thread may be in a call while the process exits.
    union Storage {
        constexpr Storage() noexcept : places() {}
        ~Storage() {}  // NOLINT(modernize-use-equals-default): that would be deleted
        Places places;
    };

    static Places& places() noexcept {
        static Storage storage;
        return storage.places;
    }
    static std::mutex& lock() noexcept {
        static std::mutex one;
        return one;
    }
};

std::shared_ptr<const Bundle> Bundle::read(const std::string& path, const Allowance& allowance,
                                           text::Message& why) {
    system::File file(path);
    if (file.error() != 0) {
        why << std::string_view(std::strerror(file.error()));
        return nullptr;
    }
    if (file.is_regular()) {
        if (auto known = Shared::find(file.identity())) return known;
    }
    Text text;
    // One byte more, so that the end is found in it.
    if (file.is_regular()) text.capacity = std::min(file.size(), largest_file) + 1;
    text.bytes.reset(new char[text.capacity]);
    const int error = read_all(file, text, allowance);
    if (allowance.over() != Status::ok) return nullptr;
    if (error != 0) {
        why << std::string_view(std::strerror(error));
        return nullptr;
    }
    const std::shared_ptr<Bundle> bundle = index(std::move(text.bytes), text.size, allowance);
    if (bundle != nullptr && file.is_regular()) {
        bundle->identity_ = file.identity();
        Shared::offer(bundle);
    }
    return bundle;
}

std::shared_ptr<Bundle> Bundle::index(std::string_view text, const Allowance& allowance) {
    std::unique_ptr<char[]> bytes(new char[text.size()]);
    std::copy(text.begin(), text.end(), bytes.get());
    return index(std::move(bytes), text.size(), allowance);
}

// What a certificate is in DER takes the place of text that has been read: it is shorter, and so much memory
// that was never touched would cost more than the reading.
std::shared_ptr<Bundle> Bundle::index(std::unique_ptr<char[]> bytes, std::size_t text_size,
                                      const Allowance& allowance) {
    auto bundle = std::make_shared<Bundle>();
    bundle->der_ = std::move(bytes);
    char* const der = bundle->der_.get();
    const std::string_view text(der, text_size);
    std::size_t used = 0;
    // OpenSSL passes over a byte order mark, in some places: with one, all is left to it.
    if (text.find(marked_begin) != std::string_view::npos) {
        bundle->others_.push_back({0, 0, std::string(text)});
        return bundle;
    }
    std::vector<char> decoded;  // first apart: what turns out to be none is still needed as text
    for (std::size_t begin = find_line(text, any_begin, 0); begin < text.size();) {
        if (allowance.over() != Status::ok) return nullptr;
        std::size_t end = find_line(text, any_begin, begin + any_begin.size());
        std::string_view block = text.substr(begin, end - begin);
        if (is_private_key(block)) {
            begin = end;
            continue;
        }
        std::optional<std::uint64_t> name;
        std::size_t size = 0;
        if (decoded.size() < block.size()) decoded.resize(block.size());
        if (const char* decoded_end = decode_certificate(block, decoded.data())) {
            size = static_cast<std::size_t>(decoded_end - decoded.data());
            const auto subject = plain_subject({decoded.data(), size});
            if (subject) name = name_number(*subject);
        }
        if (name) {
            std::copy_n(decoded.data(), size, der + used);
            bundle->entries_.push_back(
                {*name, static_cast<std::uint32_t>(used), static_cast<std::uint32_t>(size)});
            used += size;
        } else {
            // Without an end of its own a block takes in what follows.
            if (find_line(block, any_end, 0) == block.size()) {
                end = text.size();
                block = text.substr(begin);
            }
            bundle->others_.push_back({begin, used, std::string(block)});
        }
        begin = end;
    }
    std::stable_sort(bundle->entries_.begin(), bundle->entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return bundle;
}

Bundle::Range Bundle::with_subject(std::string_view name) const noexcept {
    const auto number = name_number(name);
    // A name that only the TLS library understands may be anybody's.
    if (!number) return {0, entries_.size()};
    const auto found = std::equal_range(entries_.begin(), entries_.end(), Entry{*number, 0, 0},
                                        [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return {static_cast<std::size_t>(found.first - entries_.begin()),
            static_cast<std::size_t>(found.second - entries_.begin())};
}

}  // namespace mobivate::transport
