# SPDX-License-Identifier: MIT
use strict;
use warnings;
use File::Temp ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

plan skip_all => 'tests/bindings/run_binding.py runs this' if !$ENV{MOBIVATE_STANDIN};
require Process;

my $named   = $ENV{MOBIVATE_LIBRARY};
my $stubs   = File::Temp->newdir;
my $stub    = "$stubs/libmobivate.so.1";
my $install = 'install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY.';

# What comes of loading, in a process of its own.
sub loading {
    my (%changes) = @_;
    local %ENV = (%ENV, %changes);
    defined $ENV{$_} or delete $ENV{$_} for keys %changes;
    my ($output) = Process::run_perl(<<'PERL');
        use Mobivate;
        my $client = eval { Mobivate::Client->new };
        print $client ? 'loaded' : join '|', ref $@, $@->key_state, $@->message;
PERL
    return $output;
}
my $is_thrown = 'Mobivate::Error::Library|unchanged|';

is loading(), 'loaded', 'the one that MOBIVATE_LIBRARY names';
(my $folder = $named) =~ s{/[^/]*\z}{};
is loading(MOBIVATE_LIBRARY => $_, LD_LIBRARY_PATH => $folder), 'loaded', 'the one of the loader'
    for undef, q();
my $missing = '/nowhere/libmobivate.so.1';
is loading(MOBIVATE_LIBRARY => $missing),
      "$is_thrown$missing, which MOBIVATE_LIBRARY names, could not be loaded"
    . " ($missing: cannot open shared object file:"
    . " No such file or directory); $install", 'a missing one';
like loading(MOBIVATE_LIBRARY => undef, LD_LIBRARY_PATH => undef),
    qr/^\Q$is_thrown\Elibmobivate[.]so[.]1, on the dynamic loader's search path, could not be loaded \(/,
    'none on the search path'
    if !-e '/usr/lib/x86_64-linux-gnu/libmobivate.so.1';

SKIP: {
    skip 'there is no C compiler', 4 if !Process::has_compiler();
    Process::compile($stub, 'int something_else;');
    like loading(MOBIVATE_LIBRARY => $stub),
        qr/^\Q$is_thrown$stub\E, which .* is not libmobivate 1[.]x \(.*symbol: mbv_new\); \Q$install\E\z/,
        'something else';
    for my $wrong (['0.9.9', 909], ['2.0.0', 20_000]) {
        my ($version, $number) = @{$wrong};
        Process::compile($stub, Process::stub_functions($version, $number, q()));
        is loading(MOBIVATE_LIBRARY => undef, LD_LIBRARY_PATH => "$stubs"),
              "${is_thrown}libmobivate.so.1, on the dynamic loader's search path, has version $version,"
            . " and 1.0.0 or newer,"
            . " and below 2, is needed; $install", "version $version";
    }
    my $new = 'int made; void *mbv_new(void) { return &made; }';
    Process::compile($stub, Process::stub_functions('1.99.99', 19_999, $new));
    is loading(MOBIVATE_LIBRARY => $stub), 'loaded', 'a newer one';

    # mbv_new fails, and so does a call of mbv_create_key.
    Process::compile($stub, Process::stub_functions('1.0.0', 10_000, q()));
    local $ENV{MOBIVATE_LIBRARY} = $stub;
    my ($output)
        = Process::run_perl(
        'use Mobivate; print eval { Mobivate::Client->new } ? 1 : ref $@, "|", $@->message');
    is $output, 'Mobivate::Error::NoMemory|There was no memory for a client. The old key still works.',
        'no memory';
}

done_testing;
