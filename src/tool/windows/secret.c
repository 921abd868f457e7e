/* SPDX-License-Identifier: MIT */
#include "../secret.h"

#include <windows.h>

/* In Windows 10 since version 1703: what leaves memory out of reports of crashes. */
typedef HRESULT WINAPI leave_out_function(const void* pages, DWORD size);
typedef HRESULT WINAPI forget_function(const void* pages);
typedef void any_function(void);

static any_function* find(const char* name) {
    return (any_function*)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), name);
}

static void leave_out_of_reports(void* pages, size_t size) {
    leave_out_function* leave_out = (leave_out_function*)find("WerRegisterExcludedMemoryBlock");
    if (leave_out != NULL) (void)leave_out(pages, (DWORD)size);
}

static void forget_in_reports(void* pages) {
    forget_function* forget = (forget_function*)find("WerUnregisterExcludedMemoryBlock");
    if (forget != NULL) (void)forget(pages);
}

bool secret_open(struct secret* secret, size_t capacity) {
    void* pages = VirtualAlloc(NULL, capacity, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (pages == NULL) return false;
    /* Both are a bonus: a low limit of locked memory is no reason to fail. */
    (void)VirtualLock(pages, capacity);
    leave_out_of_reports(pages, capacity);
    *secret = (struct secret){.bytes = pages, .size = 0, .capacity = capacity};
    return true;
}

void secret_clear(struct secret* secret) {
    if (secret->bytes != NULL) (void)SecureZeroMemory(secret->bytes, secret->capacity);
    secret->size = 0;
}

void secret_close(struct secret* secret) {
    if (secret->bytes == NULL) return;
    secret_clear(secret);
    forget_in_reports(secret->bytes);
    (void)VirtualFree(secret->bytes, 0, MEM_RELEASE);
    *secret = (struct secret){0};
}
