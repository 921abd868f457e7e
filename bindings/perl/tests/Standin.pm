# SPDX-License-Identifier: MIT
# The stand-in service as the tests see it: its facts, and the truth that it knows.
package Standin;

use strict;
use warnings;

use HTTP::Tiny;
use JSON::PP ();

our $JSON  = JSON::PP->new->utf8->canonical->allow_nonref;
our $FACTS = $JSON->decode( $ENV{MOBIVATE_STANDIN} // die "MOBIVATE_STANDIN is missing: run this by ./test\n" );
our $PASSWORD = 'correct-password';
our $STALLS   = { creates => JSON::PP::true, cut => { after => 0, how => 'stall' } };

my $http  = HTTP::Tiny->new( keep_alive => 0, proxy => undef, http_proxy => undef, timeout => 30 );
my $count = 0;

sub _ask {
    my ( $method, $path, $body ) = @_;
    my $answer = $http->request( $method, "$FACTS->{http}/standin/$path", { defined $body ? ( content => $JSON->encode($body) ) : () } );
    die "$answer->{status} $answer->{content}\n" if !$answer->{success};
    return $JSON->decode( $answer->{content} );
}

sub create {
    my ( $username, $password, $scenario ) = @_;
    return _ask( 'POST', 'accounts', { username => $username, password => $password, scenario => $scenario // {} } );
}

sub new_account {
    my ($scenario) = @_;
    my $username = sprintf 'perl-%d-%d@example.com', $$, ++$count;
    create( $username, $PASSWORD, $scenario );
    return $username;
}

# Waits until an account's call has made so many requests.
sub account {
    my ( $username, $requests ) = @_;
    ( my $escaped = $username ) =~ s/([^A-Za-z0-9.-])/sprintf '%%%02X', ord $1/ge;
    my $found = _ask( 'GET', sprintf( 'accounts/%s?requests=%d&timeout_ms=10000', $escaped, $requests // 0 ) );
    die "the request did not come\n" if $found->{requests} < ( $requests // 0 );
    return $found;
}

sub client {
    my (%options) = @_;
    require Mobivate::Client;
    return Mobivate::Client->new( base_url => $FACTS->{https}, ca_file => $FACTS->{ca_file}, proxy => q{}, %options );
}

# Sends this process a signal once the account's call has made its request: a child waits for that.
sub signal_when_requested {
    my ( $signal, $username, $requests ) = @_;
    my $parent = $$;
    my $child  = fork // die "fork: $!\n";
    return $child if $child;
    eval { account( $username, $requests ); kill $signal => $parent; 1 } or warn $@;
    require POSIX;
    POSIX::_exit(0);
}

1;
