// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "ledger.hpp"

int main(int argc, char** argv) {
    // Before the tests' own use of libcurl: whoever initialises OpenSSL first decides what it does at exit.
    mbv_free(mbv_new());
    const int failed = doctest::Context(argc, argv).run();
    walk::print_ledger();
    return failed;
}
