# SPDX-License-Identifier: MIT
# Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean.

use strict;
use warnings;

use Config;
use FindBin;
use JSON::PP ();
use lib "$FindBin::Bin/lib";

# Before the module: what Mobivate then has to do with threads is done.
my $has_threads;

BEGIN {
    $has_threads = $Config{useithreads} && eval { require threads }
}
use Mobivate;
use Standin qw(%facts create_account account when_requested);

my @in_words = ('The old key still works.', 'The old key is revoked.', 'The old key may be revoked');

sub check {
    my ($is_so, $why) = @_;
    die "$why\n" if !$is_so;
    return;
}

sub shown { return defined $_[0] ? $_[0] : 'undef' }

sub text_of {
    my ($rule) = @_;
    return ref $rule ? $rule->{repeat}[0] x $rule->{repeat}[1] : $rule;
}

sub options_of {
    my ($case) = @_;
    my $base_url = $case->{base_url} || 'https';
    my ($group, $member) = split /[.]/, $base_url, 2;
    $base_url
        = $group eq 'hosts'        ? "https://$facts{hosts}{$member}"
        : $group eq 'tls_faults'   ? $facts{tls_faults}{$member}
        : exists $facts{$base_url} ? $facts{$base_url}
        :                            $base_url;
    my $trusts = !exists $case->{ca_file} || $case->{ca_file};
    return (
        proxy    => q(),
        base_url => $base_url,
        ($trusts ? (ca_file => $facts{ca_file}) : ()),
        %{$case->{options} || {}}
    );
}

# {key} or {error}
sub outcome_of {
    my ($client, $username, $password) = @_;
    my $key = eval { $client->create_key($username, $password) };
    return defined $key ? {key => $key} : {error => $@};
}

sub compare {
    my ($outcome, $expected) = @_;
    my $error = $outcome->{error};
    if ($expected->{closed}) {
        check(ref $error eq 'Mobivate::Error::Closed', 'not the error of a closed client: ' . shown($error));
        return;
    }
    check(!defined $error || (ref $error && $error->isa('Mobivate::Error') && defined $error->status),
        'not an error of the library: ' . shown($error));
    my ($status, $message) = $error ? ($error->status, $error->message) : ('MBV_OK', q());
    my %found = (status => $status, key_state => $error ? $error->key_state : 'replaced');
    $found{$_}             = $error && $error->$_ || 0 for qw(http_status server_code);
    $found{server_message} = $error && defined $error->server_message ? $error->server_message : q();
    $found{retry_after_ms} = $error && defined $error->retry_after_ms ? $error->retry_after_ms : -1;
    $found{key_size}       = length shown($outcome->{key});

    for my $name (sort keys %{$expected}) {
        my $value = $expected->{$name};
        if (exists $found{$name}) {
            check($found{$name} eq $value, "$name: expected $value, found $found{$name}: $message");
        } elsif ($name eq 'message_contains') {
            check(index($message, $_) >= 0, "\"$message\" lacks \"$_\"") for ref $value ? @{$value} : $value;
        } elsif ($name eq 'message_lacks') {
            for my $text ($message, "$error", $found{server_message}) {
                check(index($text, $_) < 0, "\"$text\" contains \"$_\"") for @{$value};
            }
        } else {
            check(scalar($name =~ /^(?:requests|valid)\z/), "there is nothing to expect of \"$name\"");
        }
    }
    return;
}

sub compare_words {
    my $error = $_[0]{error} or return;
    return if $error->isa('Mobivate::Error::Closed');
    my @words = $error->status eq 'MBV_ERR_BUSY' ? ('another thread') : @in_words;
    for my $words (@words) {
        return if index($error->message, $words) >= 0;
    }
    check(0, 'the key state is not in the text: ' . $error->message);
    return;
}

sub compare_account {
    my ($username, $before, $outcome, $expected) = @_;
    my $after = account($username, $before->{requests} + ($expected->{requests} || 0));
    if (defined $expected->{requests}) {
        my $count = $after->{requests} - $before->{requests};
        check($count == $expected->{requests}, "requests: expected $expected->{requests}, found $count");
    }
    if (defined $expected->{valid}) {
        my $valid
            = $after->{valid_key} eq $before->{valid_key}                       ? 'old'
            : defined $outcome->{key} && $after->{valid_key} eq $outcome->{key} ? 'new'
            :                                                                     'lost';
        check($valid eq $expected->{valid}, "valid: expected $expected->{valid}, found $valid");
    }
    return;
}

my %actions = (
    create_key => sub {
        my ($case, $step) = @_;
        my ($username, $password)
            = map { text_of(defined $step->{$_} ? $step->{$_} : $case->{$_}) } qw(username password);
        my $before  = account($case->{username});
        my $outcome = outcome_of($case->{client}, $username, $password);
        compare($outcome, $step->{expect});
        compare_words($outcome);
        compare_account($case->{username}, $before, $outcome, $step->{expect});
    },
    create_key_then_cancel => sub {
        my ($case, $step) = @_;
        my $client = $case->{client};
        my $before = account($case->{username});
        local $SIG{USR1} = sub { $client->cancel };
        my $child   = when_requested(USR1 => $case->{username});
        my $outcome = outcome_of($client, @{$case}{qw(username password)});
        waitpid $child, 0;
        compare($outcome, $step->{expect});
        compare_words($outcome);
        compare_account($case->{username}, $before, $outcome, $step->{expect});
    },

    # A handler of a signal makes the second call.
    create_key_while_busy => sub {
        my ($case, $step) = @_;
        my $client = $case->{client};
        my @texts  = @{$case}{qw(username password)};
        my $before = account($case->{username});
        my $second;
        local $SIG{USR1} = sub { $second = outcome_of($client, @texts); $client->cancel };
        my $child = when_requested(USR1 => $case->{username});
        my $first = outcome_of($client, @texts);
        waitpid $child, 0;
        check(defined $second, 'the handler did not run');
        compare($second, $step->{expect});
        compare_words($second);
        compare_account($case->{username}, $before, $second, $step->{expect});
        compare($first, {status => 'MBV_ERR_CANCELLED'});
    },
    create_key_on_two_clients => sub {
        my ($case, $step) = @_;
        die "skip: this perl has no threads\n" if !$has_threads;
        my @names = ($case->{username}, "second-$case->{username}");
        create_account($names[1], $case->{password}, $case->{scenario});
        my @befores = map { account($_) } @names;
        my @options = options_of($case);
        my @threads = map {
            my $name = $_;
            threads->create(sub { outcome_of(Mobivate::Client->new(@options), $name, $case->{password}) })
        } @names;
        for my $index (0, 1) {
            my $outcome = $threads[$index]->join;
            compare($outcome, $step->{expect});
            compare_account($names[$index], $befores[$index], $outcome, $step->{expect});
        }
    },
    cancel   => sub { $_[0]{client}->cancel },
    uncancel => sub { $_[0]{client}->uncancel },
    close    => sub { $_[0]{client}->close },
    set      => sub {
        my ($case, $step) = @_;
        my $is_set = eval { $case->{client}->set($step->{option} => $step->{value}); 1 };
        compare($is_set ? {key => q()} : {error => $@}, $step->{expect});
    },
);

sub run {
    my ($rules) = @_;
    my %case = (%{$rules}, password => 'correct-password');
    $case{password} = text_of($rules->{password}) if exists $rules->{password};
    $case{username}
        = exists $rules->{username} ? text_of($rules->{username}) : "$case{name}-perl\@example.com";
    create_account(@case{qw(username password scenario)}) if !exists $rules->{username};
    $case{client} = Mobivate::Client->new(options_of($rules));
    for my $step (@{$rules->{steps}}) {
        my $action = $actions{$step->{do}} or die "there is no step \"$step->{do}\"\n";
        $step->{expect} ||= {};
        $action->(\%case, $step) for 1 .. $step->{repeat} || 1;
    }
    $case{client}->close;
    return;
}

binmode STDOUT, ':encoding(UTF-8)';
$| = 1;
open my $file, '<:raw', $ENV{MOBIVATE_CASES} or die "$ENV{MOBIVATE_CASES}: $!\n";
my $cases = JSON::PP->new->utf8->decode(do { local $/; <$file> })->{cases};
close $file;
my ($passed, $failed, $skipped) = (0, 0, 0);
for my $case (@{$cases}) {
    if (eval { run($case); 1 }) {
        $passed++;
        print "ok $case->{name}\n";
        next;
    }
    chomp(my $why = "$@");
    if ($why =~ s/^skip: //) {
        $skipped++;
        print "skip $case->{name}: $why\n";
    } else {
        $failed++;
        $why =~ s/\n/ /g;
        print "not ok $case->{name}: $why\n";
    }
}
print "$passed passed, $failed failed, $skipped skipped\n";
exit($failed == 0 && $passed > 0 ? 0 : 1);
