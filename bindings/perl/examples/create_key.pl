# SPDX-License-Identifier: MIT
use strict;
use warnings;
use Mobivate;

my $key = eval { Mobivate::Client->new->create_key('first.last@example.com', 'your-pass') };
if (my $error = $@) {
    die $error if !ref $error;
    print STDERR $error;    # says whether the old key still works, too

    # With the exit codes of mbv.
    my ($class) = ref($error) =~ /(\w+)\z/;
    exit 2 if $class eq 'InvalidArgument';
    exit 5 if $error->key_state ne 'unchanged';
    exit($class =~ /^(?:Credentials|RateLimited|Rejected)\z/ ? 3 : 4);
}
if (!print("$key\n") || !close STDOUT) {
    print STDERR "The new key could not be printed ($!): $key\n";
    exit 6;
}
