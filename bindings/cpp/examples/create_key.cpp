// SPDX-License-Identifier: MIT
#include <mobivate.hpp>

#include <iostream>

int main() {
    try {
        mobivate::client client;
        const mobivate::key key = client.create_key("first.last@example.com", "your-pass");
        std::cout << key.view() << std::endl;
        if (std::cout) return 0;
        std::cerr << "The new key could not be printed: " << key.view() << '\n';
        return 6;
    } catch (const mobivate::error& error) {
        std::cerr << error.what() << '\n';  // says whether the old key still works
        if (error.status() == mobivate::status::invalid_argument) return 2;
        if (error.key_state() != mobivate::key_state::unchanged) return 5;
        return error.http_status() ? 3 : 4;  // refused, or not sent
    }
}
