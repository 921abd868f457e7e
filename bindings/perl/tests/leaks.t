# SPDX-License-Identifier: MIT
# Ten thousand calls leave no memory, no descriptor and no thread behind.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use FFI::Platypus 1.34;

plan skip_all => 'tests/bindings/run_binding.py runs this' if !$ENV{MOBIVATE_STANDIN};
require Standin;
require Process;
require Mobivate;

my ($usual, $long, $password) = ('leaks-perl@example.com', 'leaks-long-perl@example.com', 'correct-password');
Standin::create_account($usual, $password);
Standin::create_account($long, $password, {key => 'k' x 4096});

# What malloc has handed out.
package MallocState {
    use FFI::Platypus::Record;
    record_layout_1(map { (size_t => $_) }
            qw(arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost));
}
my $libc = FFI::Platypus->new(api => 1, lib => [undef]);
$libc->type('record(MallocState)' => 'malloc_state');
$libc->attach(mallinfo2 => [] => 'malloc_state');

sub expect {
    my ($class, $code) = @_;
    my $is_done = eval { $code->(); 1 };
    my $found   = $is_done ? 'created' : ref $@ || $@;
    die "expected $class, found $found\n" if $found ne $class;
    return;
}

sub hundred_calls {
    my ($turn) = @_;
    my $client = Mobivate::Client->new(Standin::over_http());
    for my $call (1 .. 100) {
        my $kind = $call % 10;
        if ($kind == 5) {
            local $SIG{USR1} = sub { die "enough\n" };
            eval { kill USR1 => $$; $client->create_key($usual, $password) };
        } elsif ($kind == 6) {
            $client->cancel;
            expect('Mobivate::Error::Cancelled', sub { $client->create_key($usual, $password) });
            $client->uncancel;
        } elsif ($kind == 7) {
            expect('created', sub { length $client->create_key($long, $password) == 4096 or die "short\n" });
        } elsif ($kind == 8) {
            expect('Mobivate::Error::Credentials', sub { $client->create_key($usual, 'wrong') });
        } else {
            expect('created', sub { $client->create_key_into(\my $key, $usual, \$password) });
        }
    }
    $client->close if $turn % 2;
    return;
}

sub sizes {

    # Anonymous pages alone: those of files come and go with what else runs.
    my ($resident_kib) = Process::contents('/proc/self/status') =~ /^RssAnon:\s+(\d+)/m;
    my $state = mallinfo2();
    return {
        descriptors => scalar(() = glob '/proc/self/fd/*'),
        threads     => scalar(() = glob '/proc/self/task/*'),
        malloc      => $state->uordblks + $state->hblkhd,
        resident    => $resident_kib * 1024,
    };
}

hundred_calls($_) for 1 .. 30;
my $before = sizes();
hundred_calls($_) for 1 .. 70;
my $after = sizes();
is $after->{$_}, $before->{$_}, "$_: $after->{$_}" for qw(descriptors threads);

# Less than one smallest piece of memory for each of the 7000 calls. Pages come in the allocator's steps: less
# than 600 bytes for each.
my %most = (malloc => 7000 * 32, resident => 7000 * 600);
cmp_ok $after->{$_} - $before->{$_}, '<', $most{$_}, "$_: $before->{$_}, then $after->{$_}"
    for sort keys %most;

done_testing;
