// SPDX-License-Identifier: MIT
// The environment, as far as it may be trusted: in a set-user-ID program it is the unprivileged caller's.
#pragma once

#include <string>
#include <string_view>

namespace mobivate::system {

// The variable's value in UTF-8; "" where it is not set, and in a program that runs with more rights than its
// caller. It lies in `memory` where the system does not have it as such. Throws std::bad_alloc.
std::string_view environment(const char* name, std::string& memory);

// Whether it has a value.
bool environment_has(const char* name) noexcept;

// Whether this is such a program. libcurl does not ask, so what it reads by itself has to be set instead.
bool environment_is_the_callers() noexcept;

// Empties the variables that libcurl obeys when it is initialised, in such a program and only as the caller
// handed them over: one that the program itself has set since is the program's.
void blank_the_callers_environment() noexcept;

}  // namespace mobivate::system
