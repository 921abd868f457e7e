// SPDX-License-Identifier: MIT
// What calls.cpp knows of a client. Each by_*.cpp is one.
#pragma once

#include <memory>
#include <string>

namespace bench {

struct Settings {
    std::string base_url, ca_file, ca_dir, username,
        password;          // without ca_file and ca_dir: the default trust
    bool threads = false;  // there are several
};

class Caller {
public:
    explicit Caller(const Settings& settings);
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    ~Caller();
    bool create_key();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bench
