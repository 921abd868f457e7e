// SPDX-License-Identifier: MIT
// Creates COUNT keys, one after the other. ./programs says what is in the environment.
#include <mobivate.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

// Into memory that is wiped, without a buffer in between.
std::vector<char> read_password() {
    const int file = open(variable("MOBIVATE_PASSWORD_FILE").c_str(), O_RDONLY | O_CLOEXEC);
    struct stat facts {};
    if (file < 0 || fstat(file, &facts) != 0) std::abort();
    std::vector<char> password(static_cast<std::size_t>(facts.st_size));
    if (read(file, password.data(), password.size()) != facts.st_size) std::abort();
    close(file);
    return password;
}

void wipe(std::vector<char>& secret) {
    for (volatile char& byte : secret) byte = 0;
}

void pause(const char* what) {
    if (variable("MOBIVATE_PROGRAM_PAUSE") != "1") return;
    std::puts(what);
    std::fflush(stdout);
    while (std::getchar() != '\n') {
    }
}

}  // namespace

int main(int, char** argv) {
    const int count = std::atoi(argv[1]);
    const std::string username = variable("MOBIVATE_USERNAME");
    mobivate::options options;
    options.base_url = variable("MOBIVATE_BASE_URL");
    if (const std::string file = variable("MOBIVATE_CA_FILE"); !file.empty()) options.ca_file = file;
    options.proxy = "";
    mobivate::client client(options);
    auto password = read_password();
    if (variable("MOBIVATE_PROGRAM_TEXT") == "1") {
        const std::string text(password.begin(), password.end());
        for (int i = 0; i < count; ++i) {
            const std::string key(client.create_key(username, text).view());
            if (key.empty()) return 1;
        }
    } else {
        for (int i = 0; i < count; ++i) (void)client.create_key(username, {password.data(), password.size()});
        wipe(password);
    }
    std::printf("created %d\n", count);
    std::fflush(stdout);
    pause("kept");
    client.close();
    pause("freed");
}
