// SPDX-License-Identifier: MIT
// What went wrong before there was a connection, kept as it was said until it is told.
#pragma once

#include <string_view>

#include <curl/curl.h>

#include "outcome.hpp"
#include "text/message.hpp"

namespace mobivate::transport {

class Failure {
public:
    Failure() noexcept = default;  // none

    [[nodiscard]] static Failure old_library() noexcept { return {Kind::old_library, 0}; }
    [[nodiscard]] static Failure start(CURLcode code) noexcept { return {Kind::start, code}; }
    [[nodiscard]] static Failure no_handle() noexcept { return {Kind::no_handle, CURLE_OUT_OF_MEMORY}; }
    [[nodiscard]] static Failure no_descriptor(int error) noexcept { return {Kind::no_descriptor, error}; }
    [[nodiscard]] static Failure option(CURLoption option, CURLcode code) noexcept {
        Failure failure{Kind::option, code};
        failure.option_ = option;
        return failure;
    }
    [[nodiscard]] static Failure multi(CURLMcode code) noexcept { return {Kind::multi, code}; }
    [[nodiscard]] static Failure connect(CURLcode code) noexcept { return {Kind::connect, code}; }

    // It was given up: timeout or cancelled.
    [[nodiscard]] static Failure given_up(Status why) noexcept {
        return {Kind::given_up, static_cast<int>(why)};
    }

    explicit operator bool() const noexcept { return kind_ != Kind::none; }
    [[nodiscard]] Status status() const noexcept;
    [[nodiscard]] bool is_of_connecting() const noexcept { return kind_ == Kind::connect; }

    // For any status but timeout and cancelled. `problem` is this library's own account of it, `detail`
    // libcurl's; either may be empty.
    void tell(text::Message& what, std::string_view problem, std::string_view detail) const noexcept;

private:
    enum class Kind { none, old_library, start, no_handle, no_descriptor, option, multi, connect, given_up };

    Failure(Kind kind, int code) noexcept : kind_(kind), code_(code) {}

    Kind kind_ = Kind::none;
    int code_ = 0;  // a CURLcode, a CURLMcode or an errno, by the kind
    CURLoption option_{};
};

// The oldest libcurl that has all that is used here.
[[nodiscard]] bool library_is_too_old() noexcept;

// libcurl's words for a code, and its number.
void tell_code(text::Message& what, CURLcode code) noexcept;

}  // namespace mobivate::transport
