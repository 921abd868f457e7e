# SPDX-License-Identifier: MIT
package Standin;

# The stand-in service, as tests/standin/README.md describes it.

use strict;
use warnings;

use HTTP::Tiny;
use JSON::PP ();
use POSIX    ();

my $json  = JSON::PP->new->utf8;
my %facts = %{$json->decode($ENV{MOBIVATE_STANDIN} || die "Run this under tests/standin.\n")};

sub facts      { return \%facts }
sub over_http  { return (base_url => $facts{http},  proxy   => q()) }
sub over_https { return (base_url => $facts{https}, ca_file => $facts{ca_file}, proxy => q()) }

sub _request {
    my ($method, $path, $body) = @_;
    my %content = defined $body ? (content => $json->encode($body)) : ();
    my $answer
        = HTTP::Tiny->new(proxy => undef, http_proxy => undef, timeout => 30)
        ->request($method, "$facts{http}$path",
        {headers => {'Content-Type' => 'application/json'}, %content});
    die "$method $path: $answer->{status} $answer->{content}\n" if !$answer->{success};
    return $json->decode($answer->{content});
}

sub create_account {
    my ($username, $password, $scenario) = @_;
    return _request(
        POST => '/standin/accounts',
        {username => $username, password => $password, scenario => $scenario || {}}
    );
}

# What is true of an account, once it has had so many requests.
sub account {
    my ($username, $requests) = @_;
    my $query = defined $requests ? "?requests=$requests&timeout_ms=10000" : q();
    return _request(GET => "/standin/accounts/$username$query");
}

# How many connections that an account's requests came on are open: as many as that, at the latest in ten seconds.
sub open_connections {
    my ($username, $expected) = @_;
    return _request(GET => "/standin/accounts/$username?open_connections=$expected&timeout_ms=10000")
        ->{open_connections};
}

# Sends this process a signal, from a child process, once an account has had one more request.
# Returns the child, to be waited for.
sub when_requested {
    my ($signal, $username) = @_;
    my $requests = account($username)->{requests} + 1;
    my $parent   = $$;
    my $child    = fork;
    die "fork: $!\n" if !defined $child;
    return $child    if $child;

    # Nothing of the parent's may be cleaned up here.
    eval { account($username, $requests); 1 } or POSIX::_exit(1);
    kill $signal => $parent;
    POSIX::_exit(0);
}

1;
