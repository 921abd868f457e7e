// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "ledger.hpp"

int main(int argc, char** argv) {
    const int failed = doctest::Context(argc, argv).run();
    walk::print_ledger();
    return failed;
}
