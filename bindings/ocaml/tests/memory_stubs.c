/* SPDX-License-Identifier: MIT
 *
 * Counts copies of a secret in the process's memory, and what malloc has handed out. */
#define _GNU_SOURCE
#define CAML_NAME_SPACE
#include <caml/mlvalues.h>

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { piece_size = 1 << 20, largest_needle = 64 };

/* The needle comes with every bit flipped, so that it is no copy itself; what is found in here does not
 * count. */
static struct {
    char needle[largest_needle];
    char piece[piece_size];
} own;

static long copies_in(char* start, char* end, size_t size, int memory) {
    long copies = 0;
    /* Pieces overlap, so that nothing is missed between them. */
    for (char* at = start; at + size <= end;) {
        const size_t left = (size_t)(end - at), wanted = left < piece_size ? left : piece_size;
        if (pread(memory, own.piece, wanted, (off_t)(uintptr_t)at) != (ssize_t)wanted) break;
        char *from = own.piece, *found;
        while ((found = memmem(from, (size_t)(own.piece + wanted - from), own.needle, size)) != NULL) {
            const char* address = at + (found - own.piece);
            if (address < (char*)&own || address >= (char*)(&own + 1)) copies++;
            from = found + 1;
        }
        at += wanted == piece_size ? piece_size - size + 1 : wanted;
    }
    return copies;
}

CAMLprim value test_copies(value flipped) {
    const size_t size = caml_string_length(flipped);
    const int memory = open("/proc/self/mem", O_RDONLY);
    FILE* maps = fopen("/proc/self/maps", "r");
    char line[4096];
    long copies = 0;
    if (size > largest_needle || memory < 0 || maps == NULL) abort();
    for (size_t i = 0; i < size; i++) own.needle[i] = (char)~Byte(flipped, i);
    while (fgets(line, sizeof line, maps) != NULL) {
        void *start, *end;
        if (sscanf(line, "%p-%p rw", &start, &end) == 2 && strstr(line, " rw") != NULL) {
            copies += copies_in(start, end, size, memory);
        }
    }
    fclose(maps);
    close(memory);
    explicit_bzero(&own, sizeof own);
    return Val_long(copies);
}

CAMLprim value test_malloc_bytes(value unit) {
    const struct mallinfo2 state = mallinfo2();
    (void)unit;
    return Val_long(state.uordblks + state.hblkhd);
}
