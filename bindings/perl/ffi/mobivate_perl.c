/* SPDX-License-Identifier: MIT
 *
 * Makes the calls of libmobivate on threads of their own, so that Perl's thread waits where it can run signal
 * handlers. Nothing here knows about Perl. All functions but call_run run on the one thread that has the
 * client, and never one in the middle of another: Perl runs handlers between its own steps.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct mbv_client mbv_client;

/* The functions of mobivate.h that are used here, as the header declares them. */
#define FUNCTIONS(F)                                                                                         \
    F(mbv_client*, mbv_new, (void))                                                                          \
    F(void, mbv_free, (mbv_client*))                                                                         \
    F(int32_t, mbv_set, (mbv_client*, const char*, const char*))                                             \
    F(int32_t, mbv_create_key,                                                                               \
      (mbv_client*, const char*, size_t, const char*, size_t, char*, size_t, size_t*))                       \
    F(int32_t, mbv_get_key, (mbv_client*, const char*, size_t, const char*, size_t, char*, size_t, size_t*)) \
    F(int32_t, mbv_test_key, (mbv_client*, const char*, size_t))                                             \
    F(size_t, mbv_error_message, (const mbv_client*, char*, size_t))                                         \
    F(int32_t, mbv_key_state, (const mbv_client*))                                                           \
    F(int32_t, mbv_http_status, (const mbv_client*))                                                         \
    F(int32_t, mbv_server_code, (const mbv_client*))                                                         \
    F(size_t, mbv_server_message, (const mbv_client*, char*, size_t))                                        \
    F(int64_t, mbv_retry_after_ms, (const mbv_client*))                                                      \
    F(void, mbv_cancel, (mbv_client*))                                                                       \
    F(void, mbv_uncancel, (mbv_client*))                                                                     \
    F(const char*, mbv_status_name, (int32_t))                                                               \
    F(const char*, mbv_version, (void))

#define DECLARE(returns, name, parameters) static returns(*name) parameters;
FUNCTIONS(DECLARE)

enum { ok = 0, no_memory = -2, busy = -3, closed = 1, started = 2 };
enum { unchanged = 0, unknown = 2 };
enum kind { create_key = 0, get_key = 1, test_key = 2 };
enum { key_capacity = 4097 }; /* for the longest key there is, so that none is left to be taken */

struct text {
    char* bytes; /* with a NUL behind */
    size_t size;
};

struct client {
    mbv_client* mbv;
    struct call* call; /* the one in progress */
    int32_t key_state;
    int is_cancelled, is_closed, is_forgotten;
};

/* A call, and then its outcome. */
struct call {
    struct client* client; /* while it is in progress */
    enum kind kind;
    pthread_t thread;
    pid_t process;
    int done[2]; /* a pipe: something can be read when the call has ended */
    struct text username, key, message, server_message;
    struct text secret; /* the password, or the key that is tested */
    int32_t status, key_state, http_status, server_code;
    int64_t retry_after_ms;
};

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

/* The version of a library that is too old or too new, else NULL. Asked before all functions are looked up:
 * an old library lacks some of them. */
static const char* unfit_version(void* library, int32_t oldest, int32_t too_new) {
    const char* (*version)(void);
    int32_t (*version_number)(void);
    void* const version_address = dlsym(library, "mbv_version");
    void* const number_address = dlsym(library, "mbv_version_number");
    if (version_address == NULL || number_address == NULL) return NULL;
    memcpy(&version, &version_address, sizeof version_address);
    memcpy(&version_number, &number_address, sizeof number_address);
    return version_number() < oldest || version_number() >= too_new ? version() : NULL;
}

/* Loads the library; a second time is fine. Returns NULL, or why it failed. `*unfit` is the version of one
 * that is too old or too new, else NULL. */
const char* mobivate_perl_load(const char* name, int32_t oldest, int32_t too_new, const char** unfit) {
    const char* why = NULL;
    (void)pthread_mutex_lock(&loading);
    void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    *unfit = library != NULL ? unfit_version(library, oldest, too_new) : NULL;
#define FIND(returns, function, parameters)                 \
    if (library != NULL && *unfit == NULL && why == NULL) { \
        void* const address = dlsym(library, #function);    \
        if (address == NULL) why = dlerror();               \
        memcpy(&function, &address, sizeof address);        \
    }
    FUNCTIONS(FIND)
    if (library == NULL) why = dlerror();
    (void)pthread_mutex_unlock(&loading);
    return why;
}

const char* mobivate_perl_version(void) { return mbv_version(); }

const char* mobivate_perl_status_name(int32_t status) { return mbv_status_name(status); }

static void wipe(struct text* text) {
    if (text->bytes != NULL) explicit_bzero(text->bytes, text->size);
    free(text->bytes);
    text->bytes = NULL;
    text->size = 0;
}

static int reserve(struct text* text, size_t size) {
    text->bytes = calloc(1, size + 1);
    text->size = text->bytes != NULL ? size : 0;
    return text->bytes != NULL;
}

/* Byte by byte: memcpy would leave a secret in the vector registers, which the next lazily bound call of this
 * thread spills to its stack. The library clears those of its own thread alone. */
static int copy(struct text* text, const char* bytes, size_t size) {
    if (!reserve(text, size)) return 0;
    volatile char* to = text->bytes;
    for (size_t i = 0; i < size; i++) to[i] = bytes[i];
    return 1;
}

static void take(struct text* text, size_t (*getter)(const mbv_client*, char*, size_t),
                 const mbv_client* client) {
    if (reserve(text, getter(client, NULL, 0))) (void)getter(client, text->bytes, text->size + 1);
}

struct client* mobivate_perl_client_new(void) {
    struct client* client = calloc(1, sizeof *client);
    if (client == NULL) return NULL;
    client->mbv = mbv_new();
    if (client->mbv != NULL) return client;
    free(client);
    return NULL;
}

static void end_client(struct client* client) {
    if (client->is_closed && client->mbv != NULL) {
        mbv_free(client->mbv);
        client->mbv = NULL;
    }
    if (client->is_forgotten) free(client);
}

void mobivate_perl_client_close(struct client* client) {
    client->is_closed = 1;
    if (client->call != NULL) {
        mbv_cancel(client->mbv); /* The call frees the client when it ends. */
    } else {
        end_client(client);
    }
}

void mobivate_perl_client_free(struct client* client) {
    client->is_forgotten = 1;
    mobivate_perl_client_close(client);
}

int mobivate_perl_client_is_closed(const struct client* client) { return client->is_closed; }

int32_t mobivate_perl_client_key_state(const struct client* client) { return client->key_state; }

void mobivate_perl_client_cancel(struct client* client) {
    if (client->is_closed) return;
    client->is_cancelled = 1;
    mbv_cancel(client->mbv);
}

void mobivate_perl_client_uncancel(struct client* client) {
    if (client->is_closed) return;
    client->is_cancelled = 0;
    mbv_uncancel(client->mbv);
}

struct call* mobivate_perl_call_new(void) {
    struct call* call = calloc(1, sizeof *call);
    if (call != NULL) call->retry_after_ms = -1;
    return call;
}

/* The calls that only ask do not speak of an old key. */
static int32_t refuse(struct call* call, int32_t status, int32_t key_state, const char* why,
                      const char* of_old_key) {
    if (call->kind != create_key) of_old_key = "";
    call->status = status;
    call->key_state = key_state;
    if (reserve(&call->message, strlen(why) + strlen(of_old_key))) {
        memcpy(call->message.bytes, why, strlen(why));
        memcpy(call->message.bytes + strlen(why), of_old_key, strlen(of_old_key));
    }
    return status;
}

static int32_t refuse_unless_idle(struct call* call, const struct client* client) {
    if (client->is_closed) {
        return refuse(call, closed, unchanged, "The client is closed.", " The old key still works.");
    }
    if (client->call != NULL) {
        /* The library's own words. Asking it could give those of the other call. */
        return refuse(call, busy, unknown,
                      "The client is in a call on another thread. "
                      "What becomes of the old key is that call's to tell.",
                      "");
    }
    return ok;
}

/* Sets an option. A call only because it can fail in the same ways. */
int32_t mobivate_perl_call_set(struct call* call, struct client* client, const char* option,
                               const char* value) {
    if (refuse_unless_idle(call, client) != ok) return call->status;
    call->status = mbv_set(client->mbv, option, value);
    if (call->status != ok) take(&call->message, mbv_error_message, client->mbv);
    return call->status;
}

static void* call_run(void* argument) {
    struct call* call = argument;
    mbv_client* const client = call->client->mbv;
    size_t key_size = 0;
    if (call->kind == test_key) {
        call->status = mbv_test_key(client, call->secret.bytes, call->secret.size);
    } else {
        call->status = (call->kind == get_key ? mbv_get_key : mbv_create_key)(
            client, call->username.bytes, call->username.size, call->secret.bytes, call->secret.size,
            call->key.bytes, key_capacity, &key_size);
    }
    wipe(&call->username);
    wipe(&call->secret);
    call->key_state = mbv_key_state(client);
    if (call->status == ok) {
        call->key.size = key_size;
    } else {
        wipe(&call->key);
        call->http_status = mbv_http_status(client);
        call->server_code = mbv_server_code(client);
        call->retry_after_ms = mbv_retry_after_ms(client);
        take(&call->message, mbv_error_message, client);
        take(&call->server_message, mbv_server_message, client);
    }
    while (write(call->done[1], "", 1) < 0) {
        /* Every signal is blocked here, and the pipe is empty. */
    }
    return NULL;
}

static int start_thread(struct call* call) {
    sigset_t every, before;
    sigfillset(&every);
    if (pipe2(call->done, O_CLOEXEC) != 0) return 0;
    /* Signals are for Perl's threads. */
    (void)pthread_sigmask(SIG_SETMASK, &every, &before);
    const int failure = pthread_create(&call->thread, NULL, call_run, call);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure == 0) return 1;
    (void)close(call->done[0]);
    (void)close(call->done[1]);
    return 0;
}

/* `started`, or a status, or `closed`. The texts are copied: the handlers of signals may change Perl's own
 * while the call goes on. A test of a key has no user name. */
int32_t mobivate_perl_call_start(struct call* call, struct client* client, int kind, const char* username,
                                 size_t username_size, const char* secret, size_t secret_size) {
    call->kind = (enum kind)kind;
    if (refuse_unless_idle(call, client) != ok) return call->status;
    call->process = getpid();
    call->client = client;
    if (!copy(&call->username, username, username_size) || !copy(&call->secret, secret, secret_size) ||
        !reserve(&call->key, key_capacity - 1) || !start_thread(call)) {
        call->client = NULL;
        client->key_state = unchanged;
        return refuse(call, no_memory, unchanged,
                      "There was no memory, thread or file descriptor for a call.",
                      " The old key still works.");
    }
    client->call = call;
    client->key_state = unknown;
    return started;
}

static int is_done(const struct call* call, int wait_ms) {
    struct pollfd done = {.fd = call->done[0], .events = POLLIN};
    return poll(&done, 1, wait_ms) > 0;
}

/* Whether the call has ended. Waits for that, for a signal, or for 50 ms: a signal that comes between Perl's
 * last look at its signals and the waiting does not end the waiting. */
int mobivate_perl_call_wait(const struct call* call) {
    return call->client == NULL || call->process != getpid() || is_done(call, 50);
}

/* Forked by a signal's handler: the call's thread, and all that it uses, are the parent's. */
static void leave_to_parent(struct call* call, struct client* client) {
    client->mbv = NULL;
    client->is_closed = 1;
    (void)refuse(call, closed, call->kind == create_key ? unknown : unchanged,
                 "The call goes on in the process that this one was forked from.",
                 " The old key may be revoked.");
}

/* Ends a call that was started, however far it has come. Returns its status. */
int32_t mobivate_perl_call_end(struct call* call) {
    struct client* const client = call->client;
    if (client == NULL) return call->status;
    if (call->process != getpid()) {
        leave_to_parent(call, client);
    } else {
        if (!is_done(call, 0)) mbv_cancel(client->mbv);
        (void)pthread_join(call->thread, NULL);
        if (!client->is_cancelled) mbv_uncancel(client->mbv);
    }
    (void)close(call->done[0]);
    (void)close(call->done[1]);
    client->key_state = call->key_state;
    client->call = NULL;
    call->client = NULL;
    end_client(client);
    return call->status;
}

void mobivate_perl_call_free(struct call* call) {
    (void)mobivate_perl_call_end(call);
    wipe(&call->username);
    wipe(&call->secret);
    wipe(&call->key);
    wipe(&call->message);
    wipe(&call->server_message);
    free(call);
}

/* The text of a call: its message, the server's message, or the key. */
const char* mobivate_perl_call_text(struct call* call, int which, size_t* size) {
    const struct text* const texts[] = {&call->message, &call->server_message, &call->key};
    *size = texts[which]->size;
    return texts[which]->bytes;
}

void mobivate_perl_call_numbers(const struct call* call, int64_t numbers[4]) {
    numbers[0] = call->key_state;
    numbers[1] = call->http_status;
    numbers[2] = call->server_code;
    numbers[3] = call->retry_after_ms;
}
