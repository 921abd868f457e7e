// SPDX-License-Identifier: MIT
//
// create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
// mobivate.vapi, beside it, is the header in Vala's words: it says that mbv_free ends a client.
// A call blocks its thread, and so a main loop: make it in a thread of its own, and return by Idle.add.
using Mobivate;

int exit_code (Status status, KeyState key_state) {
    if (status == OK)
        return 0;
    if (status == ERR_INVALID_ARGUMENT)
        return 2;
    if (key_state != UNCHANGED)
        return 5;
    return status == ERR_CREDENTIALS || status == ERR_RATE_LIMITED || status == ERR_REJECTED ? 3 : 4;
}

bool succeeds (Client client, Status status) {
    var message = new uint8[1024];
    if (status != OK && client.error_message (message) > 0)
        printerr ("%s\n", (string) message); // says whether the old key still works, too
    return status == OK;
}

int create_key (string username, uint8[] password) {
    var key = new uint8[4097]; // the longest key and a NUL, so that no mbv_take_key is needed
    var client = new Client ();
    foreach (unowned string option in new string[] { "base_url", "ca_file" }) {
        unowned string? value = Environment.get_variable ("MOBIVATE_" + option.up ());
        if (value != null && !succeeds (client, client.set_option (option, value)))
            return 2;
    }
    var status = client.create_key (username, NUL_TERMINATED, password, key);
    var state = client.key_state ();
    if (!succeeds (client, status)) {
        if (state != UNKNOWN)
            return exit_code (status, state);
        // A new key was made, or none: ask which one is valid.
        if (!succeeds (client, client.get_key (username, NUL_TERMINATED, password, key)))
            return exit_code (status, state);
    }
    if (stdout.puts ((string) key) < 0 || stdout.putc ('\n') < 0 || stdout.flush () != 0) {
        printerr ("The new key could not be printed: %s\n", (string) key);
        return 6;
    }
    return 0;
}

// A string is copied wherever it is owned; an array of bytes is wiped where it lies.
size_t size_without_line_end (uint8[] bytes) {
    size_t size = bytes.length;
    if (size > 0 && bytes[size - 1] == '\n') {
        size--;
        if (size > 0 && bytes[size - 1] == '\r')
            size--;
    }
    return size;
}

int main (string[] args) {
    if (args.length != 3) {
        printerr ("usage: create_key USERNAME PASSWORD_FILE\n");
        return 2;
    }
    uint8[] bytes;
    try {
        FileUtils.get_data (args[2], out bytes);
    } catch (FileError error) {
        printerr ("The password cannot be read: %s\n", error.message);
        return 2;
    }
    var code = create_key (args[1], bytes[0:size_without_line_end (bytes)]);
    Memory.set (bytes, 0, bytes.length);
    return code;
}
