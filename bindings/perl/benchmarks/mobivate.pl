#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Creates COUNT keys, one after the other. ./programs says what is in the environment.
use strict;
use warnings;

use Mobivate;

$| = 1;

# With sysread there is no buffer in between.
sub read_password {
    my ($password) = @_;
    open my $file, '<:raw', $ENV{MOBIVATE_PASSWORD_FILE} or die "$!\n";
    sysread $file, ${$password}, -s $file or die "$!\n";
    return;
}

sub pause {
    my ($what) = @_;
    return if ( $ENV{MOBIVATE_PROGRAM_PAUSE} // q{} ) ne '1';
    print "$what\n";
    my $line = <STDIN>;
    return;
}

my $count    = shift;
my $username = $ENV{MOBIVATE_USERNAME};
my $client   = Mobivate::Client->new( base_url => $ENV{MOBIVATE_BASE_URL}, ca_file => $ENV{MOBIVATE_CA_FILE}, proxy => q{} );
read_password( \my $password );
if ( ( $ENV{MOBIVATE_PROGRAM_TEXT} // q{} ) eq '1' ) {
    for ( 1 .. $count ) {
        my $key = $client->create_key( $username, $password );
        die "no key\n" if $key eq q{};
    }
}
else {
    my $key;
    for ( 1 .. $count ) {
        $client->create_key_into( $username, \$password, \$key );
        Mobivate::Client::wipe($key);
    }
    Mobivate::Client::wipe($password);
}
print "created $count\n";
pause('kept');
$client->close;
pause('freed');
