// SPDX-License-Identifier: MIT
//
// create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
// A call blocks its thread. The collector stops threads by a signal, so it does not wait for one in a call.
import std.file : read, FileException;
import std.process : environment;
import std.stdio : stderr, stdout;
import std.string : fromStringz, toStringz;

extern (C) nothrow @nogc
{
    struct mbv_client; // opaque; nothing frees one but mbv_free
    mbv_client* mbv_new();
    void mbv_free(mbv_client*);
    int mbv_set(mbv_client*, const(char)* option, const(char)* value);
    int mbv_create_key(mbv_client*, const(char)* username, size_t usernameSize, const(char)* password,
            size_t passwordSize, char* key, size_t keyCapacity, size_t* keySize);
    alias KeyCall = typeof(&mbv_create_key);
    int mbv_get_key(mbv_client*, const(char)*, size_t, const(char)*, size_t, char*, size_t, size_t*);
    int mbv_key_state(const(mbv_client)*);
    size_t mbv_error_message(const(mbv_client)*, char* buffer, size_t capacity);
}

enum Status { ok = 0, invalidArgument = -1, credentials = -10, rateLimited = -11, rejected = -12 }
enum KeyState { unchanged, replaced, unknown }

int exitCode(int status, int keyState)
{
    if (status == Status.ok)
        return 0;
    if (status == Status.invalidArgument)
        return 2;
    if (keyState != KeyState.unchanged)
        return 5;
    return status == Status.credentials || status == Status.rateLimited || status == Status.rejected ? 3 : 4;
}

/// The slice without its line end, of the same memory.
char[] withoutLineEnd(char[] text)
{
    if (text.length > 0 && text[$ - 1] == '\n')
        text = text[0 .. $ - (text.length > 1 && text[$ - 2] == '\r' ? 2 : 1)];
    return text;
}

int createKey(string username, char[] password)
{
    char[4097] key = 0; // the longest key and a NUL, so that no mbv_take_key is needed
    auto client = mbv_new();
    scope (exit)
        mbv_free(client);

    bool succeeds(int status)
    {
        char[1024] message;
        if (status != Status.ok && mbv_error_message(client, message.ptr, message.length) > 0)
            stderr.writeln(message.fromStringz); // says whether the old key still works, too
        return status == Status.ok;
    }

    int call(KeyCall function_)
    {
        return function_(client, username.ptr, username.length, password.ptr, password.length, key.ptr, key.length, null);
    }

    foreach (option; ["base_url", "ca_file"])
    {
        import std.uni : toUpper;

        const value = environment.get("MOBIVATE_" ~ option.toUpper);
        if (value !is null && !succeeds(mbv_set(client, option.toStringz, value.toStringz)))
            return 2;
    }
    const status = call(&mbv_create_key);
    const code = exitCode(status, mbv_key_state(client));
    // Where it is unknown whether a new key was made, the service is asked for the valid one.
    if (!succeeds(status) && !(mbv_key_state(client) == KeyState.unknown && succeeds(call(&mbv_get_key))))
        return code;
    try
    {
        stdout.writeln(key.fromStringz);
        stdout.flush();
        return 0;
    }
    catch (Exception)
    {
        stderr.writeln("The new key could not be printed: ", key.fromStringz);
        return 6;
    }
}

int main(string[] arguments)
{
    if (arguments.length != 3)
    {
        stderr.writeln("usage: create_key USERNAME PASSWORD_FILE");
        return 2;
    }
    try
    {
        auto bytes = cast(char[]) read(arguments[2]);
        scope (exit)
            bytes[] = 0; // the collector frees memory, and does not wipe it
        return createKey(arguments[1], bytes.withoutLineEnd);
    }
    catch (FileException error)
    {
        stderr.writeln("The password cannot be read: ", error.msg);
        return 2;
    }
}
