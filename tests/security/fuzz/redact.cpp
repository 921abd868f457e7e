// SPDX-License-Identifier: MIT
// Blanking of secrets. An input is the secret, a line end, and the text.
#include <cstdint>
#include <string>

#include "answer/redact.hpp"
#include "claim.hpp"
#include "text/utf8.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input = fuzz::text(data, size);
    const std::string secret(fuzz::take_until(input, '\n'));
    // What is not UTF-8 is refused before: by the client, and by the parser of the answer.
    if (mobivate::text::invalid_utf8(secret) || mobivate::text::invalid_utf8(input)) return 0;
    std::string text(input);
    const std::string_view left = mobivate::answer::redact(text.data(), text.size(), secret, "");
    fuzz::claim(left.size() <= input.size(), "the text only gets shorter");
    fuzz::claim(left.empty() || left.data() == text.data(), "the text stays where it is");
    // Blanks are stars, and control characters become spaces: a secret of those may seem to be left.
    const bool plain = secret.find_first_of("* ") == std::string::npos;
    fuzz::claim(secret.empty() || !plain || left.find(secret) == std::string_view::npos,
                "the secret is not left");
    return 0;
}
