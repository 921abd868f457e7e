/* SPDX-License-Identifier: MIT
 *
 * load [LIBRARY]: loads a library, and leaves everything else to the end of the process. Without one: what a
 * process costs. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char** argv) {
    if (argc > 1 && dlopen(argv[1], RTLD_NOW) == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    puts("loaded");
    return 0;
}
