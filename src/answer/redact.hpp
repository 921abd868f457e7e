// SPDX-License-Identifier: MIT
// Takes secrets out of text that the server sent.
#pragma once

#include <string_view>

namespace mobivate::answer {

// Blanks, in place, every occurrence of `secret` in the text at `data`: as it is, in other case (ASCII,
// Latin, Greek, Cyrillic), written with JSON, percent or HTML escapes, and a beginning of it at the text's
// end. What looks like a key of the service (a UUID) is blanked likewise. Returns the text, which only gets
// shorter; throws std::bad_alloc.
[[nodiscard]] std::string_view redact(char* data, std::size_t size, std::string_view secret,
                                      std::string_view key);

}  // namespace mobivate::answer
