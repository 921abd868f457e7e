# SPDX-License-Identifier: MIT
package Mobivate::Error;

use 5.020;
use strict;
use warnings;

use overload
    q{""}    => sub { $_[0]{message} },
    bool     => sub { 1 },
    fallback => 1;

our $VERSION = '1.0.0';

# The library's statuses, and the class of each.
our %STATUS = (
    -1  => [ 'MBV_ERR_INVALID_ARGUMENT', 'InvalidArgument' ],
    -2  => [ 'MBV_ERR_NO_MEMORY',        'NoMemory' ],
    -3  => [ 'MBV_ERR_BUSY',             'Busy' ],
    -4  => [ 'MBV_ERR_CANCELLED',        'Cancelled' ],
    -5  => [ 'MBV_ERR_TIMEOUT',          'Timeout' ],
    -6  => [ 'MBV_ERR_RESOLVE',          'Resolve' ],
    -7  => [ 'MBV_ERR_CONNECT',          'Connect' ],
    -8  => [ 'MBV_ERR_TLS',              'TLS' ],
    -9  => [ 'MBV_ERR_TRANSPORT',        'Transport' ],
    -10 => [ 'MBV_ERR_CREDENTIALS',      'Credentials' ],
    -11 => [ 'MBV_ERR_RATE_LIMITED',     'RateLimited' ],
    -12 => [ 'MBV_ERR_REJECTED',         'Rejected' ],
    -13 => [ 'MBV_ERR_SERVER',           'Server' ],
    -14 => [ 'MBV_ERR_PROTOCOL',         'Protocol' ],
    -99 => [ 'MBV_ERR_INTERNAL',         'Internal' ],
);

for my $class ( map { $_->[1] } values %STATUS ) {
    # The classes have names alone.
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    @{"Mobivate::Error::${class}::ISA"} = (__PACKAGE__);
}

sub _new {
    my ( undef, %facts ) = @_;
    my $known = $STATUS{ $facts{status} } // $STATUS{-99};
    return bless { key_state => 'unchanged', server_message => q{}, %facts, status => $known->[0] }, __PACKAGE__ . "::$known->[1]";
}

sub message        { return $_[0]{message} }
sub status         { return $_[0]{status} }
sub key_state      { return $_[0]{key_state} }
sub http_status    { return $_[0]{http_status} }
sub server_code    { return $_[0]{server_code} }
sub server_message { return $_[0]{server_message} }
sub retry_after    { return $_[0]{retry_after} }

1;

__END__

=encoding utf8

=head1 NAME

Mobivate::Error - a call that handed over no key

=head1 SYNOPSIS

    my $key = eval { $client->create_key( $username, $password ) };
    if ( my $error = $@ ) {
        die $error if !ref $error || !$error->isa('Mobivate::Error');
        warn "$error\n";    # says what became of the old key, too
    }

=head1 DESCRIPTION

As a string it is the library's sentence: why the call failed, and what became of the old key. There is a class for
each status, such as C<Mobivate::Error::Timeout>.

=head1 METHODS

=head2 key_state

What became of the old key: C<unchanged>, C<replaced> or C<unknown>.

=head2 status

The library's status, such as C<MBV_ERR_TIMEOUT>.

=head2 message

The sentence.

=head2 http_status, server_code

Of the answer; undefined where there was none.

=head2 server_message

Likewise; empty where there was none.

=head2 retry_after

How many seconds the server asks to wait; undefined where it did not say.

=head1 LICENSE

MIT

=cut
