// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "secret/buffer.hpp"

using mobivate::secret::Buffer;

namespace {

// What lies in the whole region, beyond the buffer's size too.
bool zero_from(Buffer& buffer, std::size_t begin) {
    return std::all_of(buffer.data() + begin, buffer.data() + buffer.capacity(),
                       [](char c) { return c == 0; });
}

}  // namespace

TEST_CASE("a buffer takes what fits") {
    Buffer buffer;
    CHECK(buffer.capacity() == 0);
    CHECK_FALSE(buffer.append('x'));
    CHECK_FALSE(buffer.append("x"));
    CHECK(buffer.append(""));
    REQUIRE(buffer.reserve(10));
    CHECK(buffer.capacity() >= 10);
    CHECK(buffer.append("hello"));
    CHECK(buffer.append('!'));
    CHECK(buffer.view() == "hello!");
    CHECK_FALSE(buffer.append(std::string(buffer.capacity(), 'x')));
    CHECK(buffer.size() == buffer.capacity());
}

TEST_CASE("a buffer takes of a run of bytes what fits") {
    Buffer buffer;
    CHECK_FALSE(buffer.append(2, 'x'));
    REQUIRE(buffer.reserve(10));
    CHECK(buffer.append(3, '.'));
    CHECK(buffer.view() == "...");
    CHECK_FALSE(buffer.append(buffer.capacity(), '.'));
    CHECK(buffer.size() == buffer.capacity());
}

TEST_CASE("what a buffer no longer holds is wiped") {
    Buffer buffer;
    REQUIRE(buffer.reserve(100));
    buffer.append("the secret");
    buffer.set_size(0);
    buffer.append("x");
    buffer.clear();
    CHECK(zero_from(buffer, 0));

    buffer.append("one two three");
    buffer.keep_only(buffer.view().substr(4, 3));
    CHECK(buffer.view() == "two");
    CHECK(zero_from(buffer, 3));

    buffer.append("more");
    REQUIRE(buffer.reserve(10));
    CHECK(buffer.size() == 0);
    CHECK(zero_from(buffer, 0));
}

TEST_CASE("a reservation that cannot be had leaves the buffer as it was") {
    Buffer buffer;
    REQUIRE(buffer.reserve(10));
    buffer.append("kept");
    CHECK_FALSE(buffer.reserve(SIZE_MAX));
    // As large as it may ask the system for. Of 32 bits, half can be had where the kernel has 64.
    if (sizeof(void*) == 8) CHECK_FALSE(buffer.reserve(SIZE_MAX / 2));
    CHECK(buffer.view() == "kept");
}

TEST_CASE("a buffer grows with what it holds") {
    Buffer buffer;
    REQUIRE(buffer.reserve(10));
    buffer.append("kept");
    const std::size_t before = buffer.capacity();
    REQUIRE(buffer.grow(before + 1));
    CHECK(buffer.capacity() > before);
    CHECK(buffer.view() == "kept");
    CHECK(zero_from(buffer, 4));
    CHECK_FALSE(buffer.grow(SIZE_MAX));
    CHECK(buffer.view() == "kept");
}

TEST_CASE("a buffer that is large enough does not grow") {
    Buffer buffer;
    REQUIRE(buffer.reserve(10));
    const char* const before = buffer.data();
    CHECK(buffer.grow(5));
    CHECK(buffer.data() == before);
    CHECK_FALSE(buffer.grow(SIZE_MAX));
    CHECK(buffer.data() == before);
}

TEST_CASE("a buffer moves") {
    Buffer one;
    REQUIRE(one.reserve(10));
    one.append("text");
    Buffer two(std::move(one));
    CHECK(two.view() == "text");
    Buffer three;
    three = std::move(two);
    CHECK(three.view() == "text");
}
