# SPDX-License-Identifier: MIT
# What the handlers of signals can do during a call.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes ();

plan skip_all => 'tests/bindings/run_binding.py runs this' if !$ENV{MOBIVATE_STANDIN};
require Standin;
require Process;
require Mobivate;

my $password = 'correct-password';
my $stalling = {creates => JSON::PP::true(), cut => {after => 0, how => 'stall'}};
my $number   = 0;

sub new_account {
    my ($scenario) = @_;
    my $username = 'signals-' . ++$number . '-perl@example.com';
    Standin::create_account($username, $password, $scenario);
    return $username;
}

sub new_client { return Mobivate::Client->new(Standin::over_http(), timeout_ms => 60_000, @_) }

# What the handler makes of a call that waits for its answer.
sub error_with {
    my ($client, $username, $handler) = @_;
    local $SIG{USR1} = $handler;
    my $child      = Standin::when_requested(USR1 => $username);
    my $is_created = eval { $client->create_key($username, $password); 1 };
    my $error      = $@;
    waitpid $child, 0;
    return $is_created ? undef : $error;
}

subtest 'one that dies ends the call' => sub {
    my $client   = new_client();
    my $username = new_account({sequence => [$stalling, {}]});
    is error_with($client, $username, sub { die "enough\n" }), "enough\n", 'its exception';
    is $client->key_state,                                     'unknown',  'key_state says that nobody knows';
    is $client->create_key($username, $password), Standin::account($username)->{valid_key},
        'the client goes on';
    is $client->key_state, 'replaced', 'key_state';
};

subtest 'the usual alarm' => sub {
    my $client   = new_client();
    my $username = new_account($stalling);
    my $key      = eval {
        local $SIG{ALRM} = sub { die "too slow\n" };
        Time::HiRes::alarm(0.2);
        my $created = $client->create_key($username, $password);
        alarm 0;
        $created;
    };
    is $@,                 "too slow\n", 'its exception';
    is $client->key_state, 'unknown',    'key_state';
};

subtest 'one that dies in a call that asks' => sub {
    my $stalled  = {cut => {after => 0, how => 'stall'}};
    my $client   = new_client();
    my $username = new_account({get => $stalled, test => $stalled});
    my $key      = Standin::account($username)->{valid_key};
    for my $call (sub { $client->get_key($username, $password) }, sub { $client->test_key($key) }) {
        local $SIG{ALRM} = sub { die "too slow\n" };
        Time::HiRes::alarm(0.2);
        eval { $call->() };
        is $@,                 "too slow\n", 'its exception';
        is $client->key_state, 'unchanged',  'key_state';
    }
};

subtest 'one that cancels' => sub {
    my $client   = new_client();
    my $username = new_account({sequence => [$stalling, {}]});
    my $error    = error_with($client, $username,
        sub { is $client->key_state, 'unknown', 'meanwhile'; $client->cancel });
    isa_ok $error, 'Mobivate::Error::Cancelled';
    is $error->key_state,                                  'unknown', 'key_state';
    is eval { $client->create_key($username, $password) }, undef,     'it sticks';
    isa_ok $@, 'Mobivate::Error::Cancelled';
    is $@->key_state, 'unchanged', 'key_state';

    # The call that this one ended has not taken it back, either.
    $client->uncancel;
    is $client->create_key($username, $password), Standin::account($username)->{valid_key},
        'until it is taken back';
};

subtest 'a cancelled client stays so when a handler dies' => sub {
    my $client   = new_client();
    my $username = new_account($stalling);
    is error_with($client, $username, sub { $client->cancel; die "enough\n" }), "enough\n", 'its exception';
    is eval { $client->create_key($username, $password) },                      undef,      'the next call';
    isa_ok $@, 'Mobivate::Error::Cancelled';
};

subtest 'one that calls again' => sub {
    my ($client, $username, $others) = (new_client(), new_account($stalling), new_account());
    my ($busy,   $refused,  $elsewhere);
    my $error = error_with(
        $client,
        $username,
        sub {
            eval { $client->create_key($others, $password) };
            $busy = $@;
            eval { $client->set(timeout_ms => 1) };
            $refused   = $@;
            $elsewhere = new_client()->create_key($others, $password);
            $client->cancel;
        }
    );
    for ($busy, $refused) {
        isa_ok $_, 'Mobivate::Error::Busy';
        like $_->message, qr/another thread/, 'its message';
        is $_->key_state, 'unknown', 'its key state';
    }
    is $elsewhere, Standin::account($others)->{valid_key}, 'another client is free';
    isa_ok $error, 'Mobivate::Error::Cancelled';
    is Standin::account($_)->{requests}, 1, 'one request' for $username, $others;
};

subtest 'handlers that return leave the call alone' => sub {
    my ($client, $username) = (new_client(), new_account($stalling));
    my $ticks = 0;
    local $SIG{ALRM} = sub { $client->cancel if ++$ticks == 20 };
    Time::HiRes::setitimer(Time::HiRes::ITIMER_REAL(), 0.01, 0.01);
    eval { $client->create_key($username, $password) };
    Time::HiRes::setitimer(Time::HiRes::ITIMER_REAL(), 0);
    isa_ok $@, 'Mobivate::Error::Cancelled';
    cmp_ok $ticks, '>=', 20, 'they ran all the time';
};

subtest 'what a handler does to the arguments' => sub {
    my ($client, $username) = (new_client(), new_account({delay_ms => {before_answer => 300}}));
    my ($name, $secret)     = ($username, join q(), split //, $password);
    local $SIG{USR1} = sub { Mobivate::wipe($name, $secret) };
    my $child = Standin::when_requested(USR1 => $username);
    my $key   = $client->create_key(\$name, \$secret);
    waitpid $child, 0;
    is $key,    Standin::account($username)->{valid_key}, 'created';
    is $secret, q(),                                      'the handler ran';
};

subtest 'one that closes the client' => sub {
    my ($client, $username) = (new_client(), new_account($stalling));
    my $error = error_with($client, $username, sub { $client->close });
    isa_ok $error, 'Mobivate::Error::Cancelled';
    is $error->key_state, 'unknown', 'key_state';
    ok $client->is_closed, 'closed';
};

subtest 'one that forks' => sub {
    my ($client, $username) = (new_client(), new_account($stalling));
    pipe my $read, my $write or die $!;
    my $child;
    my $error = error_with($client, $username, sub { $child = fork; $client->cancel if $child });
    if (!$child) {
        syswrite $write, join '|', ref $error, $error->key_state, $client->is_closed;
        undef $client;
        POSIX::_exit(0);
    }
    close $write;
    waitpid $child, 0;
    is $?,              0,                                   'the child has ended';
    is readline($read), 'Mobivate::Error::Closed|unknown|1', 'the call is not the child\'s';
    isa_ok $error, 'Mobivate::Error::Cancelled';
};

# In a process of its own, which the handler may end: what it prints, how it ends, and what it leaves.
sub process_with {
    my ($handler, $username) = @_;
    my $options = join ', ', map { "q{$_}" } Standin::over_http();
    my $program = <<"PERL";
        use lib '$FindBin::Bin/lib';
        use Mobivate;
        use Standin;
        our \$client = Mobivate::Client->new($options, timeout_ms => 60_000);
        sub threads { return scalar(() = glob '/proc/self/task/*') }
        my \$child = Standin::when_requested(USR1 => \$ARGV[0]);
        \$SIG{USR1} = sub { $handler };
        eval { \$client->create_key(\$ARGV[0], '$password') };
        print \$@ || "created\n", 'threads: ', threads(), "\n";
PERL
    return Process::run_perl($program, $username);
}

subtest 'the call has ended when the exception is there' => sub {
    for my $last (q(), 'undef $client; ') {
        my $username = new_account($stalling);
        my ($output, $status) = process_with("$last die qq(enough\n)", $username);
        is "$output$status",                        "enough\nthreads: 1\n0", "$last die";
        is Standin::account($username)->{requests}, 1,                       'it had begun';
        is Standin::open_connections($username, 0), 0,                       'and its connection is closed';
    }
};

subtest 'a program that exits ends its call first, and then exits as it said' => sub {
    my ($output, $status)
        = process_with('eval q(END { print qq(threads: ), threads() }); exit 3', new_account($stalling));
    is $output,      'threads: 1', 'the call has ended';
    is $status >> 8, 3,            'as it said';
};

done_testing;
