// SPDX-License-Identifier: MIT
// In a DLL nobody else tells OpenSSL that a thread has ended, and it would keep what it holds for that
// thread.
#include <openssl/crypto.h>

#include <windows.h>

extern "C" BOOL WINAPI DllMain(HINSTANCE /*self*/, DWORD reason, LPVOID /*reserved*/) {
    if (reason == DLL_THREAD_DETACH) OPENSSL_thread_stop();
    return TRUE;
}
