#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# The same with Perl's own client.
use strict;
use warnings;

use HTTP::Tiny;
use JSON::PP ();

my $count    = shift;
my $password = do { local ( @ARGV, $/ ) = $ENV{MOBIVATE_PASSWORD_FILE}; <> };
my $body     = JSON::PP::encode_json( { username => $ENV{MOBIVATE_USERNAME}, password => $password } );
my $http     = HTTP::Tiny->new( verify_SSL => 1, keep_alive => 1, SSL_options => { SSL_ca_file => $ENV{MOBIVATE_CA_FILE} } );
for ( 1 .. $count ) {
    my $answer = $http->post( "$ENV{MOBIVATE_BASE_URL}/auth/createkey", { headers => { 'Content-Type' => 'application/json' }, content => $body } );
    die "$answer->{status} $answer->{content}\n" if !$answer->{success};
    die "no key\n" if !length JSON::PP::decode_json( $answer->{content} )->{apiKey};
}
print "created $count\n";
