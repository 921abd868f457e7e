# SPDX-License-Identifier: MIT
package Mobivate::Client;

use strict;
use warnings;

use Carp ();
use Mobivate::Library;

our $VERSION = '1.1.0';

# As in ffi/mobivate_perl.c.
my $started = 2;
my ($create_key, $get_key, $test_key) = 0 .. 2;
my $refused = -10;    # MBV_ERR_CREDENTIALS

sub new {
    my ($class, @options) = @_;
    Mobivate::Library::ensure_loaded();
    my $self = _new() or _throw_no_memory();
    bless $self, $class;
    $self->set(@options);
    return $self;
}

sub set {
    my ($self, @options) = @_;
    Carp::croak('The options must be names and values') if @options % 2;
    while (my ($name, $value) = splice @options, 0, 2) {
        next if !defined $value;
        my @texts = map { "$_" } $name, $value;
        Carp::croak("The option $name contains a NUL") if grep { /\0/ } @texts;
        utf8::encode($_) for @texts;
        my $call   = Mobivate::Call::new() or _throw_no_memory();
        my $status = $call->set($self, @texts);
        $call->throw($status) if $status != 0;
    }
    return $self;
}

sub create_key {
    my ($self, $username, $password) = @_;
    return _key($self, $create_key, $username, $password);
}

sub create_key_into {
    my ($self, $key, $username, $password) = @_;
    return _key_into($self, $create_key, $key, $username, $password);
}

sub get_key {
    my ($self, $username, $password) = @_;
    return _key($self, $get_key, $username, $password);
}

sub get_key_into {
    my ($self, $key, $username, $password) = @_;
    return _key_into($self, $get_key, $key, $username, $password);
}

sub test_key {
    my ($self, $key)    = @_;
    my ($call, $status) = _call($self, $test_key, [\q()], [_bytes('key', $key)]);
    $call->throw($status) if $status != 0 && $status != $refused;
    return $status == 0;
}

sub _key {
    my ($self, $kind, $username, $password) = @_;
    _key_into($self, $kind, \my $key, $username, $password);
    utf8::decode($key);
    return $key;
}

sub _key_into {
    my ($self, $kind, $key, $username, $password) = @_;
    Carp::croak('The key must be a reference to a scalar') if ref $key ne 'SCALAR';
    my ($call, $status)
        = _call($self, $kind, [_bytes('user name', $username)], [_bytes('password', $password)]);
    $call->throw($status) if $status != 0;
    ${$key} = $call->bytes(2);
    return;
}

# Makes a call, and returns it with its status. While it waits, Perl runs the handlers of signals here.
# One that dies, or exits, takes the last reference to the call: that cancels the call, and awaits its end.
sub _call {
    my ($self, $kind, $username, $password_or_key) = @_;
    my ($name, $is_copied_name)                    = @{$username};
    my ($secret, $is_copied_secret)                = @{$password_or_key};
    my $call   = Mobivate::Call::new() or _throw_no_memory();
    my $status = $call->start($self, $kind, ${$name}, length ${$name}, ${$secret}, length ${$secret});
    Mobivate::wipe(${$name})   if $is_copied_name;
    Mobivate::wipe(${$secret}) if $is_copied_secret;
    if ($status == $started) {
        until ($call->wait_a_while) { }
        $status = $call->end;
    }
    return ($call, $status);
}

# A reference to the UTF-8 of a text, and whether that is a copy.
sub _bytes {
    my ($what, $text) = @_;
    my $bytes = ref $text ? $text : \$text;
    Carp::croak("The $what must be a string, or a reference to one") if ref $bytes ne 'SCALAR';
    Carp::croak("The $what is undefined")                            if !defined ${$bytes};
    return $bytes if ref $text && !utf8::is_utf8(${$text}) && !tied ${$text};
    my $copy = ${$bytes};
    if (!ref $text) {
        utf8::encode($copy);
    } elsif (!utf8::downgrade($copy, 1)) {
        Carp::croak("The $what behind the reference must be bytes, and has a wide character");
    }
    return (\$copy, 1);
}

sub _throw_no_memory {
    return Mobivate::Error::NoMemory->throw(
        message   => 'There was no memory for a client. The old key still works.',
        status    => 'MBV_ERR_NO_MEMORY',
        key_state => 'unchanged',
    );
}

1;

__END__

=encoding UTF-8

=head1 NAME

Mobivate::Client - creates, gets and tests API keys, one call at a time

=head1 SYNOPSIS

    use Mobivate;

    my $client = Mobivate::Client->new(timeout_ms => 10_000);

    local $SIG{ALRM} = sub { die "too slow\n" };
    alarm 5;
    my $key = eval { $client->create_key($username, $password) };
    alarm 0;
    print $@, $client->key_state, "\n" if !defined $key;

=head1 DESCRIPTION

A client keeps its connection for the next call. A call runs in a C thread, and the method waits
for it in a way that lets Perl run signal handlers. Nothing else in the interpreter runs meanwhile.

=head1 METHODS

A failure throws a L<Mobivate::Error>. Misuse, such as an undefined password, dies with a string.

=head2 new

    Mobivate::Client->new(%options)

Makes a client; sends nothing. All options have a default.

=over

=item base_url

Where the service is. C<http://> is for loopback addresses only.

=item timeout_ms

Milliseconds for a whole call: 30000.

=item connect_timeout_ms

Milliseconds to resolve, connect and shake hands: 10000.

=item ca_file

A PEM file of the certificates to trust, in place of the system's.

=item ca_dir

A directory of such certificates, hashed as by C<openssl rehash>.

=item proxy

The URL of a proxy, or the empty string for none. The default is the environment's.

=item user_agent

The User-Agent header.

=back

=head2 set

    $client->set(timeout_ms => 5000)

Sets options for the calls that follow. An undefined value leaves an option as it is. Returns the client.

=head2 create_key

    my $key = $client->create_key($username, $password)

Creates a key, and so revokes the account's old one. Sends at most one request. The user name and the
password are strings of characters, or references to scalars with bytes in UTF-8.

=head2 create_key_into

    $client->create_key_into(\my $key, $username, \$password)

The same for secrets to be wiped with L<Mobivate/wipe>: Perl copies neither the password nor the key.

=head2 get_key

    my $key = $client->get_key($username, $password)

Asks for the key that the account has now, and changes nothing: after a C<create_key> that left the key state
C<unknown>, say.

=head2 get_key_into

    $client->get_key_into(\my $key, $username, \$password)

The same for secrets to be wiped.

=head2 test_key

    my $is_valid = $client->test_key($key)

Whether the service accepts a key: false where it refuses the key (401). Throws where nobody can tell. Changes
nothing. The key is a string, or a reference to one that is not to be copied, of 1 to 4096 bytes of printable
ASCII without spaces.

=head2 key_state

What the last call did to the old key: C<unchanged>, C<replaced> or C<unknown>. Ask it after a signal handler
has died and so ended a call: C<replaced> then means that the new key is lost:
C<get_key> has it.

=head2 cancel

Ends the call in progress within 50 ms, and every later one at once, with a L<Mobivate::Error> of class
C<Mobivate::Error::Cancelled>. Made for signal handlers. It sticks, so that a signal just before a call
counts, too.

=head2 uncancel

Allows calls again after C<cancel>.

=head2 close

Closes the client; closing it again does nothing. The same happens when the last reference goes. In a signal
handler, it ends the call in progress, too.

=head2 is_closed

Whether it is closed.

=head1 SIGNALS

A handler in C<%SIG> runs during a call, at most 50 ms late. If it returns, the call goes on. If it dies, the
call is cancelled, and over when the exception leaves the method. If it exits, the call ends first. It may use
other clients. A call on the same client throws Mobivate::Error::Busy.

=head1 THREADS AND PROCESSES

A client belongs to the Perl thread that made it; a new thread finds an unblessed scalar in its place. After a
fork, both processes can use it. If a signal handler forks during a call, the client is closed in the child.

=cut
