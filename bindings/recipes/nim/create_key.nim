# SPDX-License-Identifier: MIT
#
# create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
# A call blocks its thread, and an async event loop with it: there, make it with spawn, in a thread of its own.
import std/[os, strutils]

type Client = distinct pointer # nothing frees one but mbv_free

{.push importc, cdecl, dynlib: "libmobivate.so.1".}
proc mbv_new(): Client
proc mbv_free(client: Client)
proc mbv_set(client: Client; option, value: cstring): int32
proc mbv_key_state(client: Client): int32
proc mbv_error_message(client: Client; buffer: cstring; capacity: csize_t): csize_t
proc mbv_create_key(client: Client; username: cstring; usernameSize: csize_t; password: cstring; passwordSize: csize_t;
    key: cstring; keyCapacity: csize_t; keySize: ptr csize_t): int32
proc mbv_get_key(client: Client; username: cstring; usernameSize: csize_t; password: cstring; passwordSize: csize_t;
    key: cstring; keyCapacity: csize_t; keySize: ptr csize_t): int32
{.pop.}
proc fflush(file: File): cint {.importc, header: "<stdio.h>".} # flushFile does not tell of a full disk

const
  keyUnchanged = 0
  keyUnknown = 2

func exitCode(status, keyState: int32): int =
  if status == 0: 0
  elif status == -1: 2 # MBV_ERR_INVALID_ARGUMENT
  elif keyState != keyUnchanged: 5
  elif status in [-10'i32, -11, -12]: 3 # CREDENTIALS, RATE_LIMITED, REJECTED
  else: 4

proc fail(code: int; text: string) {.noreturn.} =
  stderr.writeLine text
  quit code

proc writeError(client: Client) =
  var message = newString(1024)
  discard mbv_error_message(client, message.cstring, 1024)
  stderr.writeLine message.cstring # says whether the old key still works, too

proc setOption(client: Client; option: string): int32 =
  let variable = "MOBIVATE_" & option.toUpperAscii
  if existsEnv(variable): mbv_set(client, option.cstring, getEnv(variable).cstring) else: 0

proc createKey(username, password: string; key: var string): int =
  let client = mbv_new()
  defer: mbv_free(client)
  key = newString(4096) # the longest key, so that no mbv_take_key is needed; a NUL follows every string
  var size: csize_t
  template call(function: untyped): int32 =
    function(client, username.cstring, username.len.csize_t, password.cstring, password.len.csize_t, key.cstring,
        key.len.csize_t + 1, size.addr)
  var status = client.setOption("base_url")
  if status == 0: status = client.setOption("ca_file")
  if status == 0: status = call(mbv_create_key)
  let state = mbv_key_state(client)
  result = exitCode(status, state)
  if result != 0: client.writeError
  if state == keyUnknown: # a new key was made, or none: ask which one is valid
    if call(mbv_get_key) == 0: result = 0
    else: client.writeError
  key.setLen size.int

if paramCount() != 2: fail 2, "usage: create_key USERNAME PASSWORD_FILE"
var password: string # is copied where it is assigned, and lent where it is passed
try:
  password = readFile(paramStr(2))
except IOError as error:
  fail 2, "The password cannot be read: " & error.msg
if password.endsWith("\r\n"): password.setLen password.len - 2
elif password.endsWith('\n'): password.setLen password.len - 1

var key: string
let code = createKey(paramStr(1), password, key)
zeroMem(password.cstring, password.len)
if code == 0:
  stdout.writeLine key
  if fflush(stdout) != 0: fail 6, "The new key could not be printed: " & key
quit code
