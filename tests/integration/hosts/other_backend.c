/* SPDX-License-Identifier: MIT */
/* Has libcurl, by LD_PRELOAD, say that it is on another TLS library (PRETENDED_TLS; "" is none at all), and
 * writes down which options about trust it is given (PRETENDED_LOG). */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

curl_version_info_data* curl_version_info(CURLversion age) {
    static curl_version_info_data pretended;
    curl_version_info_data* (*real)(CURLversion) =
        (curl_version_info_data * (*)(CURLversion)) dlsym(RTLD_NEXT, "curl_version_info");
    const char* tls = getenv("PRETENDED_TLS");
    pretended = *real(age);
    if (tls != NULL) pretended.ssl_version = *tls != '\0' ? tls : NULL;
    return &pretended;
}

#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL* easy, CURLoption option, ...) {
    CURLcode (*real)(CURL*, CURLoption, ...) =
        (CURLcode(*)(CURL*, CURLoption, ...))dlsym(RTLD_NEXT, "curl_easy_setopt");
    const char* log = getenv("PRETENDED_LOG");
    va_list arguments;
    va_start(arguments, option);
    void* value = va_arg(arguments, void*);
    va_end(arguments);
    const char* name = option == CURLOPT_SSL_CTX_FUNCTION ? "SSL_CTX_FUNCTION"
                       : option == CURLOPT_CAINFO         ? "CAINFO"
                       : option == CURLOPT_CAPATH         ? "CAPATH"
                       : option == CURLOPT_PROXY_CAINFO   ? "PROXY_CAINFO"
                       : option == CURLOPT_PROXY_CAPATH   ? "PROXY_CAPATH"
                                                          : NULL;
    if (log != NULL && name != NULL && value != NULL) {
        FILE* file = fopen(log, "a");
        if (file != NULL) {
            fprintf(file, "%s %s\n", name, option == CURLOPT_SSL_CTX_FUNCTION ? "" : (const char*)value);
            fclose(file);
        }
    }
    /* A TLS library that takes no directory. */
    if (getenv("PRETENDED_NO_CAPATH") != NULL && option == CURLOPT_CAPATH) return CURLE_NOT_BUILT_IN;
    return real(easy, option, value);
}
