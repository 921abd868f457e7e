#!/usr/bin/perl
# SPDX-License-Identifier: MIT
use strict;
use warnings;
use Mobivate;

my $client = Mobivate::Client->new;
my $key    = eval { $client->create_key( 'first.last@example.com', 'your-pass' ) };
die "$@\n" if !defined $key;    # says what became of the old key, too
print "$key\n";
