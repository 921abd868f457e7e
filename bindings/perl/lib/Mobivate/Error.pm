# SPDX-License-Identifier: MIT
package Mobivate::Error;

use strict;
use warnings;

use overload
    q("")    => sub { $_[0]->as_string },
    bool     => sub { 1 },
    fallback => 1;

our $VERSION = '1.1.0';

# The classes, by the library's numbers. 1 is this distribution's own.
my %classes = (
    1   => 'Closed',
    -1  => 'InvalidArgument',
    -2  => 'NoMemory',
    -3  => 'Busy',
    -4  => 'Cancelled',
    -5  => 'Timeout',
    -6  => 'Resolve',
    -7  => 'Connect',
    -8  => 'TLS',
    -9  => 'Transport',
    -10 => 'Credentials',
    -11 => 'RateLimited',
    -12 => 'Rejected',
    -13 => 'Server',
    -14 => 'Protocol',
    -15 => 'BufferTooSmall',
    -99 => 'Internal',
);
for my $name (values %classes, 'Library') {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    @{"Mobivate::Error::${name}::ISA"} = __PACKAGE__;
}

for my $field (qw(message status http_status server_code server_message retry_after_ms file line)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *{$field} = sub { $_[0]{$field} };
}

# What is true of every call that fails so: nothing was sent. A refusal does not belong here: a proxy may have
# made it, after the service had made a key.
my %is_unchanged = map { ("Mobivate::Error::$_" => 1) } qw(InvalidArgument Resolve Connect TLS Library);

sub key_state {
    my ($self) = @_;
    return $self->{key_state} if defined $self->{key_state};
    return $is_unchanged{ref $self} ? 'unchanged' : 'unknown';
}

sub class_of {
    my (undef, $status) = @_;
    my $name = $classes{$status};
    return defined $name ? "Mobivate::Error::$name" : __PACKAGE__;
}

sub throw {
    my ($class, %fields) = @_;
    my $depth = 0;
    $depth++ while caller($depth) =~ /^Mobivate(?:::|\z)/;
    (undef, @fields{qw(file line)}) = caller $depth;
    die bless \%fields, $class;
}

sub as_string {
    my ($self) = @_;
    my ($message, $file, $line) = map { defined $_ ? $_ : q(?) } @{$self}{qw(message file line)};
    return "$message at $file line $line.\n";
}

# For JSON::PP and the like, with convert_blessed.
sub TO_JSON {
    my ($self) = @_;
    return {%{$self}, class => ref $self, key_state => $self->key_state};
}

1;

__END__

=encoding UTF-8

=head1 NAME

Mobivate::Error - why a call failed, and whether the old key still works

=head1 SYNOPSIS

    my $key = eval { $client->create_key($username, $password) };
    if (ref $@ && $@->isa('Mobivate::Error')) {
        warn $@->message;
        sleep $@->retry_after_ms / 1000 if defined $@->retry_after_ms;
    }

=head1 DESCRIPTION

As a string, an error is its message with the place in the program. It never contains a password or a key.

=head1 METHODS

=head2 message

What went wrong, and after C<create_key> whether the old key still works.

=head2 status

The library's name for it, such as C<MBV_ERR_TIMEOUT>; undefined for the two classes that are not the
library's.

=head2 key_state

C<unchanged>: the old key still works. C<replaced>: it is revoked. C<unknown>: it may be; ask with
C<get_key> which key is valid. An error that has lost its state on the way, or was thrown without one, is C<unknown>, unless its class alone says that nothing
was sent.

=head2 http_status

The status code of the answer; undefined when none came.

=head2 server_code

The C<code> in the answer, or undefined.

=head2 server_message

The C<message> in the answer, or undefined.

=head2 retry_after_ms

How many milliseconds the server asked to wait, or undefined.

=head2 file

The file of the program that made the call.

=head2 line

Its line.

=head2 as_string

The message with the place in the program.

=head2 throw

    Mobivate::Error::Timeout->throw(message => ..., status => ..., key_state => ...)

Throws an error, as a fake client would in a test.

=head2 TO_JSON

A plain hash of all of this, and the class, for JSON modules that convert blessed objects.

=head1 COPIES

An error is a blessed hash of plain values: it survives L<Storable>, threads, and dying again.

=head2 class_of

The class for a status, by its number.

=head1 CLASSES

Each is a Mobivate::Error: Mobivate::Error::InvalidArgument, NoMemory, Busy, Cancelled, Timeout, Resolve,
Connect, TLS, Transport, Credentials (401), RateLimited (429), Rejected (any other 4xx), Server (5xx),
Protocol, BufferTooSmall, Internal; and this distribution's own Closed (the client is closed) and Library
(libmobivate is missing, too old or too new).

=cut
