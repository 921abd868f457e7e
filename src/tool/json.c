/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A server's message of 64 KiB with each byte escaped to six, and room for the rest. */
#define LARGEST_OBJECT ((size_t)512 * 1024)

static void add(struct json* json, const char* bytes, size_t size) {
    struct secret* text = &json->text;
    if (size > text->capacity - text->size) {
        text->size = text->capacity; /* stays full, which json_close notices */
        return;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
}

static void add_literal(struct json* json, const char* literal) { add(json, literal, strlen(literal)); }

/* The size of the UTF-8 character that starts here, and the character; 0 when it is not one. */
static size_t decode(const char* text, size_t size, uint32_t* character) {
    const unsigned char first = (unsigned char)text[0];
    size_t length = 0;
    if (first < 0x80) {
        *character = first;
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) length = 2;
    if (first >= 0xe0 && first <= 0xef) length = 3;
    if (first >= 0xf0 && first <= 0xf4) length = 4;
    if (length == 0 || length > size) return 0;
    *character = first & (0x7fU >> length);
    for (size_t i = 1; i < length; ++i) {
        const unsigned char next = (unsigned char)text[i];
        if ((next & 0xc0) != 0x80) return 0;
        *character = *character << 6 | (next & 0x3f);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = *character >= 0xd800 && *character <= 0xdfff;
    return *character < smallest[length] || *character > 0x10ffff || surrogate ? 0 : length;
}

static bool is_control(uint32_t character) {
    return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

static void add_character(struct json* json, const char* bytes, size_t size, uint32_t character) {
    if (is_control(character)) {
        char escape[sizeof "\\u0000"];
        (void)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(character & 0xffff));
        add_literal(json, escape);
        return;
    }
    if (character == '"' || character == '\\') add_literal(json, "\\");
    add(json, bytes, size);
}

static void add_quoted(struct json* json, const char* text, size_t size) {
    add_literal(json, "\"");
    while (size > 0) {
        uint32_t character = 0;
        size_t length = decode(text, size, &character);
        if (length > 0) {
            add_character(json, text, length, character);
        } else {
            add_literal(json, "\\ufffd");
            length = 1;
        }
        text += length;
        size -= length;
    }
    add_literal(json, "\"");
}

static void add_name(struct json* json, const char* name) {
    add_literal(json, json->text.size == 0 ? "{" : ",");
    add_quoted(json, name, strlen(name));
    add_literal(json, ":");
}

bool json_open(struct json* json) { return secret_open(&json->text, LARGEST_OBJECT); }

void json_text(struct json* json, const char* name, const char* text, size_t size) {
    add_name(json, name);
    if (text == NULL) {
        add_literal(json, "null");
    } else {
        add_quoted(json, text, size);
    }
}

void json_number(struct json* json, const char* name, int64_t number) {
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRId64, number);
    add_name(json, name);
    add_literal(json, digits);
}

int json_close(struct json* json, io_handle handle) {
    add_literal(json, "}\n");
    const bool complete = json->text.size < json->text.capacity;
    const int error = complete ? io_write_all(handle, json->text.bytes, json->text.size) : EOVERFLOW;
    secret_close(&json->text);
    return error;
}
