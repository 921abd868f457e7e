/* SPDX-License-Identifier: MIT
 *
 * libmobivate as one function of Octave (or MATLAB), with one client for the session:
 *   [status, key_state, text] = mobivate("set", option, value)
 *   [status, key_state, text] = mobivate("create_key" or "get_key", username, password)
 *   status = mobivate("print", text, "")
 * The password is a uint8 array. The text is the key, or what the error says. */
#include <mex.h>
#include <mobivate.h>
#include <stdio.h>
#include <string.h>

static mbv_client* client;

static void close_client(void) {
    mbv_free(client);
    client = NULL;
}

static mxArray* error_text(void) {
    const size_t capacity = mbv_error_message(client, NULL, 0) + 1;
    char* text = mxMalloc(capacity);
    mbv_error_message(client, text, capacity);
    mxArray* result = mxCreateString(text);
    mxFree(text);
    return result;
}

void mexFunction(int result_count, mxArray* results[], int count, const mxArray* arguments[]) {
    (void)result_count;
    if (client == NULL) {
        client = mbv_new();
        mexAtExit(close_client);
    }
    if (count != 3) mexErrMsgTxt("mobivate: a function and its two arguments are needed");
    char* function = mxArrayToString(arguments[0]);
    char* first = mxArrayToString(arguments[1]);
    char key[4097] = ""; /* the longest key there is, and its NUL */
    int32_t status;
    if (strcmp(function, "set") == 0) {
        char* value = mxArrayToString(arguments[2]);
        status = mbv_set(client, first, value);
        mxFree(value);
    } else if (strcmp(function, "print") == 0) {
        status = puts(first) == EOF || fflush(stdout) != 0;
    } else {
        const int create = strcmp(function, "create_key") == 0;
        if (!mxIsUint8(arguments[2])) mexErrMsgTxt("mobivate: the password is a uint8 array");
        status = (create ? mbv_create_key : mbv_get_key)(
            client, first, MBV_NUL_TERMINATED, mxGetData(arguments[2]), mxGetNumberOfElements(arguments[2]),
            key, sizeof key, NULL);
    }
    mxFree(function);
    mxFree(first);
    results[0] = mxCreateDoubleScalar(status);
    results[1] = mxCreateDoubleScalar(mbv_key_state(client));
    results[2] = status == MBV_OK ? mxCreateString(key) : error_text();
    explicit_bzero(key, sizeof key);
}
