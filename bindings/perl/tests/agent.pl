# SPDX-License-Identifier: MIT
# The agent of the conformance cases: tests/bindings/README.md says what it is told. A call blocks but for the
# handlers of signals, so the commands that come during one are read in a handler: of SIGIO, for standard input.
use strict;
use warnings;
use Fcntl qw(F_GETFL F_SETFL F_SETOWN O_ASYNC);
use POSIX ();
use Mobivate;

my (%clients, %outcomes, %awaited, @kept);
my $input = q();

sub text { return $_[0] eq '-' ? q() : pack 'H*', $_[0] }

sub field {
    my ($text) = @_;
    return '-'          if !defined $text || !length $text;
    utf8::encode($text) if utf8::is_utf8($text);
    return unpack 'H*', $text;
}

# Of a call with a client, or of something else.
sub outcome (&;$) {
    my ($call, $client) = @_;
    my $key   = eval { $call->() };
    my $error = $@;
    return join q( ), 'MBV_OK', $client ? $client->key_state : 'unchanged', '0 0 - -1 -', field($key)
        if !ref $error && !length $error;
    return 'error ' . field($error) if !ref $error;
    return 'closed'                 if $error->isa('Mobivate::Error::Closed');
    my ($status, $state, $http, $code, $retry_after_ms)
        = map { $error->$_ } qw(status key_state http_status server_code retry_after_ms);
    return 'error ' . field($error->message) if !defined $status;    # there is no library
    return join q( ), $status, $state, $http || 0, $code || 0, field($error->server_message),
        defined $retry_after_ms ? $retry_after_ms : -1, field($error->message), '-';
}

# Creates, gets or tests a key, without a copy of the secret.
sub call {
    my ($kind,   $client, @fields)     = @_;
    my ($method, @texts,  $is_refused) = ("${kind}_key", map { my $text = text($_); \$text } @fields);
    my $outcome = outcome {
        my $answer = $client->$method(@texts);
        $is_refused = !$answer;
        $kind eq 'test' ? q() : $answer
    }
    $client;
    $outcome =~ s/^MBV_OK (\w+) 0/MBV_ERR_CREDENTIALS $1 401/ if $is_refused;
    return $outcome;
}

# Commands are answered while the call goes on; another call may begin in one of these handlers.
sub start {
    my ($number, @fields) = @_;
    local $SIG{IO} = \&answer_what_came;
    POSIX::sigprocmask(POSIX::SIG_SETMASK(), POSIX::SigSet->new);    # a handler's own signal is blocked
    answer('ok');
    my $outcome = call('create', $clients{$number}, @fields);
    if (delete $awaited{$number}) {
        answer($outcome);
    } else {
        $outcomes{$number} = $outcome;
    }
    return;
}

sub repeat {
    my ($client, $count, $kind, $in, $username, $path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    defined sysread $file, my $secret, 65_537 or die "$path: $!\n";
    close $file;
    my ($call, $call_into) = ("${kind}_key", "${kind}_key_into");
    my $given = $in eq 'text' ? push(@kept, $secret) && $kept[-1] : \$secret;
    for (1 .. $count) {
        if ($kind eq 'test') {
            $client->test_key($given) or die "the key is refused\n";
        } elsif ($in eq 'text') {
            push @kept, $client->$call($username, $given);
        } else {
            $client->$call_into(\my $key, $username, $given);
            Mobivate::wipe($key);
        }
    }
    Mobivate::wipe($secret);
    return;
}

sub obey {
    my ($command, $number, @fields) = @_;
    my $client = defined $number ? $clients{$number} : undef;
    return answer('ok') && exit 0                 if $command eq 'quit';
    return answer(field(sprintf 'Perl %vd', $^V)) if $command eq 'runtime';
    return answer(
        outcome {
            $client->set(map { text($_) } @fields);
            q()
        }
    ) if $command eq 'set';
    return answer(call($command, $client, @fields)) if $command =~ /^(?:create|get|test)\z/;
    return start($number, @fields)                  if $command eq 'start';
    if ($command eq 'new') {
        return answer(
            outcome {
                $clients{$number} = Mobivate::Client->new(map { text($_) } @fields);
                q()
            }
        );
    }
    if ($command eq 'wait') {
        return answer(delete $outcomes{$number}) if exists $outcomes{$number};
        return $awaited{$number} = 1;
    }
    if ($command eq 'repeat') {
        repeat($client, @fields[0 .. 2], map { text($_) } @fields[3, 4]);
    } elsif ($command =~ /^(?:cancel|uncancel|close)\z/) {
        $client->$command;
    } else {
        die "There is no command $command.\n";
    }
    return answer('ok');
}

sub answer { return syswrite STDOUT, "$_[0]\n" }

sub obey_lines {
    while ($input =~ s/\A(.*)\n//) {
        my @words = split / /, $1;
        eval { obey(@words); 1 } or answer('error ' . field("$@"));
    }
    return;
}

# Without waiting for more.
sub answer_what_came {
    my $is_there = q();
    vec($is_there, fileno STDIN, 1) = 1;
    while (select(my $ready = $is_there, undef, undef, 0) > 0) {
        sysread STDIN, $input, 65_536, length $input or last;
        obey_lines();
    }
    return;
}

$SIG{IO} = 'IGNORE';
fcntl STDIN, F_SETOWN, 0 + $$ or die "F_SETOWN: $!\n";
fcntl STDIN, F_SETFL, O_ASYNC | fcntl STDIN, F_GETFL, 0 or die "F_SETFL: $!\n";
obey_lines() while sysread STDIN, $input, 65_536, length $input;
