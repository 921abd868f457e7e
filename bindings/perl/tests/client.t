# SPDX-License-Identifier: MIT
use strict;
use warnings;
use utf8;

use FindBin;
use lib $FindBin::Bin;
use POSIX ();
use Test::More;

use Mobivate;
use Standin;

my $password = $Standin::PASSWORD;

sub error_of {
    my ($call) = @_;
    return eval { $call->(); 1 } ? undef : $@;
}

subtest 'an error carries everything' => sub {
    my $username = Standin::new_account(
        { status => 429, headers => [ [ 'Retry-After', '7' ] ], body => { code => 4290, message => 'Slow down' } } );
    my $error = error_of( sub { Standin::client()->create_key( $username, $password ) } );
    isa_ok $error, 'Mobivate::Error::RateLimited';
    isa_ok $error, 'Mobivate::Error';
    is $error->status,         'MBV_ERR_RATE_LIMITED', 'status';
    is $error->key_state,      'unchanged',            'key state';
    is $error->http_status,    429,                    'HTTP status';
    is $error->server_code,    4290,                   'server code';
    is $error->server_message, 'Slow down',            'server message';
    is $error->retry_after,    7,                      'retry after';
    like "$error", qr/The old key still works[.]/, 'text';
};

subtest 'passwords: characters, bytes, and references to them' => sub {
    my $secret   = "gr\x{fc}\x{df} \x{1F600}";
    my $username = 'perl-unicode@example.com';
    Standin::create( $username, $secret );
    my $client = Standin::client();
    utf8::encode( my $bytes = $secret );
    for my $given ( $secret, \$secret, $bytes, \$bytes ) {
        is $client->create_key( $username, $given ), Standin::account($username)->{valid_key}, 'the valid key';
    }
    like error_of( sub { $client->create_key( $username, undef ) } ), qr/is not defined/, 'undefined';
    like error_of( sub { $client->create_key( $username, "\xC3\x28" ) } ), qr/not UTF-8/, 'not UTF-8';
    like error_of( sub { $client->create_key( $username, q{} ) } ), qr/is empty/, 'empty';
};

subtest 'keys and passwords that can be wiped' => sub {
    my $username = Standin::new_account();
    my $client   = Standin::client();
    my $secret   = join q{}, split //, $password;
    for ( 1 .. 3 ) {
        $client->create_key_into( $username, \$secret, \my $key );
        is $key, Standin::account($username)->{valid_key}, 'the valid key';
        is $secret, $password, 'the password is as it was';
        my $address = unpack 'J', pack 'P', $key;
        my $size    = length $key;
        Mobivate::Client::wipe($key);
        is unpack( "P$size", pack 'J', $address ), "\0" x $size, 'its memory is zeros';
        is $key, q{}, 'and it is empty';
    }
    my $error = error_of( sub { $client->create_key_into( $username, \'wrong', \my $key ) } );
    isa_ok $error, 'Mobivate::Error::Credentials';
    my $long = 'perl-long@example.com';
    Standin::create( $long, $password, { key_size => 4096 } );
    is length $client->create_key( $long, $password ), 4096, 'the longest key';
};

subtest 'a cancellation is taken back' => sub {
    my $username = Standin::new_account();
    my $client   = Standin::client();
    $client->cancel;
    for ( 1, 2 ) {
        my $error = error_of( sub { $client->create_key( $username, $password ) } );
        is $error->status,    'MBV_ERR_CANCELLED', 'cancelled';
        is $error->key_state, 'unchanged',         'before anything was sent';
    }
    $client->uncancel;
    is $client->create_key( $username, $password ), Standin::account($username)->{valid_key}, 'and then it goes on';
};

subtest 'an ordinary handler runs after the call, and may die' => sub {
    my $username = Standin::new_account( { creates => JSON::PP::true, cut => { after => 0, how => 'stall' } } );
    my $client   = Standin::client( timeout => 0.5 );
    my $child    = Standin::signal_when_requested( USR2 => $username, 1 );
    local $SIG{USR2} = sub { die "interrupted\n" };
    is error_of( sub { $client->create_key( $username, $password ) } ), "interrupted\n", q{the handler's exception};
    waitpid $child, 0;
    my $other = Standin::new_account();
    is $client->create_key( $other, $password ), Standin::account($other)->{valid_key}, 'the client goes on';
};

subtest 'closing' => sub {
    my $username = Standin::new_account($Standin::STALLS);
    my $client   = Standin::client();
    my $problem;
    POSIX::sigaction( POSIX::SIGUSR1(), POSIX::SigAction->new( sub { $problem = error_of( sub { $client->close } ) } ) );
    my $child = Standin::signal_when_requested( USR1 => $username, 1 );
    is error_of( sub { $client->create_key( $username, $password ) } )->status, 'MBV_ERR_CANCELLED', 'a close during a call cancels it';
    waitpid $child, 0;
    isa_ok $problem, 'Mobivate::Error::Busy', 'what the close died of';
    $client->close;
    $client->close;
    for my $call ( sub { $client->create_key( 'u', 'p' ) }, sub { $client->set( timeout_ms => 1 ) } ) {
        like error_of($call), qr/^The client is closed/, 'a closed client';
    }
    $client->cancel;
    $client->uncancel;
};

subtest 'options' => sub {
    my $client = Standin::client( timeout => 0.0004 );
    isa_ok error_of( sub { $client->create_key( Standin::new_account(), $password ) } ), 'Mobivate::Error::Timeout';
    like error_of( sub { Mobivate::Client->new( timeouts => 1 ) } ), qr/There is no option "timeouts"; there are base_url/, 'a wrong name';
    like error_of( sub { Mobivate::Client->new( timeout => 'soon' ) } ), qr/The option timeout_ms must be/, 'a wrong value';
    like error_of( sub { $client->set( proxy => "a\0b" ) } ), qr/contains a NUL/, 'a NUL';
    like( Mobivate::Client::library_version(), qr/^1[.]\d+[.]\d+$/, 'the version' );
};

subtest 'a fork' => sub {
    my $username = Standin::new_account();
    my $client   = Standin::client();
    $client->create_key( $username, $password );
    my $child = fork // die "fork: $!\n";
    POSIX::_exit( $client->create_key( $username, $password ) ? 0 : 1 ) if !$child;
    waitpid $child, 0;
    is $?, 0, 'the child goes on';
    is $client->create_key( $username, $password ), Standin::account($username)->{valid_key}, 'and the parent';
};

subtest 'ten thousand calls leave nothing' => sub {
    my $username = Standin::new_account();
    my $client   = Standin::client( base_url => $Standin::FACTS->{http} );
    my $resident = sub {
        open my $file, '<', '/proc/self/status' or die "$!\n";
        my ($kib) = map { /^VmRSS:\s+(\d+)/ } <$file>;
        return $kib;
    };
    my $descriptors = sub { my @found = glob '/proc/self/fd/*'; return scalar @found };
    my $call        = sub {
        for ( 1 .. $_[0] ) {
            $client->create_key_into( $username, \$password, \my $key );
            Standin::client( base_url => $Standin::FACTS->{http} ) if $_ % 100 == 0;
        }
        return;
    };
    $call->(2000);
    my ( $open, $used ) = ( $descriptors->(), $resident->() );
    $call->(10_000);
    is $descriptors->(), $open, 'descriptors';
    cmp_ok $resident->() - $used, '<', 2048, 'KiB more';
};

done_testing;
