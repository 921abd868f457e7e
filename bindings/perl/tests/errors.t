# SPDX-License-Identifier: MIT
# The ways that an error travels: none makes an old key look as if it still worked.
use strict;
use warnings;
use utf8;
use Config;
use FindBin;
use lib "$FindBin::Bin/lib";

BEGIN {
    eval { require threads } if $Config{useithreads};
}
use JSON::PP ();
use Storable ();
use Test::More;

plan skip_all => 'tests/bindings/run_binding.py runs this' if !$ENV{MOBIVATE_STANDIN};
require POSIX;
require Data::Dumper;
require Standin;
require Mobivate;

my @fields   = qw(message status key_state http_status server_code server_message retry_after_ms file line);
my $username = 'errors-perl@example.com';
my $scenario
    = {status => 503, headers => [['Retry-After', '9']], body => {code => 7, message => 'später'}};
Standin::create_account($username, 'correct-password', $scenario);

sub error_of {
    my ($code) = @_;
    return eval { $code->(); 1 } ? undef : $@;
}

sub facts {
    return [ref $_[0], map { $_[0]->$_ } @fields];
}

my $unknown
    = error_of(sub { Mobivate::Client->new(Standin::over_http())->create_key($username, 'correct-password') }
    );
is_deeply [@{facts($unknown)}[0, 2 .. 7]],
    ['Mobivate::Error::Server', 'MBV_ERR_SERVER', 'unknown', 503, 7, 'später', 9000], 'an error';

# With a state that its class does not imply.
my $unchanged
    = error_of(sub { Mobivate::Error::Timeout->throw(message => 'kept', key_state => 'unchanged') });

# As forking servers do it.
sub from_a_fork {
    my ($error) = @_;
    pipe my $read, my $write or die $!;
    my $child = fork;
    die "fork: $!\n" if !defined $child;
    if (!$child) {
        eval { die $error };
        Storable::store_fd($@, $write);
        close $write;
        POSIX::_exit(0);
    }
    close $write;
    my $copy = Storable::fd_retrieve($read);
    waitpid $child, 0;
    return $copy;
}

sub from_json {
    my ($error) = @_;
    my $json    = JSON::PP->new->convert_blessed;
    my %fields  = %{$json->decode($json->encode({error => $error}))->{error}};
    my $class   = delete $fields{class};
    return bless \%fields, $class;
}

sub from_dumper {
    my ($error) = @_;
    return eval Data::Dumper->new([$error])->Terse(1)->Useqq(1)->Dump;
}

for my $error ($unknown, $unchanged) {
    is_deeply facts(Storable::thaw(Storable::freeze($error))), facts($error), 'Storable';
    is_deeply facts(Storable::dclone($error)),                 facts($error), 'dclone';
    is_deeply facts(from_a_fork($error)),                      facts($error), 'another process';
    is_deeply facts(from_json($error)),                        facts($error), 'JSON';
    is_deeply facts(from_dumper($error)),                      facts($error), 'Data::Dumper';
    is_deeply facts(error_of(sub { die $error })),             facts($error), 'dying again';
    is_deeply facts(
        error_of(
            sub {
                eval { die $error };
                die;
            }
        )
        ),
        facts($error), 'dying without a word';
SKIP: {
        skip 'this perl has no threads', 1 if !$Config{useithreads};
        my ($copy) = threads->create(
            {context => 'list'},
            sub {
                error_of(sub { die $error });
            }
        )->join;
        is_deeply facts($copy), facts($error), 'another thread';
    }
}
my $wrapped = error_of(sub { die "The rotation failed: $unknown" });
like $wrapped, qr/The old key may be revoked/, 'the words are in what wraps it as a string';

# include/mobivate.h: of these, each call has left the old key as it was.
my %implies = map  { $_ => 1 } qw(InvalidArgument Resolve Connect TLS Library);
my @classes = grep { s/::\z// } sort keys %Mobivate::Error::;
cmp_ok scalar @classes, '>=', 18, 'all classes';
for my $name (@classes) {
    my $class    = "Mobivate::Error::$name";
    my $expected = $implies{$name} ? 'unchanged' : 'unknown';
    is error_of(sub { $class->throw(message => 'lost') })->key_state, $expected,  "$name, thrown";
    is from_json(bless {}, $class)->key_state,                        $expected,  "$name, as JSON";
    is Storable::dclone(bless {}, $class)->key_state,                 $expected,  "$name, as Storable";
    is bless({key_state => 'replaced'}, $class)->key_state,           'replaced', "$name, told";
    my $warned = q();
    local $SIG{__WARN__} = sub { $warned .= $_[0] };
    is bless({}, $class) . $warned, "? at ? line ?.\n", "$name, as a string";
}
is error_of(sub { Mobivate::Error->throw(message => 'lost') })->key_state, 'unknown', 'the base class';

done_testing;
