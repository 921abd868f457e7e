#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Runs the cases that every language's binding passes: tests/conformance/README.md says what they mean.
use strict;
use warnings;
use utf8;

use FindBin;
use lib $FindBin::Bin;
use POSIX ();

use Mobivate;
use Standin;

binmode STDOUT, ':encoding(UTF-8)';

# A handler that runs at once, during a call too: that is how a call is cancelled.
sub on_signal {
    my ($handler) = @_;
    POSIX::sigaction( POSIX::SIGUSR1(), POSIX::SigAction->new($handler) ) or die "sigaction: $!\n";
    return;
}

sub text {
    my ( $rule, $otherwise ) = @_;
    return $otherwise if !defined $rule;
    return ref $rule ? $rule->{repeat}[0] x $rule->{repeat}[1] : $rule;
}

sub client_for {
    my ($one) = @_;
    my $url = $one->{base_url} // 'https';
    my ( $group, $member ) = split /[.]/, $url, 2;
    $url = $Standin::FACTS->{$group}                  if $group eq 'https' || $group eq 'http';
    $url = "https://$Standin::FACTS->{hosts}{$member}" if $group eq 'hosts';
    $url = $Standin::FACTS->{tls_faults}{$member}     if $group eq 'tls_faults';
    my $trusted = !exists $one->{ca_file} || $one->{ca_file};
    my $client  = Standin::client( base_url => $url, ca_file => $trusted ? $Standin::FACTS->{ca_file} : undef );
    my $options = $one->{options} // {};
    $client->set( $_ => $options->{$_} ) for sort keys %{$options};
    return $client;
}

sub outcome_of {
    my ($call) = @_;
    my $key = eval { $call->() };
    return { key => $key } if !$@;
    return { error => $@ } if ref $@;
    return { closed => 1 } if $@ =~ /^The client is closed/;
    die $@;
}

sub must {
    my ( $holds, $what ) = @_;
    die "$what\n" if !$holds;
    return;
}

sub compare {
    my ( $outcome, $expected ) = @_;
    if ( $expected->{closed} ) { return must( $outcome->{closed}, 'not the error of a closed client' ) }
    must( !$outcome->{closed}, 'the client is closed' );
    my $error   = $outcome->{error};
    my $message = $error ? "$error" : q{};
    must( !$error || $error->isa('Mobivate::Error'), "not an error of the library: $message" );
    my %found = (
        status         => $error ? $error->status : 'MBV_OK',
        key_state      => $error ? $error->key_state : 'replaced',
        http_status    => $error && $error->http_status || 0,
        server_code    => $error && $error->server_code || 0,
        server_message => $error ? $error->server_message : q{},
        retry_after_ms => $error && defined $error->retry_after ? $error->retry_after * 1000 : -1,
        key_size       => length( $outcome->{key} // q{} ),
    );
    for my $name ( sort keys %{$expected} ) {
        my $value = $expected->{$name};
        my @texts = ref $value eq 'ARRAY' ? @{$value} : ($value);
        next if $name eq 'requests' || $name eq 'valid';
        if ( $name eq 'message_contains' ) {
            must( index( $message, $_ ) >= 0, "$message lacks $_" ) for @texts;
        }
        elsif ( $name eq 'message_lacks' ) {
            must( index( $message . $found{server_message}, $_ ) < 0, "$message has $_" ) for @texts;
        }
        else {
            must( exists $found{$name}, "there is nothing to expect of $name" );
            must( $found{$name} eq $value, "$name is $found{$name} and not $value: $message" );
        }
    }
    return;
}

sub compare_words {
    my ($outcome) = @_;
    my $error = $outcome->{error} // return;
    my $words = $error->status eq 'MBV_ERR_BUSY' ? qr/another thread/ : qr/The old key still works[.]|The old key is revoked[.]|The old key may be revoked/;
    return must( "$error" =~ $words, "the key state is not in the text: $error" );
}

sub compare_all {
    my ( $username, $before, $outcome, $expected ) = @_;
    compare( $outcome, $expected );
    compare_words($outcome);
    my $requests = $expected->{requests};
    my $after    = Standin::account( $username, $before->{requests} + ( $requests // 0 ) );
    must( !defined $requests || $after->{requests} - $before->{requests} == $requests, 'requests' );
    return if !defined $expected->{valid};
    my $key   = $outcome->{key} // q{};
    my $valid = $after->{valid_key} eq $before->{valid_key} ? 'old' : $after->{valid_key} eq $key ? 'new' : 'lost';
    return must( $valid eq $expected->{valid}, "the valid key is the $valid one" );
}

sub run {
    my ($one) = @_;
    my $username = text( $one->{username}, "$one->{name}-perl\@example.com" );
    my $password = text( $one->{password}, $Standin::PASSWORD );
    Standin::create( $username, $password, $one->{scenario} ) if !defined $one->{username};
    my $client = client_for($one);
    my %do     = (
        create_key => sub {
            my ( $step, $expected, $before ) = @_;
            my $outcome = outcome_of(
                sub { $client->create_key( text( $step->{username}, $username ), text( $step->{password}, $password ) ) } );
            compare_all( $username, $before, $outcome, $expected );
        },
        create_key_then_cancel => sub {
            my ( undef, $expected, $before ) = @_;
            on_signal( sub { $client->cancel } );
            my $child   = Standin::signal_when_requested( USR1 => $username, $before->{requests} + 1 );
            my $outcome = outcome_of( sub { $client->create_key( $username, $password ) } );
            waitpid $child, 0;
            compare_all( $username, $before, $outcome, $expected );
        },
        create_key_while_busy => sub {
            my ( undef, $expected, $before ) = @_;
            my $second;
            on_signal(
                sub {
                    $second = outcome_of( sub { $client->create_key( $username, $password ) } );
                    $client->cancel;
                }
            );
            my $child = Standin::signal_when_requested( USR1 => $username, $before->{requests} + 1 );
            my $first = outcome_of( sub { $client->create_key( $username, $password ) } );
            waitpid $child, 0;
            compare_all( $username, $before, $second, $expected );
            compare( $first, { status => 'MBV_ERR_CANCELLED' } );
        },
        create_key_on_two_clients => sub {
            my ( undef, $expected, $before ) = @_;
            # Perl has one thread: the other client is in a call in another process.
            my $other = "second-$username";
            my $earlier = Standin::create( $other, $password, $one->{scenario} );
            pipe my $reader, my $writer or die "pipe: $!\n";
            my $child = fork // die "fork: $!\n";
            if ( !$child ) {
                my $outcome = eval { { key => client_for($one)->create_key( $other, $password ) } } // { why => "$@" };
                print {$writer} $Standin::JSON->encode($outcome);
                close $writer;
                POSIX::_exit(0);
            }
            close $writer;
            compare_all( $username, $before, outcome_of( sub { $client->create_key( $username, $password ) } ), $expected );
            my $said = $Standin::JSON->decode( do { local $/; <$reader> } );
            waitpid $child, 0;
            must( defined $said->{key}, $said->{why} // 'no key' );
            compare_all( $other, $earlier, $said, $expected );
        },
        cancel   => sub { $client->cancel },
        uncancel => sub { $client->uncancel },
        set      => sub {
            my ( $step, $expected ) = @_;
            compare( outcome_of( sub { $client->set( $step->{option} => $step->{value} ); undef } ), $expected );
        },
        close => sub { $client->close },
    );
    for my $step ( @{ $one->{steps} } ) {
        my $action = $do{ $step->{do} } // die "there is no step $step->{do}\n";
        for ( 1 .. $step->{repeat} // 1 ) {
            my $before = defined $one->{username} ? { requests => 0, valid_key => q{} } : Standin::account($username);
            $action->( $step, $step->{expect} // {}, $before );
        }
    }
    return;
}

open my $file, '<:raw', $ENV{MOBIVATE_CASES} or die "$ENV{MOBIVATE_CASES}: $!\n";
my $cases = $Standin::JSON->decode( do { local $/; <$file> } )->{cases};
my ( $passed, $failed ) = ( 0, 0 );
for my $one ( @{$cases} ) {
    if ( eval { run($one); 1 } ) {
        $passed++;
        print "ok $one->{name}\n";
    }
    else {
        $failed++;
        print "not ok $one->{name}: ", $@ =~ s/\s+/ /gr, "\n";
    }
}
print "$passed passed, $failed failed, 0 skipped\n";
exit( $failed || !$passed ? 1 : 0 );
