# SPDX-License-Identifier: MIT
# Runs the README's install line and examples, as they are written, in an empty home and without a network.
use strict;
use warnings;
use Cwd        ();
use File::Temp ();
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;

plan skip_all => 'tests/bindings/run_binding.py runs this' if !$ENV{MOBIVATE_STANDIN};
plan skip_all => 'cpanm not found (Debian: cpanminus)'     if system('command -v cpanm >/dev/null') != 0;
require Standin;
require Process;

my $readme   = Process::contents("$FindBin::Bin/../README.md");
my @examples = $readme =~ /```perl\n(.*?)```/sg;
my $username = 'first.last@example.com';
my %options  = Standin::over_https();
my $options  = join ', ', map { "$_ => q{$options{$_}}" } sort keys %options;
my $home     = File::Temp->newdir;
my $file     = "$home/program.pl";

# cpanm asks a mirror for what is missing: there is none here, and every prerequisite comes from Debian. It runs
# the tests, which leave themselves out without the stand-in.
my $source = $ENV{MOBIVATE_PERL_SOURCE};
%ENV = (
    PATH             => $ENV{PATH},
    MOBIVATE_LIBRARY => $ENV{MOBIVATE_LIBRARY},
    HOME             => "$home",
    http_proxy       => 'http://127.0.0.1:9',
    https_proxy      => 'http://127.0.0.1:9',
    PERL_CPANM_OPT   => "--local-lib $home/perl5",
    PERL5LIB         => "$home/perl5/lib/perl5",
);
my $here = Cwd::getcwd();
chdir "$home" or die $!;
mkdir 'project';
mkdir 'project/bindings';
system('cp', '-R', $source, 'project/bindings/perl') == 0 or die "cp failed\n";
my ($install) = $readme =~ /```sh\n(.*?)```/s;
$install =~ s{PROJECT}{$home/project} or die 'the install line has changed';
is system("($install) >install.log 2>&1"), 0, 'the install line' or diag(Process::contents('install.log'));
my $metadata = JSON::PP::decode_json(Process::contents('project/bindings/perl/MYMETA.json'));
is $metadata->{abstract}, 'Create Mobivate API keys, and know whether the old key still works', 'abstract';
is_deeply $metadata->{license}, ['mit'], 'license';
ok scalar(grep { $_ eq 'api-key' } @{$metadata->{keywords}}), 'keywords';

is Process::contents("$FindBin::Bin/../examples/create_key.pl"),
    "# SPDX-License-Identifier: MIT\n$examples[0]",
    'the example is in its file';

# What it prints on standard output and standard error, and how it ends.
sub run_example {
    my ($where, $output) = @_;
    (my $program = $examples[0]) =~ s/Client->new->/Client->new($where)->/ or die 'the example has changed';
    open my $handle, '>', $file or die $!;
    print {$handle} $program;
    close $handle;
    my $status = system "$^X $file >$output 2>errors";
    return ($output eq 'output' ? Process::contents($output) : q(), Process::contents('errors'),
        $status >> 8);
}

Standin::create_account($username, 'your-pass');
my @found = run_example($options, 'output');
is_deeply \@found, [Standin::account($username)->{valid_key} . "\n", q(), 0], 'the new key';
is Standin::account($username)->{requests}, 1, 'of one request';
is system("$^X -MMobivate -e 'exit(\$INC{q(Mobivate.pm)} !~ m{^\Q$home\E/perl5/})'"), 0,
    'it is what was installed';

my $facts   = Standin::facts();
my $nowhere = "base_url => 'https://$facts->{hosts}{refused}', proxy => ''";
my $reset   = {creates => JSON::PP::true(), cut => {after => 0, how => 'reset'}};
for (
    [2, 'timeout_ms',               "$options, timeout_ms => 0", 'your-pass'],
    [3, 'The old key still works.', $options,                    'another password'],
    [3, 'slow down',                $options, 'your-pass', {status => 429, body => {code => 429}}],
    [3, 'refused',                  $options, 'your-pass', {status => 403, body => {code => 403}}],
    [5, 'may be revoked',           $options, 'your-pass', {status => 401}],
    [5, 'may be revoked',           $options, 'your-pass', {status => 403}],
    [5, 'may be revoked',           $options, 'your-pass', {status => 429}],
    [4, 'The old key still works.', $nowhere, 'your-pass'],
    [5, 'may be revoked',           $options, 'your-pass', {status => 500}],
    [5, 'may be revoked',           $options, 'your-pass', $reset],
    )
{
    my ($code, $words, $where, $password, $scenario) = @{$_};
    Standin::create_account($username, $password, $scenario);
    my ($output, $errors, $status) = run_example($where, 'output');
    is "$output$status", $code, "exit code $code";
    like $errors, qr/\Q$words\E.* at \Q$file\E line 5[.]\n\z/, 'and why';
}
Standin::create_account($username, 'your-pass');
my (undef, $errors, $status) = run_example($options, '/dev/full');
is $status, 6, 'a key that cannot be printed';
my $key = Standin::account($username)->{valid_key};
like $errors, qr/could not be printed \(.+\): \Q$key\E\n\z/, 'is not lost';

my $start = "use strict; use Mobivate; our \$client = Mobivate::Client->new($options);\n";

# The answer is lost after the service has created a key.
Standin::create_account($username, 'your-pass', $reset);
my ($output, $ended)
    = Process::run_perl("$start my (\$username, \$password) = \@ARGV; $examples[1]", $username, 'your-pass');
is "$output$ended",              '0',                                      'the example of a rotation';
is Process::contents('api-key'), Standin::account($username)->{valid_key}, 'has the key';
is Standin::account($username)->{requests}, 1,                             'of one request';
is((stat 'api-key')[2] & oct 777, oct 600, 'which is nobody else\'s');

Standin::create_account($username, 'your-pass');
($output) = Process::run_perl("$start my (\$username, \$password) = \@ARGV; $examples[2] print \$key",
    $username, 'your-pass');
is $output, Standin::account($username)->{valid_key}, 'the example of an alarm';

open my $secret, '>', 'password.txt' or die $!;
print {$secret} 'your-pass';
close $secret;
($output) = Process::run_perl("$start $examples[3] print \$key, '|', \$password");
is $output, Standin::account($username)->{valid_key} . '|', 'the example of the secrets';
chdir $here;

done_testing;
