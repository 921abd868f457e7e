/* SPDX-License-Identifier: MIT
 *
 * libmobivate as functions of the Erlang or Elixir module MODULE: new/0, set/3, create_key/3, get_key/3.
 * A failure is {error, {Status, KeyState, Message}}. */
#include <erl_nif.h>
#include <mobivate.h>
#include <string.h>

typedef int32_t key_function(mbv_client*, const char*, size_t, const char*, size_t, char*, size_t, size_t*);

static ErlNifResourceType* client_type;

/* A client ends when no term refers to it any more. */
static void collect(ErlNifEnv* env, void* resource) {
    (void)env;
    mbv_free(*(mbv_client**)resource);
}

static int load(ErlNifEnv* env, void** data, ERL_NIF_TERM info) {
    (void)data;
    (void)info;
    client_type = enif_open_resource_type(env, NULL, "mbv_client", collect, ERL_NIF_RT_CREATE, NULL);
    return client_type == NULL;
}

static ERL_NIF_TERM binary(ErlNifEnv* env, const char* bytes, size_t size) {
    ERL_NIF_TERM term;
    memcpy(enif_make_new_binary(env, size, &term), bytes, size);
    return term;
}

static ERL_NIF_TERM failure(ErlNifEnv* env, const mbv_client* client, int32_t status) {
    static const char* const states[] = {"unchanged", "replaced", "unknown"};
    ErlNifBinary message;
    const size_t size = mbv_error_message(client, NULL, 0);
    if (!enif_alloc_binary(size + 1, &message)) return enif_make_badarg(env);
    mbv_error_message(client, (char*)message.data, size + 1);
    enif_realloc_binary(&message, size); /* without the NUL */
    return enif_make_tuple2(env, enif_make_atom(env, "error"),
                            enif_make_tuple3(env, enif_make_atom(env, mbv_status_name(status)),
                                             enif_make_atom(env, states[mbv_key_state(client)]),
                                             enif_make_binary(env, &message)));
}

static int get_client(ErlNifEnv* env, ERL_NIF_TERM term, mbv_client** client) {
    void* resource;
    if (!enif_get_resource(env, term, client_type, &resource)) return 0;
    *client = *(mbv_client**)resource;
    return 1;
}

static ERL_NIF_TERM new_client(ErlNifEnv* env, int count, const ERL_NIF_TERM arguments[]) {
    (void)count;
    (void)arguments;
    mbv_client** resource = enif_alloc_resource(client_type, sizeof *resource);
    *resource = mbv_new();
    const ERL_NIF_TERM client = enif_make_resource(env, resource);
    enif_release_resource(resource);
    return client;
}

static ERL_NIF_TERM set(ErlNifEnv* env, int count, const ERL_NIF_TERM arguments[]) {
    (void)count;
    mbv_client* client;
    ErlNifBinary value;
    char option[64], text[4096];
    if (!get_client(env, arguments[0], &client) ||
        enif_get_atom(env, arguments[1], option, sizeof option, ERL_NIF_LATIN1) == 0 ||
        !enif_inspect_binary(env, arguments[2], &value) || value.size >= sizeof text) {
        return enif_make_badarg(env);
    }
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    const int32_t status = mbv_set(client, option, text);
    return status == MBV_OK ? enif_make_atom(env, "ok") : failure(env, client, status);
}

/* A binary's bytes are passed as they are. */
static ERL_NIF_TERM call(ErlNifEnv* env, key_function* function, const ERL_NIF_TERM arguments[]) {
    mbv_client* client;
    ErlNifBinary username, password;
    char key[4097]; /* the longest key there is, and its NUL */
    size_t size;
    if (!get_client(env, arguments[0], &client) || !enif_inspect_binary(env, arguments[1], &username) ||
        !enif_inspect_binary(env, arguments[2], &password)) {
        return enif_make_badarg(env);
    }
    const int32_t status = function(client, (const char*)username.data, username.size,
                                    (const char*)password.data, password.size, key, sizeof key, &size);
    if (status != MBV_OK) return failure(env, client, status);
    const ERL_NIF_TERM term = enif_make_tuple2(env, enif_make_atom(env, "ok"), binary(env, key, size));
    explicit_bzero(key, sizeof key);
    return term;
}

static ERL_NIF_TERM create_key(ErlNifEnv* env, int count, const ERL_NIF_TERM arguments[]) {
    (void)count;
    return call(env, mbv_create_key, arguments);
}

static ERL_NIF_TERM get_key(ErlNifEnv* env, int count, const ERL_NIF_TERM arguments[]) {
    (void)count;
    return call(env, mbv_get_key, arguments);
}

/* A call blocks its thread, so it gets a dirty scheduler's: the others go on with all other processes. */
static ErlNifFunc functions[] = {{"new", 0, new_client, 0},
                                 {"set", 3, set, 0},
                                 {"create_key", 3, create_key, ERL_NIF_DIRTY_JOB_IO_BOUND},
                                 {"get_key", 3, get_key, ERL_NIF_DIRTY_JOB_IO_BOUND}};

#define INIT(module) ERL_NIF_INIT(module, functions, load, NULL, NULL, NULL)
INIT(MODULE)
