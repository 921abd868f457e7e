/* SPDX-License-Identifier: MIT
 *
 * create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
 * A call blocks its thread; an application makes it on a queue or a thread of its own. */
#import <Foundation/Foundation.h>
#include <mobivate.h>
#include <stdio.h>

enum { KEY_CAPACITY = 4096 + 1 }; /* the longest key and a NUL, so that no mbv_take_key is needed */

static int exitCode(int32_t status, int32_t keyState) {
    if (status == MBV_OK) return 0;
    if (status == MBV_ERR_INVALID_ARGUMENT) return 2;
    if (keyState != MBV_KEY_UNCHANGED) return 5;
    return status == MBV_ERR_CREDENTIALS || status == MBV_ERR_RATE_LIMITED || status == MBV_ERR_REJECTED ? 3
                                                                                                         : 4;
}

static void printError(mbv_client* client) {
    char message[1024];
    mbv_error_message(client, message, sizeof message); /* says whether the old key still works, too */
    fprintf(stderr, "%s\n", message);
}

/* An NSString cannot be wiped, so the password stays in the bytes of an NSMutableData. */
static NSMutableData* passwordOf(NSString* path) {
    NSMutableData* password = [NSMutableData dataWithContentsOfFile:path];
    const char* bytes = [password bytes];
    NSUInteger size = [password length];
    if (size > 0 && bytes[size - 1] == '\n') size -= size > 1 && bytes[size - 2] == '\r' ? 2 : 1;
    [password setLength:size];
    return password;
}

static int createKey(NSString* username, NSMutableData* password) {
    NSDictionary* environment = [[NSProcessInfo processInfo] environment];
    const char* name = [username UTF8String];
    char key[KEY_CAPACITY];
    int code = 0;
    mbv_client* client = mbv_new(); /* not an object: no ARC and no pool frees it */
    for (NSString *option in [NSArray arrayWithObjects:@"base_url", @"ca_file", nil]) {
        NSString* value =
            [environment objectForKey:[@"MOBIVATE_" stringByAppendingString:[option uppercaseString]]];
        if (code == 0 && value != nil)
            code = exitCode(mbv_set(client, [option UTF8String], [value UTF8String]), 0);
    }
    if (code == 0) {
        int32_t status = mbv_create_key(client, name, MBV_NUL_TERMINATED, [password bytes], [password length],
                                        key, sizeof key, NULL);
        code = exitCode(status, mbv_key_state(client));
    }
    if (code != 0) printError(client);
    if (mbv_key_state(client) == MBV_KEY_UNKNOWN) { /* a new key was made, or none: ask which one is valid */
        if (mbv_get_key(client, name, MBV_NUL_TERMINATED, [password bytes], [password length], key,
                        sizeof key, NULL) == MBV_OK) {
            code = 0;
        } else {
            printError(client);
        }
    }
    [password resetBytesInRange:NSMakeRange(0, [password length])];
    if (code == 0 && (puts(key) == EOF || fflush(stdout) != 0)) {
        fprintf(stderr, "The new key could not be printed: %s\n", key);
        code = 6;
    }
    mbv_free(client);
    return code;
}

int main(void) {
    NSAutoreleasePool* pool = [[NSAutoreleasePool alloc] init];
    NSArray* arguments = [[NSProcessInfo processInfo] arguments];
    int code = 2;
    if ([arguments count] != 3) {
        fprintf(stderr, "usage: create_key USERNAME PASSWORD_FILE\n");
    } else {
        NSString* path = [arguments objectAtIndex:2];
        NSMutableData* password = passwordOf(path);
        if (password != nil) {
            code = createKey([arguments objectAtIndex:1], password);
        } else {
            fprintf(stderr, "The password cannot be read from %s.\n", [path UTF8String]);
        }
    }
    [pool release];
    return code;
}
