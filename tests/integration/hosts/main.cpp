// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "interpose.hpp"
#include "mobivate.h"

int main(int argc, char** argv) {
    // Before the tests' own use of libcurl: whoever initialises OpenSSL first decides what it does at exit.
    mbv_free(mbv_new());
    if (host::libcurl_is_inside) {
        std::puts(
            "libcurl is inside the library: left out is what imitates another one, of an older version, "
            "or one that refuses an option or fails.");
    }
    return doctest::Context(argc, argv).run();
}
