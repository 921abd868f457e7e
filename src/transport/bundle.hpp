// SPDX-License-Identifier: MIT
// A file of certificates, indexed by their subjects.
//
// Parsing all of a system's certificates costs more than the whole rest of a call, and a chain asks for one
// or two of them. So they are only told apart here, in one pass over the text, and the TLS library parses
// those that are asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "system/file.hpp"
#include "text/message.hpp"
#include "transport/allowance.hpp"

namespace mobivate::transport {

class Bundle {
public:
    // Nothing where the file cannot be read, which `why` then says as a clause about it, or where the
    // call was given up meanwhile. A bundle of the same, unchanged file that is still held by anybody in the
    // process is handed out again. Throws std::bad_alloc.
    static std::shared_ptr<const Bundle> read(const std::string& path, const Allowance& allowance,
                                              text::Message& why);

    // Indexes a text. Nothing where the call was given up meanwhile.
    static std::shared_ptr<Bundle> index(std::string_view text, const Allowance& allowance);

    // What the TLS library has to parse beforehand, since it is more, or something other, than a plain
    // certificate: PEM that begins at `offset` in the file.
    struct Block {
        std::size_t offset;
        std::size_t plain_before;  // to ask is_before() with
        std::string text;
    };
    [[nodiscard]] const std::vector<Block>& others() const noexcept { return others_; }

    // The plain certificates: how many there are, and the DER of one.
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::string_view certificate(std::size_t at) const noexcept {
        return {der_.get() + entries_[at].offset, entries_[at].size};
    }

    // Whether one stands before the block in the file: of the same certificate in several forms the first
    // counts.
    [[nodiscard]] bool is_before(std::size_t at, const Block& block) const noexcept {
        return entries_[at].offset < block.plain_before;
    }

    // The numbers of those whose subject may be the name (in DER), in the order of the file: [first, last).
    struct Range {
        std::size_t first;
        std::size_t last;
    };
    [[nodiscard]] Range with_subject(std::string_view name) const noexcept;

private:
    struct Entry {
        std::uint64_t name;
        std::uint32_t offset;
        std::uint32_t size;
    };
    class Shared;

    static std::shared_ptr<Bundle> index(std::unique_ptr<char[]> bytes, std::size_t text_size,
                                         const Allowance& allowance);

    system::File::Identity identity_{};
    std::unique_ptr<char[]> der_;  // of all plain certificates, one after the other, where the text was
    std::vector<Entry> entries_;   // sorted by name, and within one as in the file
    std::vector<Block> others_;
};

}  // namespace mobivate::transport
