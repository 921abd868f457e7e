# SPDX-License-Identifier: MIT
# Creates an API key: raku create_key.raku USERNAME PASSWORD_FILE
use NativeCall;

constant LIBRARY = ('mobivate', v1);
constant KEY-CAPACITY = 4097; # the longest key there is, and its NUL
constant INVALID-ARGUMENT = -1;
constant @REFUSALS = -10, -11, -12; # CREDENTIALS, RATE_LIMITED, REJECTED
enum KeyState (UNCHANGED => 0, REPLACED => 1, UNKNOWN => 2);

class MobivateClient is repr('CPointer') {
    sub mbv_new(--> MobivateClient) is native(LIBRARY) { * }
    sub mbv_set(MobivateClient, Str is encoded('utf8'), Str is encoded('utf8') --> int32) is native(LIBRARY) { * }
    # A Blob's own bytes are passed. The call blocks its thread, that of a `start` block too; other threads run on.
    sub mbv_create_key(MobivateClient, Blob, size_t, Blob, size_t, Buf, size_t, size_t is rw --> int32)
        is native(LIBRARY) { * }
    sub mbv_get_key(MobivateClient, Blob, size_t, Blob, size_t, Buf, size_t, size_t is rw --> int32)
        is native(LIBRARY) { * }
    sub mbv_error_message(MobivateClient, Buf, size_t --> size_t) is native(LIBRARY) { * }
    sub mbv_key_state(MobivateClient --> int32) is native(LIBRARY) { * }
    sub mbv_free(MobivateClient) is native(LIBRARY) { * }

    method new { mbv_new }
    submethod DESTROY { mbv_free(self) }

    method set(Str $option, Str $value) {
        fail-with 2, self.message if mbv_set(self, $option, $value);
    }

    method create-key(Str $username, Blob $password --> Str) {
        my $name = $username.encode;
        my $key = Buf.allocate(KEY-CAPACITY);
        my size_t $size = 0;
        my $status = mbv_create_key(self, $name, $name.bytes, $password, $password.bytes, $key, KEY-CAPACITY, $size);
        if $status {
            my $code = self!exit-code($status);
            fail-with $code, self.message unless mbv_key_state(self) == UNKNOWN;
            note self.message;
            # Changes nothing, and says which key the account has.
            mbv_get_key(self, $name, $name.bytes, $password, $password.bytes, $key, KEY-CAPACITY, $size)
                and fail-with $code, self.message;
        }
        $key.subbuf(0, $size).decode
    }

    method !exit-code($status) {
        return 2 if $status == INVALID-ARGUMENT;
        return 5 unless mbv_key_state(self) == UNCHANGED;
        $status == @REFUSALS.any ?? 3 !! 4
    }

    method message(--> Str) {
        my $size = mbv_error_message(self, Buf, 0);
        my $text = Buf.allocate($size + 1);
        mbv_error_message(self, $text, $size + 1);
        $text.subbuf(0, $size).decode
    }
}

sub fail-with($code, $text) {
    note $text;
    exit $code;
}

# As bytes: a Str cannot be wiped, and it takes CR LF for one character.
sub read-password($path --> Buf) {
    my $bytes = $path.IO.slurp(:bin);
    CATCH { default { fail-with 2, .message } }
    my $size = $bytes.bytes;
    if $size && $bytes[$size - 1] == 10 {
        $size--;
        $size-- if $size && $bytes[$size - 1] == 13;
    }
    $bytes.subbuf(0, $size)
}

sub MAIN($username, $password-file) {
    my $password = read-password($password-file);
    my $client = MobivateClient.new;
    $client.set('base_url', $_) with %*ENV<MOBIVATE_BASE_URL>;
    $client.set('ca_file', $_) with %*ENV<MOBIVATE_CA_FILE>;
    my $key = $client.create-key($username, $password);
    $password[$_] = 0 for ^$password.bytes;
    {
        CATCH { default { fail-with 6, "The key could not be printed: $key" } }
        $*OUT.say($key);
        $*OUT.flush;
    }
}
