// SPDX-License-Identifier: MIT
// The reader and the judge. An input is a line of settings, "SENT ORDERLY PIECE ENDING" (two digits, a number
// of bytes, a status), and then the bytes of an answer.
#include <algorithm>
#include <cstdint>
#include <sstream>

#include "claim.hpp"
#include "text/utf8.hpp"
#include "unit/arrive.hpp"

using fuzz::claim;
using mobivate::KeyState;
using mobivate::Status;

namespace {

constexpr int longest_key = 4096;

arrive::How settings(std::string_view line) {
    arrive::How how;
    std::istringstream words{std::string(line)};
    int sent = 1;
    int orderly = 1;
    int piece = 0;
    int ending = 0;
    words >> sent >> orderly >> piece >> ending;
    how.request_sent = sent != 0;
    how.orderly_end = orderly != 0;
    how.piece = static_cast<std::size_t>(std::clamp(piece, 1, 100000));
    const Status endings[] = {Status::transport, Status::timeout, Status::cancelled, Status::no_memory};
    how.ending = endings[static_cast<unsigned>(ending) % std::size(endings)];
    return how;
}

void check(const arrive::Judged& judged, const arrive::How& how) {
    const bool ok = judged.status == Status::ok;
    claim(ok == (judged.key_state == KeyState::replaced), "replaced is said with ok, and only then");
    claim(ok == !judged.key.empty(), "ok hands over a key");
    claim(judged.key.size() <= longest_key, "a key has at most 4096 bytes");
    claim(std::all_of(judged.key.begin(), judged.key.end(), [](char c) { return c > ' ' && c < 0x7f; }),
          "a key can be written into a header");
    claim(!ok || judged.http_status / 100 == 2, "only a 2xx is a success");
    claim(judged.key_state != KeyState::unchanged || judged.http_status / 100 == 4 || !how.request_sent,
          "unchanged is said of a 4xx, or where the request was not sent");
    claim(ok == judged.what.empty(), "a failure says why");
    claim(judged.status != Status::internal, "no answer is a fault of the library");
    for (const std::string* text : {&judged.what, &judged.server_message})
        claim(text->find(how.secret) == std::string::npos && !mobivate::text::invalid_utf8(*text),
              "no message contains the password, and all are UTF-8");
    claim(judged.retry_after_ms >= -1, "a time to wait, or none");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input = fuzz::text(data, size);
    arrive::How how = settings(fuzz::take_until(input, '\n'));
    const auto in_pieces = arrive::judge(input, how);
    check(in_pieces, how);
    how.piece = input.size() + 1;
    const auto whole = arrive::judge(input, how);
    claim(whole.status == in_pieces.status && whole.key_state == in_pieces.key_state &&
              whole.key == in_pieces.key && whole.what == in_pieces.what &&
              whole.server_message == in_pieces.server_message &&
              whole.server_code == in_pieces.server_code &&
              whole.retry_after_ms == in_pieces.retry_after_ms && whole.http_status == in_pieces.http_status,
          "how the bytes are cut up makes no difference");
    return 0;
}
