/* SPDX-License-Identifier: MIT
 *
 * libmobivate for R's .Call. A call's result is list(status, key_state, key or message). */
#include <R.h>
#include <Rinternals.h>
#include <mobivate.h>
#include <string.h>

/* R's allocator leaves by longjmp where it fails: nothing here holds what would be lost then. */

static mbv_client* client_of(SEXP handle) {
    mbv_client* client = R_ExternalPtrAddr(handle);
    if (client == NULL) error("the client is closed");
    return client;
}

SEXP mobivate_close(SEXP handle) {
    mbv_free(R_ExternalPtrAddr(handle));
    R_ClearExternalPtr(handle);
    return R_NilValue;
}

static void finalize(SEXP handle) { (void)mobivate_close(handle); }

SEXP mobivate_new(void) {
    SEXP handle = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
    R_RegisterCFinalizerEx(handle, finalize, TRUE);
    R_SetExternalPtrAddr(handle, mbv_new());
    UNPROTECT(1);
    return handle;
}

static SEXP result(int32_t status, int32_t key_state, const char* text) {
    const char* names[] = {"status", "key_state", "text", ""};
    SEXP list = PROTECT(mkNamed(VECSXP, names));
    SET_VECTOR_ELT(list, 0, ScalarInteger(status));
    SET_VECTOR_ELT(list, 1, ScalarInteger(key_state));
    SET_VECTOR_ELT(list, 2, ScalarString(mkCharCE(text, CE_UTF8)));
    UNPROTECT(1);
    return list;
}

static SEXP failure(const mbv_client* client, int32_t status) {
    const size_t capacity = mbv_error_message(client, NULL, 0) + 1;
    char* message = R_alloc(capacity, 1);
    mbv_error_message(client, message, capacity);
    return result(status, mbv_key_state(client), message);
}

SEXP mobivate_set(SEXP handle, SEXP option, SEXP value) {
    mbv_client* client = client_of(handle);
    const int32_t status = mbv_set(client, CHAR(asChar(option)), translateCharUTF8(asChar(value)));
    return failure(client, status);
}

typedef int32_t key_function(mbv_client*, const char*, size_t, const char*, size_t, char*, size_t, size_t*);

/* The password is a raw vector, whose bytes are passed as they are. */
static SEXP call(key_function* function, SEXP handle, SEXP username, SEXP password) {
    char key[4097]; /* the longest key there is, and its NUL */
    mbv_client* client = client_of(handle);
    const char* name = translateCharUTF8(asChar(username));
    const int32_t status = function(client, name, MBV_NUL_TERMINATED, (const char*)RAW(password),
                                    (size_t)XLENGTH(password), key, sizeof key, NULL);
    if (status != MBV_OK) return failure(client, status);
    SEXP created = result(status, mbv_key_state(client), key);
    explicit_bzero(key, sizeof key);
    return created;
}

SEXP mobivate_create_key(SEXP handle, SEXP username, SEXP password) {
    return call(mbv_create_key, handle, username, password);
}

SEXP mobivate_get_key(SEXP handle, SEXP username, SEXP password) {
    return call(mbv_get_key, handle, username, password);
}

/* R copies a vector before it changes one: only here can its own bytes be overwritten. */
SEXP mobivate_wipe(SEXP bytes) {
    explicit_bzero(RAW(bytes), (size_t)XLENGTH(bytes));
    return R_NilValue;
}
