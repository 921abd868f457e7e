# SPDX-License-Identifier: MIT
# Runs the README's further examples, as they are written, with what ./test has installed by its line.
use strict;
use warnings;
use Cwd ();
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
my $home     = "$ENV{MOBIVATE_SCRATCH}/home";

%ENV = (
    PATH             => $ENV{PATH},
    MOBIVATE_LIBRARY => $ENV{MOBIVATE_LIBRARY},
    PERL5LIB         => "$home/perl5/lib/perl5",
);
my $here = Cwd::getcwd();
chdir $home or die $!;
my $metadata = JSON::PP::decode_json(Process::contents('project/bindings/perl/MYMETA.json'));
is $metadata->{abstract}, 'Create Mobivate API keys, and know whether the old key still works', 'abstract';
is_deeply $metadata->{license}, ['mit'], 'license';
ok scalar(grep { $_ eq 'api-key' } @{$metadata->{keywords}}), 'keywords';

is system("$^X -MMobivate -e 'exit(\$INC{q(Mobivate.pm)} !~ m{^\Q$home\E/perl5/})'"), 0,
    'it is what was installed';

my $start = "use strict; use Mobivate; our \$client = Mobivate::Client->new($options);\n";

# The answer is lost after the service has created a key.
Standin::create_account($username, 'your-pass',
    {creates => JSON::PP::true(), cut => {after => 0, how => 'reset'}});
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
