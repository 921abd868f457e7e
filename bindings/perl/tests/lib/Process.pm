# SPDX-License-Identifier: MIT
package Process;

# Runs Perl code in a process of its own; makes stand-ins of the library.

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();

our @EXPORT_OK = qw(run_perl has_compiler compile stub_functions contents);

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

sub has_compiler { return system('command -v cc >/dev/null') == 0 }

# A shared library of C code.
sub compile {
    my ($path, $code) = @_;
    my $source = File::Temp->new(SUFFIX => '.c');
    print {$source} $code;
    close $source;
    system('cc', '-shared', '-fPIC', '-pthread', '-o', $path, "$source") == 0 or die "cc failed\n";
    return $path;
}

# C code for the functions that a library has beside those that are written already.
sub stub_functions {
    my ($version, $number, $written) = @_;
    my ($list)
        = contents("$ENV{MOBIVATE_PERL_SOURCE}/ffi/mobivate_perl.c") =~ /define FUNCTIONS\(F\)(.*?)\n\n/s;
    my %names = map { $_ => 1 } $list =~ /\b(mbv_\w+),[\s\\]+\(/g;
    my $code  = "#include <stddef.h>\n#include <stdint.h>\n$written\n";
    $code .= "const char *mbv_version(void) { return \"$version\"; }\n";
    $code .= "int32_t mbv_version_number(void) { return $number; }\n";
    for my $name (sort keys %names) {
        $code .= "size_t $name(void) { return 0; }\n" if $code !~ /\b$name\(/;
    }
    return $code;
}

1;
