// SPDX-License-Identifier: MIT
#include "answer/redact.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>

#include "answer/escapes.hpp"
#include "secret/buffer.hpp"
#include "text/ascii.hpp"

namespace mobivate::answer {
namespace {

constexpr char mark = '\xFF';             // never part of UTF-8
constexpr std::size_t shortest_run = 8;   // of a secret tells, wherever it stands,
constexpr std::size_t shortest_tail = 4;  // and where the text ends its beginning from here on

// What to look for: the folded characters of all secrets, one behind the other, and where each run of
// `shortest_run` of them begins, by its hash. So a text is searched in a time that depends on its own size
// alone.
class Traces {
public:
    static constexpr std::size_t most_secrets = 4;  // two, as they are and decoded

    explicit Traces(std::size_t capacity) {
        // Half full at most.
        std::size_t slots = 16;
        while (slots < 2 * capacity) slots *= 2;
        mask_ = slots - 1;
        if (!points_.reserve(std::max<std::size_t>(capacity, 1) * sizeof(std::uint32_t)) ||
            !slots_.reserve(slots * sizeof(std::uint32_t)))
            throw std::bad_alloc();
        points_.set_size(capacity * sizeof(std::uint32_t));  // and so wiped
        slots_.append(slots * sizeof(std::uint32_t), '\0');
    }

    void add(const Cells& secret) noexcept {
        if (secret.size() == 0 || holds(secret)) return;
        const Secret added{size_, secret.size()};
        for (std::size_t i = 0; i < secret.size(); ++i) points()[size_++] = secret[i].code;
        secrets_[count_++] = added;
        for (std::size_t at = added.begin; at + shortest_run <= size_; ++at) insert(at);
    }

    void mark_in(char* data, const Cells& text) const noexcept {
        std::size_t marked = 0;
        for (std::size_t at = 0; at + shortest_run <= text.size(); ++at) {
            if (contains(text, at)) marked = mark_from(data, text, std::max(at, marked), at + shortest_run);
        }
        for (std::size_t i = 0; i < count_; ++i) {
            if (secrets_[i].size < shortest_run) mark_whole(data, text, secrets_[i]);
            mark_tail(data, text, secrets_[i]);
        }
    }

    static void mark_cells(char* data, const Cells& text, std::size_t begin, std::size_t end) noexcept {
        for (std::size_t i = begin; i < end; ++i) std::fill(data + text[i].begin, data + text[i].end, mark);
    }

private:
    struct Secret {
        std::size_t begin;
        std::size_t size;
    };

    [[nodiscard]] std::uint32_t* points() const noexcept {
        return reinterpret_cast<std::uint32_t*>(points_.data());
    }
    [[nodiscard]] std::uint32_t* slots() const noexcept {
        return reinterpret_cast<std::uint32_t*>(slots_.data());
    }

    [[nodiscard]] bool matches(const Cells& text, std::size_t at, std::size_t begin,
                               std::size_t size) const noexcept {
        for (std::size_t i = 0; i < size; ++i) {
            if (text[at + i].code != points()[begin + i]) return false;
        }
        return true;
    }
    [[nodiscard]] bool holds(const Cells& secret) const noexcept {
        return std::any_of(secrets_.begin(), secrets_.begin() + count_, [&](const Secret& known) {
            return known.size == secret.size() && matches(secret, 0, known.begin, known.size);
        });
    }

    template <class Point>
    [[nodiscard]] std::size_t slot_of(Point point) const noexcept {
        std::uint64_t hash = 0;
        for (std::size_t i = 0; i < shortest_run; ++i) hash = (hash ^ point(i)) * 0x9E3779B97F4A7C15U;
        return static_cast<std::size_t>(hash >> 32U) & mask_;
    }

    void insert(std::size_t at) noexcept {
        std::size_t slot = slot_of([&](std::size_t i) { return points()[at + i]; });
        for (; slots()[slot] != 0; slot = (slot + 1) & mask_) {
            const std::uint32_t* other = points() + slots()[slot] - 1;
            if (std::equal(other, other + shortest_run, points() + at)) return;
        }
        slots()[slot] = static_cast<std::uint32_t>(at + 1);
    }

    [[nodiscard]] bool contains(const Cells& text, std::size_t at) const noexcept {
        std::size_t slot = slot_of([&](std::size_t i) { return text[at + i].code; });
        for (; slots()[slot] != 0; slot = (slot + 1) & mask_) {
            if (matches(text, at, slots()[slot] - 1, shortest_run)) return true;
        }
        return false;
    }

    static std::size_t mark_from(char* data, const Cells& text, std::size_t begin, std::size_t end) noexcept {
        mark_cells(data, text, begin, end);
        return end;
    }

    void mark_whole(char* data, const Cells& text, const Secret& secret) const noexcept {
        std::size_t marked = 0;
        for (std::size_t at = 0; at + secret.size <= text.size(); ++at) {
            if (matches(text, at, secret.begin, secret.size))
                marked = mark_from(data, text, std::max(at, marked), at + secret.size);
        }
    }

    void mark_tail(char* data, const Cells& text, const Secret& secret) const noexcept {
        const std::size_t most = std::min({text.size(), secret.size, shortest_run - 1});
        for (std::size_t size = most; size >= shortest_tail; --size) {
            if (matches(text, text.size() - size, secret.begin, size))
                return mark_cells(data, text, text.size() - size, text.size());
        }
    }

    // Mutable: a Buffer gives its bytes away only where it is not const.
    mutable secret::Buffer points_;
    mutable secret::Buffer slots_;  // where a run begins, plus one; 0: free
    std::size_t mask_ = 0;
    std::size_t size_ = 0;
    std::array<Secret, most_secrets> secrets_{};
    std::size_t count_ = 0;
};

// A secret as it is and decoded, both folded.
class Forms {
public:
    explicit Forms(std::string_view secret) {
        Cells cells(secret);
        cells.fold_into(plain_);
        int layer = 0;
        while (layer < most_layers && cells.unescape()) ++layer;
        if (layer > 0) cells.fold_into(decoded_);
    }
    [[nodiscard]] std::size_t size() const noexcept { return plain_.size() + decoded_.size(); }
    void add_to(Traces& traces) const noexcept {
        traces.add(plain_);
        traces.add(decoded_);
    }

private:
    Cells plain_;
    Cells decoded_;
};

// The service's keys have the shape of a UUID, so one that was not asked for is recognised, too.
void mark_uuids(char* data, const Cells& text) noexcept {
    constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const auto character = [&](std::size_t at) {
        const std::uint32_t code = text[at].code;
        return code < 0x80 ? static_cast<char>(code) : '\0';
    };
    for (std::size_t at = 0; at + shape.size() <= text.size(); ++at) {
        std::size_t i = 0;
        while (i < shape.size() &&
               (shape[i] == '-' ? character(at + i) == '-' : text::hex_value(character(at + i)) >= 0))
            ++i;
        if (i == shape.size()) Traces::mark_cells(data, text, at, at + shape.size());
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
    if (size == 0) return {data, size};
    const Forms secret_forms(secret);
    const Forms key_forms(key);
    Traces traces(secret_forms.size() + key_forms.size());
    secret_forms.add_to(traces);
    key_forms.add_to(traces);

    Cells text({data, size});
    Cells folded;
    int layer = 0;
    do {
        text.fold_into(folded);
        traces.mark_in(data, folded);
        mark_uuids(data, folded);
    } while (text.unescape() && ++layer <= most_layers);
    if (layer > most_layers) std::fill(data, data + size, mark);
    return {data, stars_for_marks(data, size)};
}

}  // namespace mobivate::answer
