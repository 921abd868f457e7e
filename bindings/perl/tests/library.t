# SPDX-License-Identifier: MIT
use strict;
use warnings;
use File::Copy ();
use File::Temp ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

plan skip_all => 'tests/bindings/run_binding.py runs this' if !$ENV{MOBIVATE_STANDIN};
require Process;
require Mobivate;

my $named   = $ENV{MOBIVATE_LIBRARY};
my $stubs   = $ENV{MOBIVATE_STUBS};
my $install = 'Install libmobivate 1.1, or set MOBIVATE_LIBRARY to its file.';

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
    "${is_thrown}cannot load libmobivate; tried $missing (from MOBIVATE_LIBRARY): $missing: cannot open shared object file:"
    . " No such file or directory. $install", 'a missing one';
my @nowhere = (MOBIVATE_LIBRARY => undef, LD_LIBRARY_PATH => undef);
like loading(@nowhere),
    qr{^\Q$is_thrown\Ecannot[ ]load[ ]libmobivate;[ ]tried[ ]MOBIVATE_LIBRARY,[ ]which[ ]is[ ]not[ ]set;
        [ ]/[^;]*/Mobivate/libmobivate[.]so[.]1[ ][(]beside[ ]the[ ]module[)]:[ ][^;]*;
        [ ]libmobivate[.]so[.]1[ ][(]the[ ]dynamic[ ]loader's[)]:[ ][^;]*[.][ ]\Q$install\E\z}x, 'nowhere'
    if loading(@nowhere) ne 'loaded';

# A copy of the modules, with a library among them.
my $lib = File::Temp->newdir;
(my $modules = $INC{'Mobivate.pm'}) =~ s{[^/]*\z}{};
system('cp', '-R', "$modules.", "$lib") == 0 or die "cp failed\n";
my $beside     = "$lib/Mobivate/libmobivate.so.1";
my @copy       = (PERL5LIB                => "$lib:$ENV{PERL5LIB}");
my @everywhere = (@copy, MOBIVATE_LIBRARY => undef, LD_LIBRARY_PATH => $folder);
File::Copy::copy("$stubs/2.0.0/libmobivate.so.1", $beside) or die "$beside: $!\n";
like loading(@everywhere), qr/found libmobivate 2[.]0[.]0, \Q$beside\E \(beside the module\)/,
    'the one beside the module';
is loading(@copy), 'loaded', 'the one that MOBIVATE_LIBRARY names comes first';
open my $other, '>', $beside or die "$beside: $!\n";
print {$other} 'of another system' or die "$beside: $!\n";
close $other                       or die "$beside: $!\n";
is loading(@everywhere), 'loaded', 'one of another system is passed over';
File::Copy::copy($named, $beside) or die "$beside: $!\n";
is loading(@copy, @nowhere), 'loaded', 'the one beside the module, and no other';

like loading(MOBIVATE_LIBRARY => 'libm.so.6'),
    qr/^\Q$is_thrown\Elibm[.]so[.]6 \(from MOBIVATE_LIBRARY\) is not libmobivate 1[.]x: .*symbol: mbv_new[.] \Q$install\E\z/,
    'something else';

for my $version ('0.9.0', '1.0.0', '2.0.0') {
    is loading(MOBIVATE_LIBRARY => undef, LD_LIBRARY_PATH => "$stubs/$version"),
        "${is_thrown}found libmobivate $version, libmobivate.so.1 (the dynamic loader's); this distribution needs >= 1.1.0, < 2. $install",
        "version $version";
}

# The stubs have no memory for a client.
my $no_memory
    = 'Mobivate::Error::NoMemory|unchanged|There was no memory for a client. The old key still works.';
is loading(MOBIVATE_LIBRARY => "$stubs/1.99.99/libmobivate.so.1"), $no_memory, 'a newer one';
is loading(MOBIVATE_LIBRARY => "$stubs/incomplete/libmobivate.so.1"), $no_memory,
    'one that lacks what the distribution does without';

done_testing;
