# SPDX-License-Identifier: MIT
# Runs what the README shows, as it is written, but for the options that reach the stand-in.
use strict;
use warnings;
use Cwd        ();
use File::Temp ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

plan skip_all => 'tests/bindings/run_binding.py runs this' if !$ENV{MOBIVATE_STANDIN};
require Standin;
require Process;

my @examples = Process::contents("$FindBin::Bin/../README.md") =~ /```perl\n(.*?)```/sg;
my $username = 'first.last@example.com';
my %options  = Standin::over_https();
my $options  = join ', ', map { "$_ => q{$options{$_}}" } sort keys %options;

is Process::contents("$FindBin::Bin/../examples/create_key.pl"),
    "# SPDX-License-Identifier: MIT\n$examples[0]",
    'the example is in its file';
(my $program = $examples[0]) =~ s/Client->new;/Client->new($options);/ or die 'the example has changed';

Standin::create_account($username, 'your-pass');
my ($output, $status) = Process::run_perl($program);
is $output,                                 Standin::account($username)->{valid_key} . "\n", 'the new key';
is $status,                                 0,                                               'and a success';
is Standin::account($username)->{requests}, 1,                                               'of one request';

Standin::create_account($username, 'another password');
($output, $status) = Process::run_perl($program);
is $output,
    'The server refused the user name or password (HTTP 401): Invalid Credentials. The old key still works.'
    . " at -e line 6.\n", 'what became of the old key';
is $status >> 8, 1, 'and a failure';
Standin::create_account($username, 'your-pass', {status => 500, creates => JSON::PP::true()});
($output, $status) = Process::run_perl($program);
like $output, qr/The old key may be revoked.*\nRun this again[.]\n\z/, 'what to do';

my $start = "use strict; use Mobivate; our \$client = Mobivate::Client->new($options);\n";
Standin::create_account($username, 'your-pass');
($output) = Process::run_perl("$start my (\$username, \$password) = \@ARGV; $examples[1] print \$key",
    $username, 'your-pass');
is $output, Standin::account($username)->{valid_key}, 'the example of an alarm';

my $folder = File::Temp->newdir;
open my $file, '>', "$folder/password.txt" or die $!;
print {$file} 'your-pass';
close $file;
my $here = Cwd::getcwd();
chdir "$folder";
($output) = Process::run_perl("$start $examples[2] print \$key, '|', \$password");
chdir $here;
is $output, Standin::account($username)->{valid_key} . '|', 'the example of the secrets';

done_testing;
