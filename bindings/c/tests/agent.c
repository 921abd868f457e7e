/* SPDX-License-Identifier: MIT */
/* The agent of the conformance cases: tests/bindings/README.md says what it is told. */
#define _DEFAULT_SOURCE /* explicit_bzero, getline, open_memstream */
#include <mobivate.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct text {
    char* bytes;
    size_t size;
};
struct user {
    mbv_client* client;
    pthread_t thread;
    struct text username, password; /* of the call in the background */
    char* outcome;
    struct text kept[2];
};
static struct user users[10];

static struct text text_of(const char* field) {
    struct text text = {calloc(1, strlen(field) / 2 + 1), 0};
    if (text.bytes == NULL) abort();
    for (unsigned byte; *field != '-' && sscanf(field, "%2x", &byte) == 1; field += 2)
        text.bytes[text.size++] = (char)byte;
    return text;
}

static void print_text(FILE* line, const char* bytes, size_t size) {
    for (size_t i = 0; i < size; ++i) (void)fprintf(line, "%02x", (unsigned char)bytes[i]);
    (void)fputs(size == 0 ? "-" : "", line);
}

static void print_message(FILE* line, size_t (*getter)(const mbv_client*, char*, size_t),
                          const mbv_client* client) {
    const size_t size = getter(client, NULL, 0);
    char* text = malloc(size + 1);
    if (text == NULL) abort();
    print_text(line, text, getter(client, text, size + 1));
    free(text);
}

/* A call's status and key; or, where `called` is false, the status of mbv_new or mbv_set. The library tells
 * the key state of a success, too. */
static char* outcome(const mbv_client* client, int32_t status, bool called, struct text key) {
    static const char* const states[] = {
        [MBV_KEY_UNCHANGED] = "unchanged", [MBV_KEY_REPLACED] = "replaced", [MBV_KEY_UNKNOWN] = "unknown"};
    char* text = NULL;
    size_t size = 0;
    FILE* line = open_memstream(&text, &size);
    if (line == NULL) abort();
    if (status == MBV_OK) {
        (void)fprintf(line, "MBV_OK %s 0 0 - -1 - ",
                      states[called ? mbv_key_state(client) : MBV_KEY_UNCHANGED]);
        print_text(line, key.bytes, key.size);
    } else {
        (void)fprintf(line, "%s %s %d %d ", mbv_status_name(status),
                      states[called ? mbv_key_state(client) : MBV_KEY_UNCHANGED],
                      called ? mbv_http_status(client) : 0, called ? mbv_server_code(client) : 0);
        if (called) print_message(line, mbv_server_message, client);
        (void)fprintf(line, "%s %lld ", called ? "" : "-",
                      called ? (long long)mbv_retry_after_ms(client) : -1);
        print_message(line, mbv_error_message, client);
        (void)fputs(" -", line);
    }
    (void)fclose(line);
    return text;
}

typedef int32_t key_function(mbv_client*, const char*, size_t, const char*, size_t, char*, size_t, size_t*);

/* Calls mbv_create_key or mbv_get_key. A key of any size: what does not fit is taken afterwards. */
static int32_t call(key_function* function, mbv_client* client, struct text username, struct text password,
                    struct text* key) {
    key->bytes = calloc(1, MBV_KEY_CAPACITY);
    if (key->bytes == NULL) abort();
    int32_t status = function(client, username.bytes, username.size, password.bytes, password.size,
                              key->bytes, MBV_KEY_CAPACITY, &key->size);
    if (status == MBV_ERR_BUFFER_TOO_SMALL) {
        free(key->bytes);
        const size_t capacity = key->size + 1;
        key->bytes = malloc(capacity);
        if (key->bytes == NULL) abort();
        status = mbv_take_key(client, key->bytes, capacity, &key->size);
    }
    return status;
}

/* A client that is freed is NULL here, and NULL is refused before anything is sent. */
static char* outcome_of_call(const struct user* user, int32_t status, struct text key) {
    return user->client == NULL && status == MBV_ERR_INVALID_ARGUMENT
               ? strdup("closed")
               : outcome(user->client, status, true, key);
}

static char* ask(key_function* function, struct user* user, struct text username, struct text password) {
    struct text key;
    const int32_t status = call(function, user->client, username, password, &key);
    char* answer = outcome_of_call(user, status, key);
    explicit_bzero(key.bytes, key.size);
    free(key.bytes);
    return answer;
}

static char* test(struct user* user, struct text key) {
    return outcome_of_call(user, mbv_test_key(user->client, key.bytes, key.size), (struct text){"", 0});
}

static void* run(void* argument) {
    struct user* user = argument;
    user->outcome = ask(mbv_create_key, user, user->username, user->password);
    return NULL;
}

static char* set(struct user* user, char** words) {
    int32_t status = user->client != NULL ? MBV_OK : MBV_ERR_NO_MEMORY;
    for (; status == MBV_OK && words[0] != NULL && words[1] != NULL; words += 2) {
        const struct text option = text_of(words[0]), value = text_of(words[1]);
        status = mbv_set(user->client, option.bytes, value.bytes);
        free(option.bytes);
        free(value.bytes);
    }
    return outcome(user->client, status, false, (struct text){"", 0});
}

static void repeat(struct user* user, char** words) {
    const struct text username = text_of(words[2]), path = text_of(words[3]);
    const bool keep = strcmp(words[1], "text") == 0;
    FILE* file = fopen(path.bytes, "rb");
    struct stat facts;
    if (file == NULL || setvbuf(file, NULL, _IONBF, 0) != 0 || fstat(fileno(file), &facts) != 0) abort();
    struct text password = {malloc((size_t)facts.st_size), (size_t)facts.st_size};
    if (password.bytes == NULL || fread(password.bytes, 1, password.size, file) != password.size) abort();
    (void)fclose(file);
    for (int i = atoi(words[0]); i > 0; --i) {
        struct text key;
        if (call(mbv_create_key, user->client, username, password, &key) != MBV_OK) abort();
        if (!keep || i > 1) {
            explicit_bzero(key.bytes, key.size);
            free(key.bytes);
        } else {
            user->kept[0] = key;
        }
    }
    if (keep) {
        user->kept[1] = password;
    } else {
        explicit_bzero(password.bytes, password.size);
        free(password.bytes);
    }
    free(username.bytes);
    free(path.bytes);
}

static char* answer(char** words) {
    const char* command = words[0];
    if (strcmp(command, "quit") == 0) return strdup("ok");
    if (strcmp(command, "runtime") == 0) {
        const char runtime[] = "C11, gcc " __VERSION__;
        struct text text = {NULL, 0};
        FILE* line = open_memstream(&text.bytes, &text.size);
        if (line == NULL) abort();
        print_text(line, runtime, sizeof runtime - 1);
        (void)fclose(line);
        return text.bytes;
    }
    struct user* user = &users[atoi(words[1])];
    if (strcmp(command, "new") == 0) {
        user->client = mbv_new();
        return set(user, words + 2);
    }
    if (strcmp(command, "set") == 0) return set(user, words + 2);
    const bool create = strcmp(command, "create") == 0;
    if (create || strcmp(command, "get") == 0) {
        const struct text username = text_of(words[2]), password = text_of(words[3]);
        char* made = ask(create ? mbv_create_key : mbv_get_key, user, username, password);
        free(username.bytes);
        free(password.bytes);
        return made;
    }
    if (strcmp(command, "test") == 0) {
        const struct text key = text_of(words[2]);
        char* made = test(user, key);
        free(key.bytes);
        return made;
    }
    if (strcmp(command, "start") == 0) {
        user->username = text_of(words[2]);
        user->password = text_of(words[3]);
        if (pthread_create(&user->thread, NULL, run, user) != 0) abort();
    } else if (strcmp(command, "wait") == 0) {
        (void)pthread_join(user->thread, NULL);
        free(user->username.bytes);
        free(user->password.bytes);
        return user->outcome;
    } else if (strcmp(command, "cancel") == 0) {
        mbv_cancel(user->client);
    } else if (strcmp(command, "uncancel") == 0) {
        mbv_uncancel(user->client);
    } else if (strcmp(command, "close") == 0) {
        mbv_free(user->client);
        user->client = NULL;
    } else if (strcmp(command, "repeat") == 0) {
        repeat(user, words + 2);
    }
    return strdup("ok");
}

int main(void) {
    char* line = NULL;
    size_t capacity = 0;
    for (bool ended = false; !ended && getline(&line, &capacity, stdin) > 0;) {
        char* words[32] = {NULL};
        char* rest = line;
        for (size_t i = 0; i < 31 && (words[i] = strtok_r(rest, " \n", &rest)) != NULL; ++i) {
        }
        ended = strcmp(words[0], "quit") == 0;
        char* said = answer(words);
        (void)puts(said);
        (void)fflush(stdout);
        free(said);
    }
    free(line);
    for (size_t i = 0; i < sizeof users / sizeof users[0]; ++i) {
        for (size_t j = 0; j < 2; ++j) free(users[i].kept[j].bytes);
    }
    return 0;
}
