# SPDX-License-Identifier: MIT
package Process;

# Runs Perl code in a process of its own.

use strict;
use warnings;

sub contents {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar readline $file;
}

# What the code prints, on either output, and how it ends.
sub run_perl {
    my ($code, @arguments) = @_;
    my $pid = open(my $output, '-|');
    die "fork: $!\n" if !defined $pid;
    if (!$pid) {
        open STDERR, '>&', \*STDOUT or die $!;
        exec $^X, '-e', $code, @arguments or die $!;
    }
    my $printed = do { local $/; <$output> };
    close $output;
    return (defined $printed ? $printed : q(), $?);
}

1;
