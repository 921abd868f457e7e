// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "mobivate.h"

int main(int argc, char** argv) {
    // Before the tests' own use of libcurl: whoever initialises OpenSSL first decides what it does at exit.
    mbv_free(mbv_new());
    return doctest::Context(argc, argv).run();
}
