# SPDX-License-Identifier: MIT
package Mobivate::Error;

use strict;
use warnings;

use overload
    q("")    => sub { $_[0]->as_string },
    bool     => sub { 1 },
    fallback => 1;

our $VERSION = '1.0.0';

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

for my $field (qw(message status key_state http_status server_code server_message retry_after_ms file line)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *{$field} = sub { $_[0]{$field} };
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
    die bless {key_state => 'unchanged', %fields}, $class;
}

sub as_string {
    my ($self) = @_;
    return "$self->{message} at $self->{file} line $self->{line}.\n";
}

1;

__END__

=encoding UTF-8

=head1 NAME

Mobivate::Error - why a call failed, and what became of the old key

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

What went wrong, and what became of the old key.

=head2 status

The library's name of it, such as C<MBV_ERR_TIMEOUT>; undefined for the two classes that are not the
library's.

=head2 key_state

C<unchanged>: the old key still works. C<replaced>: it is revoked. C<unknown>: it may be.

=head2 http_status

The status code of the answer; undefined when none came.

=head2 server_code

The C<code> of the answer's body, or undefined.

=head2 server_message

The C<message> of the answer's body, or undefined.

=head2 retry_after_ms

How many milliseconds the server asked to wait, or undefined.

=head2 file

The file of the program that made the call.

=head2 line

Its line.

=head2 as_string

What the error is as a string.

=head2 throw

    Mobivate::Error::Timeout->throw(message => ..., status => ..., key_state => ...)

Throws an error, as a stand-in for a client would in a test.

=head2 class_of

The class for a status, by its number.

=head1 CLASSES

Each is a Mobivate::Error: Mobivate::Error::InvalidArgument, NoMemory, Busy, Cancelled, Timeout, Resolve,
Connect, TLS, Transport, Credentials (401), RateLimited (429), Rejected (any other 4xx), Server (5xx),
Protocol, BufferTooSmall, Internal; and of this distribution Closed (the client is closed) and Library
(libmobivate is missing, or not of version 1).

=cut
