# SPDX-License-Identifier: MIT
# Creates COUNT keys, one after the other: perl mobivate.pl COUNT. ./programs says what is in the environment.
use strict;
use warnings;
use Mobivate;

my ($count) = @ARGV;
my ($username, $text) = @ENV{qw(MOBIVATE_USERNAME MOBIVATE_PROGRAM_TEXT)};
my $is_text = defined $text && $text eq '1';
$| = 1;

sub pause_at {
    my ($what) = @_;
    return if ($ENV{MOBIVATE_PROGRAM_PAUSE} || 0) ne '1';
    print "$what\n";
    return scalar readline STDIN;
}

open my $file, '<:raw', $ENV{MOBIVATE_PASSWORD_FILE} or die "$ENV{MOBIVATE_PASSWORD_FILE}: $!\n";
my $password = $is_text ? do { local $/; readline $file } : q();
if (!$is_text) {

    # 65537: the library refuses what is too long.
    defined sysread $file, $password, 65_537 or die "$ENV{MOBIVATE_PASSWORD_FILE}: $!\n";
}
close $file;
utf8::decode($password) if $is_text;

my $client = Mobivate::Client->new(
    base_url => $ENV{MOBIVATE_BASE_URL},
    ca_file  => $ENV{MOBIVATE_CA_FILE},
    proxy    => q(),
);
my $key;
for (1 .. $count) {
    if ($is_text) {
        $key = $client->create_key($username, $password);
    } else {
        $client->create_key_into(\$key, $username, \$password);
        Mobivate::wipe($key);
    }
}
Mobivate::wipe($password) if !$is_text;
print "created $count\n";
pause_at('kept');
$client->close;
pause_at('freed');
