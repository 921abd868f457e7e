# SPDX-License-Identifier: MIT
use strict;
use warnings;
use Mobivate;

my $client = Mobivate::Client->new;
my $key    = eval { $client->create_key('first.last@example.com', 'your-pass') };
if (my $error = $@) {
    print STDERR $error;
    die "Run this again.\n" if ref $error && $error->key_state eq 'unknown';
    exit 1;
}
print "$key\n";
