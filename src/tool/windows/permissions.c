/* SPDX-License-Identifier: MIT */
#include "../permissions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
/* After windows.h. */
#include <aclapi.h>
#include <sddl.h>

#include "../report.h"
#include "errors.h"
#include "private.h"
#include "wide.h"

/* ---- The account that the program runs as ---- */

/* To be freed; NULL with an error in `*error`. */
static TOKEN_USER* find_user(int* error) {
    HANDLE token = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        *error = last_error();
        return NULL;
    }
    DWORD size = 0;
    (void)GetTokenInformation(token, TokenUser, NULL, 0, &size);
    TOKEN_USER* user = malloc(size);
    *error = user == NULL ? ENOMEM : 0;
    if (user != NULL && !GetTokenInformation(token, TokenUser, user, size, &size)) {
        *error = last_error();
        free(user);
        user = NULL;
    }
    (void)CloseHandle(token);
    return user;
}

int make_private(void** descriptor) {
    int error;
    TOKEN_USER* user = find_user(&error);
    if (user == NULL) return error;
    wchar_t* account;
    if (ConvertSidToStringSidW(user->User.Sid, &account)) {
        wchar_t text[512];
        /* The owner is named, since an administrator's new files may belong to all administrators. */
        (void)swprintf(text, sizeof text / sizeof *text, L"O:%lsD:P(A;;FA;;;%ls)", account, account);
        if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, descriptor, NULL))
            error = last_error();
        (void)LocalFree(account);
    } else {
        error = last_error();
    }
    free(user);
    return error;
}

/* ---- Others ---- */

/* Whom nobody can keep from reading, and stand-ins for the owner. */
static bool is_trusted(PSID account, PSID owner, PSID user) {
    static const WELL_KNOWN_SID_TYPE trusted[] = {
        WinLocalSystemSid,
        WinBuiltinAdministratorsSid,
        WinCreatorOwnerSid,
        WinCreatorOwnerRightsSid,
    };
    if (EqualSid(account, owner) || EqualSid(account, user)) return true;
    for (size_t i = 0; i < sizeof trusted / sizeof *trusted; ++i) {
        if (IsWellKnownSid(account, trusted[i])) return true;
    }
    return false;
}

/* The first account that an entry allows to read, and that is not trusted; NULL where there is none. An entry
 * that denies is not looked at: rather one warning too many. */
static PSID find_other(PACL list, PSID owner, PSID user) {
    for (DWORD i = 0; i < list->AceCount; ++i) {
        ACCESS_ALLOWED_ACE* entry;
        if (!GetAce(list, i, (void**)&entry) || entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE) continue;
        if ((entry->Header.AceFlags & INHERIT_ONLY_ACE) != 0) continue;
        if ((entry->Mask & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL)) == 0) continue;
        if (!is_trusted(&entry->SidStart, owner, user)) return &entry->SidStart;
    }
    return NULL;
}

/* "Everyone", or "BUILTIN\Users". */
static void name_account(PSID account, char* text, size_t capacity) {
    wchar_t name[256], domain[256], both[sizeof name / sizeof *name + sizeof domain / sizeof *domain + 1];
    DWORD name_size = sizeof name / sizeof *name, domain_size = sizeof domain / sizeof *domain;
    SID_NAME_USE kind;
    const bool is_known =
        LookupAccountSidW(NULL, account, name, &name_size, domain, &domain_size, &kind) != 0;
    if (is_known) {
        (void)swprintf(both, sizeof both / sizeof *both, L"%ls%ls%ls", domain, *domain != L'\0' ? L"\\" : L"",
                       name);
    }
    if (!is_known || WideCharToMultiByte(CP_UTF8, 0, both, -1, text, (int)capacity, NULL, NULL) == 0)
        (void)snprintf(text, capacity, "another account");
}

static void warn(PSID other, const char* noun, const char* path) {
    char name[1600] = "everybody";
    if (other != NULL) name_account(other, name, sizeof name);
    char warning[8000];
    (void)snprintf(warning, sizeof warning,
                   "warning: other users of this machine can read the %s file %s (%s). Make it yours alone: "
                   "icacls FILE /inheritance:r /grant:r \"%%USERNAME%%:F\".",
                   noun, path, name);
    report_sentence(warning);
}

void permissions_warn(io_handle file, const char* noun, const char* path) {
    if (GetFileType((HANDLE)file) != FILE_TYPE_DISK) return;
    PSID owner = NULL;
    PACL list = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (GetSecurityInfo((HANDLE)file, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                        &owner, NULL, &list, NULL, &descriptor) != ERROR_SUCCESS) {
        return;
    }
    int error;
    TOKEN_USER* user = find_user(&error);
    if (user != NULL) {
        /* No list at all lets everybody in, as on a disk without access lists. */
        const PSID other = list != NULL ? find_other(list, owner, user->User.Sid) : NULL;
        if (list == NULL || other != NULL) warn(other, noun, path);
    }
    free(user);
    (void)LocalFree(descriptor);
}
