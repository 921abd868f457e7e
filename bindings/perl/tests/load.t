# SPDX-License-Identifier: MIT
# That the library which the distribution brings along can be used here: that needs no stand-in for the service.
use strict;
use warnings;
use File::Spec ();
use Test::More;
use Mobivate;

my $beside = File::Spec->rel2abs($INC{'Mobivate/Library.pm'}) =~ s{[^/]*\z}{libmobivate.so.1}r;
plan skip_all => 'this distribution brings no libmobivate along for this platform' if !-e $beside;

delete $ENV{MOBIVATE_LIBRARY};
is Mobivate::library_version(), $Mobivate::VERSION, 'its version';
open my $maps, '<', '/proc/self/maps' or plan skip_all => "/proc/self/maps: $!";
ok scalar(grep { /\Q$beside\E$/ } <$maps>), 'it is the one beside the module';

done_testing;
