#!/usr/bin/env tclsh
# SPDX-License-Identifier: MIT
#
# create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
# A call stops the event loop: a program with one makes its calls in a thread of its own (package Thread).
package require critcl

critcl::cheaders {*}[exec pkg-config --cflags mobivate]
critcl::clibraries {*}[exec pkg-config --libs mobivate]
critcl::ccode {
    #include <mobivate.h>
}

# A client is a number in Tcl, and nothing frees it but mbv_free.
critcl::argtype mbv_client* {
    Tcl_WideInt address;
    if (Tcl_GetWideIntFromObj(interp, @@, &address) != TCL_OK) return TCL_ERROR;
    @A = (mbv_client*) (intptr_t) address;
} mbv_client* mbv_client*
critcl::resulttype mbv_client* {
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj((intptr_t) rv));
    return TCL_OK;
} mbv_client*

critcl::cproc mbv_new {} mbv_client* { return mbv_new(); }
critcl::cproc mbv_free {mbv_client* client} void { mbv_free(client); }
critcl::cproc mbv_set {mbv_client* client char* option char* value} int { return mbv_set(client, option, value); }
critcl::cproc mbv_key_state {mbv_client* client} int { return mbv_key_state(client); }
critcl::cproc mbv_error_message {mbv_client* client} object0 {
    char message[1024];
    mbv_error_message(client, message, sizeof message);
    return Tcl_NewStringObj(message, -1);
}
# mbv_create_key and mbv_get_key return the status, and put the key into a variable. It has room for the longest key.
foreach name {mbv_create_key mbv_get_key} {
    critcl::cproc $name {
        Tcl_Interp* interp mbv_client* client char* username bytes password char* variable
    } int [string map [list @call@ $name] {
        char key[4096 + 1];
        int status = @call@(client, username, MBV_NUL_TERMINATED, (const char*) password.s, password.len,
                            key, sizeof key, NULL);
        Tcl_SetVar(interp, variable, key, 0);
        return status;
    }]
}

proc exit_code {status key_state} {
    if {$status == 0} { return 0 }
    if {$status == -1} { return 2 }                    ;# MBV_ERR_INVALID_ARGUMENT
    if {$key_state != 0} { return 5 }                  ;# not MBV_KEY_UNCHANGED
    expr {$status in {-10 -11 -12} ? 3 : 4}            ;# CREDENTIALS, RATE_LIMITED, REJECTED
}

# The password is a byte array. Tcl has no way to overwrite one: it stays in memory until that is used again.
proc read_password {path} {
    set file [open $path rb]
    try { set bytes [read $file] } finally { close $file }
    regsub {\r?\n\Z} $bytes {}
}

if {$argc != 2} {
    puts stderr "usage: create_key USERNAME PASSWORD_FILE"
    exit 2
}
lassign $argv username password_file
try {
    set password [read_password $password_file]
} on error message {
    puts stderr "The password cannot be read: $message"
    exit 2
}

set client [mbv_new]
set code 0
foreach option {base_url ca_file} {
    set variable MOBIVATE_[string toupper $option]
    if {$code == 0 && [info exists env($variable)]} {
        set code [exit_code [mbv_set $client $option $env($variable)] 0]
    }
}
if {$code == 0} {
    set code [exit_code [mbv_create_key $client $username $password key] [mbv_key_state $client]]
}
if {$code != 0} { puts stderr [mbv_error_message $client] }
if {[mbv_key_state $client] == 2} {
    # MBV_KEY_UNKNOWN: a new key was made, or none. Which one is valid is asked, and nothing revoked.
    if {[mbv_get_key $client $username $password key] == 0} {
        set code 0
    } else {
        puts stderr [mbv_error_message $client]
    }
}
mbv_free $client
if {$code == 0} {
    try {
        puts $key
        flush stdout
    } on error message {
        puts stderr "The new key could not be printed ($message): $key"
        set code 6
    }
}
exit $code
