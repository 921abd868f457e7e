/* SPDX-License-Identifier: MIT
 *
 * Writes one JSON object, in memory that is wiped, since a key may be among its members. */
#ifndef MBV_TOOL_JSON_H
#define MBV_TOOL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io.h"
#include "secret.h"

struct json {
    struct secret text;
};

/* False when there is no memory. */
bool json_open(struct json* json);

/* Adds a member. NULL as the text is null. Bytes that are not UTF-8 become U+FFFD; control characters,
 * those of U+0080 to U+009F included, are escaped. */
void json_text(struct json* json, const char* name, const char* text, size_t size);
void json_number(struct json* json, const char* name, int64_t number);

/* Writes the object and a newline, and wipes it. Returns 0, or an error: EOVERFLOW when the members
 * were too large for it. */
int json_close(struct json* json, io_handle handle);

#endif
