// SPDX-License-Identifier: MIT
// The agent of the conformance cases: tests/bindings/README.md says what it is told.
#include <mobivate.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <iostream>
#include <map>
#include <sstream>
#include <vector>

namespace {

#if defined(_WIN32)
constexpr int to_read = O_RDONLY | O_BINARY;
#else
constexpr int to_read = O_RDONLY | O_CLOEXEC;
#endif

struct user {
    mobivate::client client;
    std::stop_source stop;
    std::future<mobivate::key> call;
    std::vector<std::string> kept;
};

std::map<std::string, user> users;

std::string text(const std::string& field) {
    std::string bytes;
    for (std::size_t i = 0; field != "-" && i < field.size(); i += 2)
        bytes += static_cast<char>(std::stoi(field.substr(i, 2), nullptr, 16));
    return bytes;
}

std::string field(std::string_view text) {
    std::string digits;
    for (const unsigned char byte : text)
        (digits += "0123456789abcdef"[byte / 16]) += "0123456789abcdef"[byte % 16];
    return text.empty() ? "-" : digits;
}

const char* name(mobivate::key_state state) {
    if (state == mobivate::key_state::unchanged) return "unchanged";
    return state == mobivate::key_state::replaced ? "replaced" : "unknown";
}

template <class Call>
std::string outcome(Call call, const char* key_state = "unchanged") {
    try {
        return std::string("MBV_OK ") + key_state + " 0 0 - -1 - " + field(call());
    } catch (const mobivate::error& error) {
        const auto wait = error.retry_after().value_or(std::chrono::milliseconds(-1));
        std::ostringstream line;
        line << mobivate::status_name(error.status()) << ' ' << name(error.key_state()) << ' '
             << error.http_status().value_or(0) << ' ' << error.server_code().value_or(0) << ' '
             << field(error.server_message()) << ' ' << wait.count() << ' ' << field(error.what()) << " -";
        return line.str();
    } catch (const std::exception& error) {
        return std::string_view(error.what()) == "The client is closed." ? "closed"
                                                                         : "error " + field(error.what());
    }
}

std::string create(user& caller, const std::string& username, const std::string& password) {
    return std::string(caller.client.create_key(username, password, caller.stop.get_token()).view());
}

std::string get(user& caller, const std::string& username, const std::string& password) {
    return std::string(caller.client.get_key(username, password, caller.stop.get_token()).view());
}

std::string test(user& caller, const std::string& key) {
    bool accepted = false;
    const std::string line = outcome([&] {
        accepted = caller.client.test_key(key, caller.stop.get_token());
        return std::string();
    });
    return accepted || line.rfind("MBV_OK", 0) != 0 ? line : "MBV_ERR_CREDENTIALS unchanged 401 0 - -1 - -";
}

std::string make(const std::string& number, std::istream& fields) {
    mobivate::options options;
    std::map<std::string, std::string> others;
    for (std::string option, value; fields >> option >> value;) others[text(option)] = text(value);
    options.base_url = others["base_url"];
    options.proxy = others["proxy"];
    for (const char* done : {"base_url", "proxy"}) others.erase(done);
    users.insert_or_assign(number, user{mobivate::client(options), {}, {}, {}});
    for (const auto& [option, value] : others) users.at(number).client.set(option, value);
    return {};
}

void repeat(user& caller, int count, const std::string& kind, bool in_bytes, const std::string& username,
            const std::string& path) {
    // Into memory that is wiped, without a buffer in between.
    const int file = open(path.c_str(), to_read);
    struct stat facts {};
    fstat(file, &facts);
    std::vector<char> memory(static_cast<std::size_t>(facts.st_size));
    if (read(file, memory.data(), static_cast<unsigned>(memory.size())) != facts.st_size) std::abort();
    close(file);
    const std::string_view secret(memory.data(), memory.size());
    if (!in_bytes) caller.kept.emplace_back(secret);
    for (int i = 0; i < count; ++i) {
        if (kind == "test") {
            if (!caller.client.test_key(secret)) throw std::runtime_error("the key is refused");
            continue;
        }
        const auto key = kind == "get" ? caller.client.get_key(username, secret)
                                       : caller.client.create_key(username, secret);
        if (!in_bytes) caller.kept.emplace_back(key.view());
    }
    for (volatile char& byte : memory) byte = 0;
}

std::string answer(const std::string& command, std::istream& fields) {
    std::string number, first, second, third, fourth, fifth;
    if (command == "quit") return "ok";
    if (command == "runtime") return field("C++20, g++ " __VERSION__);
    fields >> number;
    if (command == "new") return outcome([&] { return make(number, fields); });
    user& caller = users.at(number);
    fields >> first >> second >> third >> fourth >> fifth;
    if (command == "set")
        return outcome([&] { return caller.client.set(text(first), text(second)), std::string(); });
    if (command == "create")
        return outcome([&] { return create(caller, text(first), text(second)); }, "replaced");
    if (command == "get") return outcome([&] { return get(caller, text(first), text(second)); });
    if (command == "test") return test(caller, text(first));
    if (command == "wait") return outcome([&] { return std::string(caller.call.get().view()); }, "replaced");
    if (command == "start") {
        caller.call = std::async(std::launch::async, [&caller, name = text(first), password = text(second)] {
            return caller.client.create_key(name, password, caller.stop.get_token());
        });
    } else if (command == "cancel") {
        caller.stop.request_stop();
    } else if (command == "uncancel") {
        caller.stop = {};
    } else if (command == "close") {
        caller.client.close();
    } else if (command == "repeat") {
        repeat(caller, std::stoi(first), second, third == "bytes", text(fourth), text(fifth));
    } else {
        return "error " + field("there is no command " + command);
    }
    return "ok";
}

}  // namespace

int main() {
    for (std::string line, command; command != "quit" && std::getline(std::cin, line);) {
        std::istringstream words(line);
        words >> command;
        std::cout << answer(command, words) << std::endl;
    }
}
