// SPDX-License-Identifier: MIT
#include <mobivate.hpp>

#include <iostream>

int main() {
    try {
        mobivate::client client;
        std::cout << client.create_key("first.last@example.com", "your-pass").view() << '\n';
    } catch (const mobivate::error& error) {
        std::cerr << error.what() << '\n';  // says what became of the old key, too
        return error.key_state() == mobivate::key_state::unknown ? 5 : 1;
    }
}
