// SPDX-License-Identifier: MIT
// Where a JSON object ends, for an answer that does not say it by itself.
#pragma once

#include <cstddef>
#include <string_view>

namespace mobivate::answer {

// Follows the bytes of a body as they come. It tells brackets and strings apart and leaves everything else
// to the parser.
class DocumentEnd {
public:
    // How many of the bytes belong to the object and to what stands before it.
    std::size_t take(std::string_view bytes) noexcept {
        std::size_t taken = 0;
        while (taken < bytes.size() && !reached()) step(bytes[taken++]);
        return taken;
    }

    [[nodiscard]] bool reached() const noexcept { return begun_ && depth_ == 0; }
    // Something came that no object begins with.
    [[nodiscard]] bool hopeless() const noexcept { return hopeless_; }

private:
    void step(char c) noexcept {
        if (in_string_) {
            in_string_ = escaped_ || c != '"';
            escaped_ = !escaped_ && c == '\\';
        } else if (c == '"') {
            in_string_ = begun_;
            hopeless_ = hopeless_ || !begun_;
        } else if (c == '{' || c == '[') {
            begun_ = true;
            ++depth_;
        } else if (begun_ && (c == '}' || c == ']')) {
            --depth_;
        } else if (!begun_) {
            constexpr std::string_view before = " \t\r\n\xEF\xBB\xBF";  // white space, a byte order mark
            hopeless_ = hopeless_ || before.find(c) == std::string_view::npos;
        }
    }

    std::size_t depth_ = 0;
    bool begun_ = false;
    bool hopeless_ = false;
    bool in_string_ = false;
    bool escaped_ = false;
};

}  // namespace mobivate::answer
