/* SPDX-License-Identifier: MIT
 *
 * Between OCaml's values and libmobivate's functions. The runtime lock is released during a call, so what
 * the call reads and writes is in secrets, outside OCaml's heap.
 *
 * Nothing is allocated in OCaml's heap while a lock is held: that may run finalisers, and stop all domains.
 */
#define _GNU_SOURCE
#define CAML_NAME_SPACE
#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/custom.h>
#include <caml/fail.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>
#include <caml/signals.h>

#include <dlfcn.h>
#include <mobivate.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- Secrets --------------------------------------------------------------------------------- */

struct secret {
    size_t size;
    size_t capacity;
    char bytes[];
};

#define Secret_val(v) (*(struct secret**)Data_custom_val(v))

static void wipe_secret(struct secret* secret) {
    explicit_bzero(secret->bytes, secret->capacity);
    secret->size = 0;
}

static void finalize_secret(value secret) {
    wipe_secret(Secret_val(secret));
    free(Secret_val(secret));
}

/* No comparison, hash or marshalling: those would read or copy the pointer. */
static struct custom_operations secret_operations = {
    .identifier = "mobivate.secret",
    .finalize = finalize_secret,
    .compare = custom_compare_default,
    .hash = custom_hash_default,
    .serialize = custom_serialize_default,
    .deserialize = custom_deserialize_default,
    .compare_ext = custom_compare_ext_default,
    .fixed_length = custom_fixed_length_default,
};

static value new_secret(size_t size, size_t capacity) {
    struct secret* secret = calloc(1, sizeof *secret + capacity);
    if (secret == NULL) caml_raise_out_of_memory();
    secret->size = size;
    secret->capacity = capacity;
    value result = caml_alloc_custom_mem(&secret_operations, sizeof secret, capacity);
    Secret_val(result) = secret;
    return result;
}

CAMLprim value mobivate_ml_secret_for_a_key(value unit) {
    (void)unit;
    /* The longest key and a NUL. */
    return new_secret(0, 4097);
}

CAMLprim value mobivate_ml_secret_of_string(value string) {
    CAMLparam1(string);
    CAMLlocal1(result);
    const size_t size = caml_string_length(string);
    result = new_secret(size, size);
    memcpy(Secret_val(result)->bytes, String_val(string), size);
    CAMLreturn(result);
}

CAMLprim value mobivate_ml_secret_of_bigstring(value bigstring) {
    CAMLparam1(bigstring);
    CAMLlocal1(result);
    const size_t size = caml_ba_byte_size(Caml_ba_array_val(bigstring));
    result = new_secret(size, size);
    memcpy(Secret_val(result)->bytes, Caml_ba_data_val(bigstring), size);
    CAMLreturn(result);
}

CAMLprim value mobivate_ml_secret_to_string(value secret) {
    CAMLparam1(secret);
    CAMLreturn(caml_alloc_initialized_string(Secret_val(secret)->size, Secret_val(secret)->bytes));
}

CAMLprim value mobivate_ml_secret_length(value secret) { return Val_long((long)Secret_val(secret)->size); }

CAMLprim value mobivate_ml_secret_wipe(value secret) {
    wipe_secret(Secret_val(secret));
    return Val_unit;
}

/* ---- Clients --------------------------------------------------------------------------------- */

struct client {
    pthread_mutex_t lock; /* held for moments only, never during a call */
    mbv_client* handle;   /* NULL once it is freed */
    bool in_call;         /* nobody else calls or frees, until what happened is read */
    bool closed;
};

#define Client_val(v) (*(struct client**)Data_custom_val(v))

enum begun { BEGUN, BUSY, CLOSED };

static enum begun begin_call(struct client* client) {
    pthread_mutex_lock(&client->lock);
    const enum begun begun = client->closed ? CLOSED : client->in_call ? BUSY : BEGUN;
    if (begun == BEGUN) client->in_call = true;
    pthread_mutex_unlock(&client->lock);
    return begun;
}

static void free_handle(struct client* client) {
    mbv_free(client->handle);
    client->handle = NULL;
}

static void end_call(struct client* client) {
    pthread_mutex_lock(&client->lock);
    client->in_call = false;
    if (client->closed) free_handle(client);
    pthread_mutex_unlock(&client->lock);
}

static void finalize_client(value client_value) {
    struct client* client = Client_val(client_value);
    /* No call is in progress, since that keeps the value alive. */
    free_handle(client);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

static struct custom_operations client_operations = {
    .identifier = "mobivate.client",
    .finalize = finalize_client,
    .compare = custom_compare_default,
    .hash = custom_hash_default,
    .serialize = custom_serialize_default,
    .deserialize = custom_deserialize_default,
    .compare_ext = custom_compare_ext_default,
    .fixed_length = custom_fixed_length_default,
};

CAMLprim value mobivate_ml_new(value unit) {
    (void)unit;
    struct client* client = calloc(1, sizeof *client);
    mbv_client* handle = client != NULL ? mbv_new() : NULL;
    if (handle == NULL) {
        free(client);
        caml_raise_out_of_memory();
    }
    pthread_mutex_init(&client->lock, NULL);
    client->handle = handle;
    /* A client holds buffers of about this size, so that the collector does not leave it for long. */
    value result = caml_alloc_custom_mem(&client_operations, sizeof client, 128 * 1024);
    Client_val(result) = client;
    return result;
}

CAMLprim value mobivate_ml_close(value client_value) {
    struct client* client = Client_val(client_value);
    pthread_mutex_lock(&client->lock);
    if (!client->closed) {
        client->closed = true;
        /* A call in progress ends, and then frees. */
        if (client->in_call) {
            mbv_cancel(client->handle);
        } else {
            free_handle(client);
        }
    }
    pthread_mutex_unlock(&client->lock);
    return Val_unit;
}

CAMLprim value mobivate_ml_cancel(value client_value) {
    struct client* client = Client_val(client_value);
    pthread_mutex_lock(&client->lock);
    mbv_cancel(client->handle);
    pthread_mutex_unlock(&client->lock);
    return Val_unit;
}

CAMLprim value mobivate_ml_uncancel(value client_value) {
    struct client* client = Client_val(client_value);
    pthread_mutex_lock(&client->lock);
    /* Closing has cancelled for good. */
    if (!client->closed) mbv_uncancel(client->handle);
    pthread_mutex_unlock(&client->lock);
    return Val_unit;
}

/* ---- What happened --------------------------------------------------------------------------- */

static value text(size_t (*getter)(const mbv_client*, char*, size_t), const mbv_client* handle) {
    const size_t size = getter(handle, NULL, 0);
    value result = caml_alloc_string(size);
    /* Its last byte is a NUL already, and stays one. */
    getter(handle, (char*)Bytes_val(result), size + 1);
    return result;
}

/* The record `report` of mobivate.ml. */
static value report(int32_t status, enum begun begun, const mbv_client* handle) {
    CAMLparam0();
    CAMLlocal3(result, message, server_message);
    if (begun == CLOSED) caml_invalid_argument("Mobivate: the client is closed");
    if (begun == BUSY) {
        /* The client is not asked: the other call may end at any moment. */
        message = caml_copy_string(
            "The client is in a call on another thread. Whether the old key still works "
            "is for that call to say.");
        server_message = caml_copy_string("");
        status = MBV_ERR_BUSY;
        handle = NULL;
    } else {
        message = text(mbv_error_message, handle);
        server_message = text(mbv_server_message, handle);
    }
    result = caml_alloc_tuple(7);
    Store_field(result, 0, Val_int(status));
    Store_field(result, 1, message);
    Store_field(result, 2, Val_int(begun == BUSY ? MBV_KEY_UNKNOWN : mbv_key_state(handle)));
    Store_field(result, 3, Val_int(mbv_http_status(handle)));
    Store_field(result, 4, Val_int(mbv_server_code(handle)));
    Store_field(result, 5, server_message);
    Store_field(result, 6, caml_copy_int64(mbv_retry_after_ms(handle)));
    CAMLreturn(result);
}

CAMLprim value mobivate_ml_set(value client_value, value option, value text_value) {
    CAMLparam3(client_value, option, text_value);
    CAMLlocal1(result);
    struct client* client = Client_val(client_value);
    int32_t status = MBV_OK;
    const enum begun begun = begin_call(client);
    if (begun == BEGUN) status = mbv_set(client->handle, String_val(option), String_val(text_value));
    result = report(status, begun, client->handle);
    if (begun == BEGUN) end_call(client);
    CAMLreturn(result);
}

/* What a call reads and writes. The caller keeps the values of the secrets alive. */
struct call {
    int32_t (*make)(mbv_client*, const struct call*);
    struct secret *username, *password, *key;
};

static int32_t create_key(mbv_client* handle, const struct call* call) {
    return mbv_create_key(handle, call->username->bytes, call->username->size, call->password->bytes,
                          call->password->size, call->key->bytes, call->key->capacity, &call->key->size);
}

static int32_t get_key(mbv_client* handle, const struct call* call) {
    return mbv_get_key(handle, call->username->bytes, call->username->size, call->password->bytes,
                       call->password->size, call->key->bytes, call->key->capacity, &call->key->size);
}

static int32_t test_key(mbv_client* handle, const struct call* call) {
    return mbv_test_key(handle, call->key->bytes, call->key->size);
}

static value make_call(value client_value, const struct call* call) {
    CAMLparam1(client_value);
    CAMLlocal1(result);
    struct client* client = Client_val(client_value);
    int32_t status = MBV_OK;
    /* A signal's handler may raise from here: nothing is held yet. */
    caml_enter_blocking_section();
    const enum begun begun = begin_call(client);
    if (begun == BEGUN) status = call->make(client->handle, call);
    caml_leave_blocking_section();
    result = report(status, begun, client->handle);
    if (begun == BEGUN) end_call(client);
    CAMLreturn(result);
}

CAMLprim value mobivate_ml_create_key(value client, value username, value password, value key) {
    CAMLparam4(client, username, password, key);
    const struct call call = {create_key, Secret_val(username), Secret_val(password), Secret_val(key)};
    CAMLreturn(make_call(client, &call));
}

CAMLprim value mobivate_ml_get_key(value client, value username, value password, value key) {
    CAMLparam4(client, username, password, key);
    const struct call call = {get_key, Secret_val(username), Secret_val(password), Secret_val(key)};
    CAMLreturn(make_call(client, &call));
}

CAMLprim value mobivate_ml_test_key(value client, value key) {
    CAMLparam2(client, key);
    const struct call call = {test_key, NULL, NULL, Secret_val(key)};
    CAMLreturn(make_call(client, &call));
}

/* ---- The library ----------------------------------------------------------------------------- */

CAMLprim value mobivate_ml_status_name(value status) {
    return caml_copy_string(mbv_status_name(Int_val(status)));
}

CAMLprim value mobivate_ml_version(value unit) {
    (void)unit;
    return caml_copy_string(mbv_version());
}

CAMLprim value mobivate_ml_version_number(value unit) {
    (void)unit;
    return Val_int(mbv_version_number());
}

/* The file that the loader has found. */
CAMLprim value mobivate_ml_library_file(value unit) {
    (void)unit;
    Dl_info found;
    const bool known = dladdr(mbv_version(), &found) != 0 && found.dli_fname != NULL;
    return caml_copy_string(known ? found.dli_fname : "libmobivate.so.1");
}
