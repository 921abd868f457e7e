// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <string>

#include "support/platform.hpp"

// Sets an environment variable for the life of a test.
class Environment {
public:
    Environment(const char* name, const std::string& value) : name_(name) {
        const char* old = std::getenv(name);
        had_ = old != nullptr;
        if (had_) old_ = old;
        platform::set_environment(name, value);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() {
        if (had_) {
            platform::set_environment(name_, old_);
        } else {
            platform::unset_environment(name_);
        }
    }

private:
    const char* name_;
    bool had_ = false;
    std::string old_;
};
