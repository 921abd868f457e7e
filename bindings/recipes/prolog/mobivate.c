/* SPDX-License-Identifier: MIT
 *
 * libmobivate as predicates of SWI-Prolog: one for each function, with the status as an argument. */
#include <SWI-Prolog.h>
#include <mobivate.h>
#include <stdlib.h>
#include <string.h>

typedef int32_t key_function(mbv_client*, const char*, size_t, const char*, size_t, char*, size_t, size_t*);

static foreign_t new_client(term_t client) {
    mbv_client* made = mbv_new();
    return made == NULL ? PL_resource_error("memory") : PL_unify_pointer(client, made);
}

static foreign_t free_client(term_t client) {
    void* pointer;
    if (!PL_get_pointer_ex(client, &pointer)) return FALSE;
    mbv_free(pointer);
    return TRUE;
}

static foreign_t set(term_t client, term_t option, term_t value, term_t status) {
    void* pointer;
    char *option_text, *value_text;
    const unsigned flags = CVT_ATOM | CVT_STRING | CVT_EXCEPTION | REP_UTF8 | BUF_STACK;
    return PL_get_pointer_ex(client, &pointer) && PL_get_nchars(option, NULL, &option_text, flags) &&
           PL_get_nchars(value, NULL, &value_text, flags) &&
           PL_unify_integer(status, mbv_set(pointer, option_text, value_text));
}

static foreign_t call(key_function* function, term_t client, term_t username, term_t password, term_t status,
                      term_t key) {
    void* pointer;
    char *name, *secret, buffer[4097]; /* the longest key there is, and its NUL */
    size_t name_size, secret_size, size;
    if (!PL_get_pointer_ex(client, &pointer) ||
        !PL_get_nchars(username, &name_size, &name,
                       CVT_ATOM | CVT_STRING | CVT_EXCEPTION | REP_UTF8 | BUF_STACK) ||
        !PL_get_nchars(password, &secret_size, &secret,
                       CVT_LIST | CVT_EXCEPTION | REP_ISO_LATIN_1 | BUF_MALLOC)) {
        return FALSE;
    }
    const int32_t result =
        function(pointer, name, name_size, secret, secret_size, buffer, sizeof buffer, &size);
    explicit_bzero(secret, secret_size);
    PL_free(secret);
    const int unified = PL_unify_integer(status, result) && PL_unify_list_ncodes(key, size, buffer);
    explicit_bzero(buffer, sizeof buffer);
    return unified;
}

static foreign_t create_key(term_t client, term_t username, term_t password, term_t status, term_t key) {
    return call(mbv_create_key, client, username, password, status, key);
}

static foreign_t get_key(term_t client, term_t username, term_t password, term_t status, term_t key) {
    return call(mbv_get_key, client, username, password, status, key);
}

static foreign_t error_message(term_t client, term_t text) {
    void* pointer;
    if (!PL_get_pointer_ex(client, &pointer)) return FALSE;
    const size_t capacity = mbv_error_message(pointer, NULL, 0) + 1;
    char* buffer = malloc(capacity);
    if (buffer == NULL) return PL_resource_error("memory");
    mbv_error_message(pointer, buffer, capacity);
    const int unified = PL_unify_chars(text, PL_CODE_LIST | REP_UTF8, (size_t)-1, buffer);
    free(buffer);
    return unified;
}

static foreign_t key_state(term_t client, term_t state) {
    void* pointer;
    return PL_get_pointer_ex(client, &pointer) && PL_unify_integer(state, mbv_key_state(pointer));
}

install_t install_mobivate(void) {
    PL_register_foreign("mbv_new", 1, new_client, 0);
    PL_register_foreign("mbv_free", 1, free_client, 0);
    PL_register_foreign("mbv_set", 4, set, 0);
    PL_register_foreign("mbv_create_key", 5, create_key, 0);
    PL_register_foreign("mbv_get_key", 5, get_key, 0);
    PL_register_foreign("mbv_error_message", 2, error_message, 0);
    PL_register_foreign("mbv_key_state", 2, key_state, 0);
}
