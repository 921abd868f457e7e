// SPDX-License-Identifier: MIT
//
// calls COUNT [CLIENTS [wait]]: creates COUNT keys on CLIENTS kept connections, each on a thread of its own.
// With wait it ends when standard input does, in the middle of its calls. The environment is that of a
// binding's programs, and MOBIVATE_CA_DIR.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <vector>

#include "caller.hpp"

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

int main(int argc, char** argv) {
    const int count = argc > 1 ? std::atoi(argv[1]) : 0;
    const int clients = argc > 2 ? std::atoi(argv[2]) : 1;
    const bool wait = argc > 3 && argv[3] == std::string_view("wait");
    if (count < 1 || clients < 1) return 2;

    std::ifstream file(variable("MOBIVATE_PASSWORD_FILE"));
    const bench::Settings settings{variable("MOBIVATE_BASE_URL"),
                                   variable("MOBIVATE_CA_FILE"),
                                   variable("MOBIVATE_CA_DIR"),
                                   variable("MOBIVATE_USERNAME"),
                                   {std::istreambuf_iterator<char>(file), {}},
                                   clients > 1};
    std::atomic<int> failures{0};
    const auto work = [&](int client) {
        bench::Caller caller(settings);
        const int share = count / clients + (client < count % clients ? 1 : 0);
        for (int i = 0; i < share; ++i) {
            if (!caller.create_key()) ++failures;
        }
    };
    std::vector<std::thread> threads;
    for (int i = wait ? 0 : 1; i < clients; ++i) threads.emplace_back(work, i);
    if (wait) {
        while (std::getchar() != EOF) {
        }
        _exit(0);
    }
    // A program with one client has no second thread.
    work(0);
    for (std::thread& thread : threads) thread.join();
    std::printf("created %d\n", count - failures.load());
}
