# SPDX-License-Identifier: MIT
# Compares what the binding says of the library with mobivate.h.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;

plan skip_all => 'tests/bindings/run_binding.py runs this' if !$ENV{MOBIVATE_HEADER};
require Process;
require Mobivate;

my $header = JSON::PP::decode_json(Process::contents($ENV{MOBIVATE_HEADER}));
(my $source = Process::contents("$ENV{MOBIVATE_PERL_SOURCE}/ffi/mobivate_perl.c"))
    =~ s/(\w)[*]/$1 */g;    # as the header has it

my $count = 0;
while ($source =~ /^\s+F\(([^,\n]+), (mbv_\w+),[\s\\]+\((.*)\)\)\s*\\?$/mg) {
    my ($returns, $name, $parameters) = ($1, $2, $3);
    my @parameters = $parameters eq 'void' ? () : split /, /, $parameters;
    is_deeply {returns => $returns, parameters => \@parameters}, $header->{functions}{$name}, $name;
    $count++;
}
is $count, 16, 'all of them were compared';

my %classes;
for my $name (sort keys %{$header->{status}}) {
    next if $name eq 'MBV_OK';
    my $class = Mobivate::Error->class_of($header->{status}{$name});
    (my $short = $class)   =~ s/.*:://;
    (my $upper = uc $name) =~ s/^MBV_ERR_|_//g;
    is uc $short, $upper, "$name is $class";
    isa_ok $class, 'Mobivate::Error';
}
for my $name (sort keys %{$header->{key_states}}) {
    my $word = Mobivate::Library::key_state_name($header->{key_states}{$name});
    is 'MBV_KEY_' . uc $word, $name, $name;
}
my %values = $source =~ /\b(ok|no_memory|busy|unchanged|unknown) = (-?\d+)/g;
is_deeply \%values,
    {
    ok        => $header->{status}{MBV_OK},
    no_memory => $header->{status}{MBV_ERR_NO_MEMORY},
    busy      => $header->{status}{MBV_ERR_BUSY},
    unchanged => $header->{key_states}{MBV_KEY_UNCHANGED},
    unknown   => $header->{key_states}{MBV_KEY_UNKNOWN},
    },
    'the values that the C code has';
like $source, qr/closed = 1, started = 2 }.*create_key = 0, get_key = 1, test_key = 2 }/s,
    'its own values, of which Perl knows';

done_testing;
