# SPDX-License-Identifier: MIT
use strict;
use warnings;
use utf8;
use Config;
use FindBin;
use lib "$FindBin::Bin/lib";

BEGIN {
    eval { require threads } if $Config{useithreads};
}
use Test::More;

plan skip_all => 'tests/bindings/run_binding.py runs this' if !$ENV{MOBIVATE_STANDIN};
require POSIX;
require Process;
require Standin;
require Mobivate;

my $password = 'correct-password';
my $number   = 0;

sub new_account {
    my ($scenario, $own_password) = @_;
    my $username = 'client-' . ++$number . '-perl@example.com';
    Standin::create_account($username, defined $own_password ? $own_password : $password, $scenario);
    return $username;
}

sub error_of {
    my ($code) = @_;
    return eval { $code->(); 1 } ? undef : $@;
}

subtest 'an error has everything' => sub {
    my $username = new_account(
        {
            status  => 429,
            headers => [['Retry-After', '7']],
            body    => {code => 42, message => 'Langsam, bitte – ü'}
        }
    );
    my $client = Mobivate::Client->new(Standin::over_https());
    my $error  = error_of(sub { $client->create_key($username, $password) });
    my $line   = __LINE__ - 1;
    isa_ok $error, 'Mobivate::Error::RateLimited';
    isa_ok $error, 'Mobivate::Error';
    is $error->status,         'MBV_ERR_RATE_LIMITED', 'status';
    is $error->key_state,      'unchanged',            'key_state';
    is $error->http_status,    429,                    'http_status';
    is $error->server_code,    42,                     'server_code';
    is $error->server_message, 'Langsam, bitte – ü',   'server_message, in characters';
    is $error->retry_after_ms, 7000,                   'retry_after_ms';
    like $error->message, qr/\(HTTP 429\).*The old key still works[.]\z/, 'message';
    is "$error", $error->message . " at $0 line $line.\n", 'as a string, it says where';
    ok $error, 'it is true';
    is $client->key_state, 'unchanged', 'the client tells the key state, too';
    my $refused = error_of(sub { Mobivate::Client->new(timeout_ms => 0) });
    isa_ok $refused, 'Mobivate::Error::InvalidArgument';
    is $refused->$_, undef, "without $_" for qw(http_status server_code server_message retry_after_ms);
};

subtest 'strings are characters, references have bytes' => sub {
    my $secret   = "gr\x{fc}\x{df} \x{1F600}";
    my $username = new_account(undef, $secret);
    my $client   = Mobivate::Client->new(Standin::over_http());
    utf8::encode(my $bytes     = $secret);
    utf8::upgrade(my $upgraded = $bytes);
    for my $given ($secret, \$bytes, \$upgraded) {
        is $client->create_key($username,    $given), Standin::account($username)->{valid_key}, 'created';
        is $client->create_key(\"$username", $given), Standin::account($username)->{valid_key}, 'created';
    }
    my $latin    = "gr\x{fc}\x{df}";
    my $in_latin = new_account(undef, $latin);
    utf8::downgrade($latin);
    ok $client->create_key($in_latin, $latin), 'however Perl has them';
    is $secret, "gr\x{fc}\x{df} \x{1F600}", 'the arguments stay as they are';
    like error_of(sub { $client->create_key($username, \$secret) }),
        qr/^The password behind.*wide character at \Q$0/, 'wide';
    like error_of(sub { $client->create_key($username, undef) }), qr/^The password is undefined at \Q$0/,
        'undefined';
    like error_of(sub { $client->create_key([], $password) }), qr/^The user name must be a string, or a ref/,
        'a list';
    like error_of(sub { $client->create_key($username, \"\xff") }), qr/UTF-8.*The old key still works/,
        'not UTF-8';
    like error_of(sub { $client->create_key_into(my $key, $username, $password) }),
        qr/^The key must be a reference/, 'key';
};

# All that a refusal tells of the key is false; what the server cannot tell is an error.
subtest 'a key is got and tested' => sub {
    my $username = new_account({test => {sequence => [{}, {}, {status => 503}]}});
    my $client   = Mobivate::Client->new(Standin::over_https());
    $client->create_key($username, $password);
    is $client->key_state, 'replaced', 'key_state';
    $client->get_key_into(\my $key, $username, \$password);
    is $key,                                   Standin::account($username)->{valid_key}, 'got';
    is $client->get_key($username, $password), $key,                                     'and again';
    ok $client->test_key($_), 'valid' for $key, \$key;
    my $error = error_of(sub { $client->test_key($key) });
    isa_ok $error, 'Mobivate::Error::Server';
    is $error->key_state,                'unchanged', 'its key state';
    is $client->test_key('another-key'), q(),         'refused';
    is $client->key_state,               'unchanged', 'key_state';
    like error_of(sub { $client->test_key(undef) }), qr/^The key is undefined at \Q$0/, 'undefined';
    like error_of(sub { $client->get_key_into($key, $username, $password) }),
        qr/^The key must be a reference/,
        'key';
    $client->close;
    is error_of(sub { $client->test_key($key) })->message, 'The client is closed.', 'closed';
};

subtest 'options' => sub {
    like error_of(sub { Mobivate::Client->new('timeout_ms') }),
        qr/^The options must be names and values at \Q$0/, 'odd';
    like error_of(sub { Mobivate::Client->new(proxy => "a\0b") }),
        qr/^The option proxy contains a NUL at \Q$0/, 'NUL';
    my $client = Mobivate::Client->new(Standin::over_http(), timeout_ms => undef, user_agent => 'test/1');
    is $client->set(timeout_ms => 5000, connect_timeout_ms => 100), $client, 'set returns the client';
    {

        package Mobivate::Test::Subclass;
        our @ISA = 'Mobivate::Client';
    }
    isa_ok(Mobivate::Test::Subclass->new(Standin::over_http())->set(proxy => q()),
        'Mobivate::Test::Subclass');
};

subtest 'a client is closed once' => sub {
    my $username = new_account();
    my $client   = Mobivate::Client->new(Standin::over_http());
    ok $client->create_key($username, $password), 'created';
    is Standin::open_connections($username, 1), 1, 'it keeps its connection';
    ok !$client->is_closed, 'open';
    $client->close for 1, 2;
    ok $client->is_closed, 'closed';
    is Standin::open_connections($username, 0), 0, 'the connection is gone';

    for my $use (sub { $client->create_key($username, $password) }, sub { $client->set(proxy => q()) }) {
        my $error = error_of($use);
        isa_ok $error, 'Mobivate::Error::Closed';
        is $error->message, 'The client is closed. The old key still works.', 'its message';
    }
    $client->cancel;
    $client->uncancel;
    is $client->key_state, 'replaced', 'what it told last';
};

subtest 'a client that is forgotten is closed' => sub {
    my $username = new_account();
    my $client   = Mobivate::Client->new(Standin::over_http());
    ok $client->create_key($username, $password), 'created';
    is Standin::open_connections($username, 1), 1, 'it keeps its connection';
    undef $client;
    is Standin::open_connections($username, 0), 0, 'the connection is gone';
};

subtest 'a client that lives to the end of the program' => sub {
    my $options  = join ', ', map { "q{$_}" } Standin::over_https();
    my $username = new_account();

    # What the interpreter ends first is a matter of chance.
    for (1 .. 5) {
        my ($output, $status) = Process::run_perl(<<"PERL", $username, $password);
            use Mobivate;
            our \$client = Mobivate::Client->new($options);
            our \$owner = bless {client => \$client}, 'Owner';
            sub Owner::DESTROY { \$_[0]{client}->close }
            print length \$client->create_key(\@ARGV);
PERL
        is "$output $status", '36 0', 'no harm is done';
    }
};

subtest 'a forked child goes on with it' => sub {
    my $username = new_account();
    my $client   = Mobivate::Client->new(Standin::over_http());
    ok $client->create_key($username, $password), 'before';
    my $child = fork;
    if (!$child) {
        my $key = eval { $client->create_key($username, $password) };
        undef $client;
        POSIX::_exit(defined $key ? 7 : 8);
    }
    waitpid $child, 0;
    is $? >> 8, 7, 'in the child';
    ok $client->create_key($username, $password), 'after';
    is Standin::account($username)->{requests}, 3, 'requests';
};

subtest 'a new thread has no clone' => sub {
    plan skip_all => 'this perl has no threads' if !$Config{useithreads};
    my $username = new_account();
    my $client   = Mobivate::Client->new(Standin::over_http());
    my ($type, $key) = threads->create(
        {context => 'list'},
        sub {
            (ref $client, Mobivate::Client->new(Standin::over_http())->create_key($username, $password));
        }
    )->join;
    is $type, 'SCALAR',                                 'not a client';
    is $key,  Standin::account($username)->{valid_key}, 'a client of its own works';
    ok $client->create_key($username, $password), 'the first one, too';
};

subtest 'secrets are in nothing that is shown' => sub {
    require Data::Dumper;
    my ($secret, $username)
        = ('Tr0ub4dor&3', new_account({status => 403, body_text => '{password}'}, 'Tr0ub4dor&3'));
    my $client = Mobivate::Client->new(Standin::over_http());
    my $error  = error_of(sub { $client->create_key_into(\my $key, $username, \$secret) });
    isa_ok $error, 'Mobivate::Error::Rejected';
    unlike Data::Dumper::Dumper($error, $client) . "$error $client", qr/Tr0ub/,
        'neither the error nor the client';
};

subtest 'wipe' => sub {
    my $username = new_account();
    my $client   = Mobivate::Client->new(Standin::over_http());
    $client->create_key_into(\my $key, $username, \$password);
    is $key,      Standin::account($username)->{valid_key}, 'the key';
    is $password, 'correct-password',                       'the password is as it was';
    my ($wide, $joined) = ("\x{1F600}", q());
    $_ .= 'a longer text' for $wide, $joined;
    for my $text (\$key, \$wide, \$joined) {
        my $size    = do { use bytes; length ${$text} };
        my $address = unpack 'J', pack 'p', ${$text};
        Mobivate::wipe(${$text});
        is ${$text},                                          q(),                'it is empty';
        is unpack('P' . ($size - 1), pack 'J', $address + 1), "\0" x ($size - 1), 'and its memory wiped';
    }
    Mobivate::wipe(undef, my $nothing);
    like error_of(sub { Mobivate::wipe('literal') }), qr/^Modification of a read-only value/, 'a literal';
};

done_testing;
