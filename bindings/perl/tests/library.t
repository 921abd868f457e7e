# SPDX-License-Identifier: MIT
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use File::Temp ();
use Test::More;

use Mobivate;
use Standin;

my $header = $Standin::JSON->decode( do { local ( @ARGV, $/ ) = $ENV{MOBIVATE_HEADER}; <> } );

subtest 'declarations' => sub {
    my %type = (
        'mbv_client *' => 'opaque', 'const mbv_client *' => 'opaque', 'char *' => 'opaque', 'const char *' => 'text',
        'size_t'       => 'size_t', 'size_t *'           => 'size_t*', 'int32_t' => 'sint32', 'int64_t' => 'sint64', 'void' => 'void',
    );
    # A text is passed as a string, or by its address.
    my $as = sub { $_[0] =~ /^(?:string|opaque)$/ && $_[1] eq 'text' ? 'text' : $_[0] };
    for my $name ( sort keys %Mobivate::Client::DECLARATIONS ) {
        my ( $result, $parameters ) = @{ $Mobivate::Client::DECLARATIONS{$name} };
        my $declared = $header->{functions}{$name};
        my @wanted   = map { $type{$_} } $declared->{returns}, @{ $declared->{parameters} };
        my @own      = ( $result, @{$parameters} );
        is_deeply [ map { $as->( $own[$_], $wanted[$_] ) } 0 .. $#own ], \@wanted, $name;
    }
    my %own = map { $Mobivate::Error::STATUS{$_}[0] => $_ } keys %Mobivate::Error::STATUS;
    my %wanted = %{ $header->{status} };
    delete @wanted{qw(MBV_OK MBV_ERR_BUFFER_TOO_SMALL)};    # never seen
    is_deeply \%own, \%wanted, 'statuses';
    is_deeply $header->{key_states}, { MBV_KEY_UNCHANGED => 0, MBV_KEY_REPLACED => 1, MBV_KEY_UNKNOWN => 2 }, 'key states';
};

sub said {
    my ($library) = @_;
    local $ENV{MOBIVATE_LIBRARY} = $library;
    my $text = qx{"$^X" -MMobivate -e 'Mobivate::Client->new' 2>&1};
    chomp $text;
    return $text;
}

subtest 'libraries that cannot be used' => sub {
    like said('/nowhere.so'), qr{^/nowhere[.]so, which MOBIVATE_LIBRARY names, could not be loaded \(.*cannot open.*\); install libmobivate 1[.]x}, 'missing';
    like said('libm.so.6'), qr{is not libmobivate 1[.]x \(it has no mbv_}, 'another one';
    my $folder = File::Temp->newdir;
    for my $version ( [ '0.9.0', 900 ], [ '2.0.0', 20_000 ] ) {
        open my $source, '>', "$folder/stub.c" or die "$!\n";
        print {$source} "int $_(void) { return 0; }\n" for grep { !/version/ } sort keys %Mobivate::Client::DECLARATIONS;
        print {$source} "int mbv_version_number(void) { return $version->[1]; }\nconst char *mbv_version(void) { return \"$version->[0]\"; }\n";
        close $source or die "$!\n";
        my $library = "$folder/libmobivate-$version->[1].so";
        plan skip_all => 'there is no C compiler' if system "cc -shared -fPIC -o '$library' '$folder/stub.c'";
        like said($library), qr{has version \Q$version->[0]\E, and 1[.]0[.]0 or newer, and below 2, is needed; install libmobivate 1[.]x}, $version->[0];
    }
};

subtest q{the README's example} => sub {
    my $text = do { local ( @ARGV, $/ ) = "$FindBin::Bin/../README.md"; <> };
    my ($code) = $text =~ /^```perl\n(.*?)^```/ms;
    my $example = do { local ( @ARGV, $/ ) = "$FindBin::Bin/../examples/create_key.pl"; <> };
    like $example, qr/\Q$code\E\z/, 'is the one of examples/';
    Standin::create( 'first.last@example.com', 'your-pass' );
    my $told = "base_url => '$Standin::FACTS->{https}', ca_file => '$Standin::FACTS->{ca_file}', proxy => ''";
    for my $case ( [ 'your-pass', qr/^([0-9a-f-]{36})\n\z/ ], [ 'wrong-pass', qr/The old key still works[.]/ ] ) {
        ( my $program = $code ) =~ s/Client->new;/Client->new( $told );/ or die "no client in the example\n";
        $program =~ s/your-pass/$case->[0]/;
        my $file = File::Temp->new;
        print {$file} $program;
        $file->flush;
        like qx{"$^X" "$file" 2>&1}, $case->[1], $case->[0];
    }
};

done_testing;
