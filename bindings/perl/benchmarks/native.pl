# SPDX-License-Identifier: MIT
# The same with HTTP::Tiny and IO::Socket::SSL, as Perl has them.
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP ();

my ($count) = @ARGV;
open my $file, '<:raw:encoding(UTF-8)', $ENV{MOBIVATE_PASSWORD_FILE}
    or die "$ENV{MOBIVATE_PASSWORD_FILE}: $!\n";
my $password = do { local $/; readline $file };
close $file;

my $json = JSON::PP->new->utf8;
my $http = HTTP::Tiny->new(
    verify_SSL  => 1,
    SSL_options => {SSL_ca_file => $ENV{MOBIVATE_CA_FILE}},
    keep_alive  => 1,
    proxy       => undef,
    https_proxy => undef,
);

for (1 .. $count) {
    my $answer = $http->post(
        "$ENV{MOBIVATE_BASE_URL}/auth/createkey",
        {
            headers => {'Content-Type' => 'application/json'},
            content => $json->encode({username => $ENV{MOBIVATE_USERNAME}, password => $password}),
        }
    );
    die "$answer->{status} $answer->{content}\n" if !$answer->{success};
    my $key = $json->decode($answer->{content})->{apiKey};
    die "no key in the answer\n" if !defined $key;
}
print "created $count\n";
