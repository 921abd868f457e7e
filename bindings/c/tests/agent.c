/* SPDX-License-Identifier: MIT */
/* The agent of the conformance cases: tests/bindings/README.md says what it is told. */
#define _DEFAULT_SOURCE /* explicit_bzero, getline */
#include <mobivate.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { WORDS = 32 };

struct text {
    char* bytes;
    size_t size;
};
struct user {
    mbv_client* client;
    pthread_t thread;
    struct text username, password, key; /* of the last call */
    int32_t status;
};
static struct user users[10];
static struct text kept[2]; /* the secret and the last key */

static struct text new_text(size_t capacity) {
    const struct text text = {calloc(1, capacity + 1), 0};
    if (text.bytes == NULL) abort();
    return text;
}

static void wipe(struct text text) {
    if (text.bytes != NULL) explicit_bzero(text.bytes, text.size);
    free(text.bytes);
}

static struct text text_of(const char* field) {
    struct text text = new_text(strlen(field));
    for (unsigned byte; *field != '-' && sscanf(field, "%2x", &byte) == 1; field += 2)
        text.bytes[text.size++] = (char)byte;
    return text;
}

static void print_text(struct text text) {
    for (size_t i = 0; i < text.size; ++i) printf("%02x", (unsigned char)text.bytes[i]);
    if (text.size == 0) putchar('-');
}

static void print_message(size_t (*getter)(const mbv_client*, char*, size_t), const mbv_client* client) {
    struct text message = new_text(getter(client, NULL, 0));
    message.size = getter(client, message.bytes, getter(client, NULL, 0) + 1);
    print_text(message);
    wipe(message);
}

/* What the library tells of the client's last call, a success as well. */
static void print_outcome(const mbv_client* client, int32_t status, struct text key) {
    static const char* const states[] = {
        [MBV_KEY_UNCHANGED] = "unchanged", [MBV_KEY_REPLACED] = "replaced", [MBV_KEY_UNKNOWN] = "unknown"};
    printf("%s %s %d %d ", mbv_status_name(status), states[mbv_key_state(client)], mbv_http_status(client),
           mbv_server_code(client));
    print_message(mbv_server_message, client);
    printf(" %lld ", (long long)mbv_retry_after_ms(client));
    print_message(mbv_error_message, client);
    putchar(' ');
    print_text(key);
}

/* A key of any size is handed over: what does not fit is taken afterwards. */
static int32_t make(struct user* user, const char* kind, struct text name, struct text secret,
                    struct text* key) {
    if (strcmp(kind, "test") == 0) return mbv_test_key(user->client, secret.bytes, secret.size);
    *key = new_text(MBV_KEY_CAPACITY);
    int32_t status = (strcmp(kind, "get") == 0 ? mbv_get_key : mbv_create_key)(
        user->client, name.bytes, name.size, secret.bytes, secret.size, key->bytes, MBV_KEY_CAPACITY,
        &key->size);
    if (status == MBV_ERR_BUFFER_TOO_SMALL) {
        const size_t size = key->size;
        free(key->bytes);
        *key = new_text(size);
        status = mbv_take_key(user->client, key->bytes, size + 1, &key->size);
    }
    return status;
}

/* A client that is freed is NULL here, and NULL is refused before anything is sent. */
static void call(struct user* user, const char* kind, struct text name, struct text secret) {
    struct text key = {NULL, 0};
    const int32_t status = make(user, kind, name, secret, &key);
    if (user->client == NULL && status == MBV_ERR_INVALID_ARGUMENT)
        fputs("closed", stdout);
    else
        print_outcome(user->client, status, key);
    wipe(key);
}

static void* run(void* argument) {
    struct user* user = argument;
    user->status = make(user, "create", user->username, user->password, &user->key);
    return NULL;
}

static void set(struct user* user, char** words) {
    int32_t status = user->client != NULL ? MBV_OK : MBV_ERR_NO_MEMORY;
    for (; status == MBV_OK && words[0] != NULL && words[1] != NULL; words += 2) {
        const struct text option = text_of(words[0]), value = text_of(words[1]);
        status = mbv_set(user->client, option.bytes, value.bytes);
        wipe(option);
        wipe(value);
    }
    print_outcome(user->client, status, (struct text){NULL, 0});
}

/* Without a buffer of stdio's. */
static struct text read_secret(const char* path) {
    FILE* file = fopen(path, "rb");
    struct stat facts;
    if (file == NULL || setvbuf(file, NULL, _IONBF, 0) != 0 || fstat(fileno(file), &facts) != 0) abort();
    struct text secret = new_text((size_t)facts.st_size);
    secret.size = fread(secret.bytes, 1, (size_t)facts.st_size, file);
    (void)fclose(file);
    return secret;
}

static void repeat(struct user* user, char** words) {
    const struct text username = text_of(words[3]), path = text_of(words[4]);
    struct text secrets[2] = {read_secret(path.bytes), {NULL, 0}};
    const int count = atoi(words[0]);
    for (int i = 0; i < count; ++i) {
        struct text key = {NULL, 0};
        if (make(user, words[1], username, secrets[0], &key) != MBV_OK) abort();
        wipe(secrets[1]);
        secrets[1] = key;
    }
    if (strcmp(words[2], "text") == 0) {
        memcpy(kept, secrets, sizeof kept);
    } else {
        wipe(secrets[0]);
        wipe(secrets[1]);
    }
    wipe(username);
    wipe(path);
}

/* Prints the answer, but for the end of its line. */
static void answer(const char* command, struct user* user, char** words) {
    if (strcmp(command, "runtime") == 0) {
        char runtime[] = "C11, gcc " __VERSION__;
        print_text((struct text){runtime, sizeof runtime - 1});
    } else if (strcmp(command, "new") == 0) {
        user->client = mbv_new();
        set(user, words);
    } else if (strcmp(command, "set") == 0) {
        set(user, words);
    } else if (strcmp(command, "create") == 0 || strcmp(command, "get") == 0 ||
               strcmp(command, "test") == 0) {
        const struct text first = text_of(words[0]), second = text_of(words[1] != NULL ? words[1] : "-");
        call(user, command, first, strcmp(command, "test") == 0 ? first : second);
        wipe(first);
        wipe(second);
    } else if (strcmp(command, "wait") == 0) {
        (void)pthread_join(user->thread, NULL);
        print_outcome(user->client, user->status, user->key);
        wipe(user->username);
        wipe(user->password);
        wipe(user->key);
    } else {
        if (strcmp(command, "start") == 0) {
            user->username = text_of(words[0]);
            user->password = text_of(words[1]);
            if (pthread_create(&user->thread, NULL, run, user) != 0) abort();
        } else if (strcmp(command, "cancel") == 0) {
            mbv_cancel(user->client);
        } else if (strcmp(command, "uncancel") == 0) {
            mbv_uncancel(user->client);
        } else if (strcmp(command, "close") == 0) {
            mbv_free(user->client);
            user->client = NULL;
        } else if (strcmp(command, "repeat") == 0) {
            repeat(user, words);
        }
        fputs("ok", stdout);
    }
}

int main(void) {
    char* line = NULL;
    size_t capacity = 0;
    for (bool ended = false; !ended && getline(&line, &capacity, stdin) > 0;) {
        char* words[WORDS] = {NULL};
        char* rest = line;
        for (size_t i = 0; i + 1 < WORDS && (words[i] = strtok_r(rest, " \n", &rest)) != NULL; ++i) {
        }
        ended = strcmp(words[0], "quit") == 0;
        answer(words[0], &users[words[1] != NULL ? atoi(words[1]) : 0], words + 2);
        putchar('\n');
        (void)fflush(stdout);
    }
    wipe((struct text){line, capacity});
    for (size_t i = 0; i < 2; ++i) wipe(kept[i]);
    return 0;
}
