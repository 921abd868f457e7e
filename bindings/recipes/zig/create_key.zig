// SPDX-License-Identifier: MIT
//
// create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
// The compiler reads the header itself. A call blocks its thread; slices are lent, and nothing is copied.
const std = @import("std");
const c = @cImport(@cInclude("mobivate.h"));

const stderr = std.io.getStdErr().writer();

fn exitCode(status: i32, key_state: i32) u8 {
    if (status == c.MBV_OK) return 0;
    if (status == c.MBV_ERR_INVALID_ARGUMENT) return 2;
    if (key_state != c.MBV_KEY_UNCHANGED) return 5;
    return switch (status) {
        c.MBV_ERR_CREDENTIALS, c.MBV_ERR_RATE_LIMITED, c.MBV_ERR_REJECTED => 3,
        else => 4,
    };
}

const Account = struct {
    client: *c.mbv_client,
    username: [:0]const u8,
    password: []const u8,
    key: [4097]u8 = undefined, // room for the longest key and a NUL, so that no mbv_take_key is needed
    key_size: usize = 0,

    fn call(self: *Account, function: *const @TypeOf(c.mbv_create_key)) i32 {
        return function(self.client, self.username, self.username.len, self.password.ptr, self.password.len, &self.key, self.key.len, &self.key_size);
    }

    fn succeeds(self: Account, status: i32) !bool {
        if (status == c.MBV_OK) return true;
        var message: [1024]u8 = undefined;
        _ = c.mbv_error_message(self.client, &message, message.len); // says whether the old key still works, too
        try stderr.print("{s}\n", .{std.mem.sliceTo(&message, 0)});
        return false;
    }

    fn createKey(self: *Account) !u8 {
        inline for (.{ .{ "base_url", "MOBIVATE_BASE_URL" }, .{ "ca_file", "MOBIVATE_CA_FILE" } }) |option| {
            if (std.os.getenvZ(option[1])) |value| {
                if (!try self.succeeds(c.mbv_set(self.client, option[0], value))) return 2;
            }
        }
        const status = self.call(c.mbv_create_key);
        const state = c.mbv_key_state(self.client);
        if (!try self.succeeds(status)) {
            // Where it is unknown whether a new key was made, the service is asked for the valid one.
            if (state != c.MBV_KEY_UNKNOWN or !try self.succeeds(self.call(c.mbv_get_key))) return exitCode(status, state);
        }
        const key = self.key[0..self.key_size];
        std.io.getStdOut().writer().print("{s}\n", .{key}) catch {
            try stderr.print("The new key could not be printed: {s}\n", .{key});
            return 6;
        };
        return 0;
    }
};

fn withoutLineEnd(text: []const u8) []const u8 {
    if (std.mem.endsWith(u8, text, "\r\n")) return text[0 .. text.len - 2];
    return if (std.mem.endsWith(u8, text, "\n")) text[0 .. text.len - 1] else text;
}

pub fn main() !u8 {
    const arguments = try std.process.argsAlloc(std.heap.c_allocator);
    if (arguments.len != 3) {
        try stderr.writeAll("usage: create_key USERNAME PASSWORD_FILE\n");
        return 2;
    }
    var buffer: [65536 + 3]u8 = undefined; // one byte more than the longest password with its line end
    defer @memset(@as([]volatile u8, &buffer), 0); // volatile, so that it is not optimised away
    const bytes = std.fs.cwd().readFile(arguments[2], &buffer) catch |reason| {
        try stderr.print("The password cannot be read from {s}: {s}\n", .{ arguments[2], @errorName(reason) });
        return 2;
    };
    const client = c.mbv_new() orelse return 4; // out of memory
    defer c.mbv_free(client);
    var account = Account{ .client = client, .username = arguments[1], .password = withoutLineEnd(bytes) };
    return account.createKey();
}
