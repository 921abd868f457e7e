// SPDX-License-Identifier: MIT
// Takes secrets out of text that the server sent.
#pragma once

#include <cstddef>
#include <string_view>

namespace mobivate::answer {

// More layers of escapes than this, and a text is blanked as a whole.
constexpr int most_layers = 8;

// Blanks `secret` and `key` in the text at `data`, in place. The rule: the text is decoded, one layer of
// escapes after the other, until nothing changes, and its case is folded as Unicode folds it; at each step
// what is found of the secret, as it is or decoded likewise, is blanked: the whole of it, any run of it of
// eight characters or more, and, where the text ends, a beginning of it of four or more.
//
// Escapes are those of JSON and JavaScript (\n, \u00fc, \u{fc}, \xfc), of URLs (%C3%BC, and + for a space)
// and of HTML (&uuml; &#252; &#xfc;, as a browser reads them). Bytes that are written as %.. or \x.. are
// UTF-8, and Latin-1 where they are none.
//
// Not covered: any other encoding (base64, octal, quoted-printable, UTF-7, punycode, ...), a secret with
// something put in between its characters or in another normal form of Unicode, and an escape that is the
// secret's own end or beginning together with the text around it.
//
// What looks like a key of the service (a UUID) is blanked likewise. Returns the text, which only gets
// shorter; throws std::bad_alloc.
[[nodiscard]] std::string_view redact(char* data, std::size_t size, std::string_view secret,
                                      std::string_view key);

}  // namespace mobivate::answer
