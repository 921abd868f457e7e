# SPDX-License-Identifier: MIT
package Mobivate;

use strict;
use warnings;

our $VERSION = '1.1.0';

use Mobivate::Client;
use Mobivate::Error;

# In place: the elements of @_ are the caller's own scalars.
sub wipe {    ## no critic (RequireArgUnpacking)
    for my $text (@_) {
        next                if !defined $text;
        utf8::encode($text) if utf8::is_utf8($text);    # the bytes that it has already
        substr $text, 0, length $text, "\0" x length $text;
        $text = q();
    }
    return;
}

sub library_version {
    Mobivate::Library::ensure_loaded();
    return Mobivate::Library::version();
}

1;

__END__

=encoding UTF-8

=head1 NAME

Mobivate - create Mobivate API keys, and know whether the old key still works

=head1 SYNOPSIS

    use Mobivate;

    my $client = Mobivate::Client->new(timeout_ms => 10_000);
    my $key    = $client->create_key('first.last@example.com', 'your-pass');

=head1 DESCRIPTION

Creating a key revokes the one that the account had. So every call that fails throws a L<Mobivate::Error>,
which says whether the old key still works. L<Mobivate::Client> makes the calls, with the C library
libmobivate.

=head1 FUNCTIONS

=head2 wipe

    Mobivate::wipe($password, $key);

Overwrites the bytes of scalars in place, and empties the scalars. Copies are not wiped, nor are scalars that
share the memory, as C<$copy = $password> may, nor a literal in the program.

=head2 library_version

The version of libmobivate that is loaded, such as C<1.1.0>.

=head1 ENVIRONMENT

C<MOBIVATE_LIBRARY> names the file of libmobivate. Else it is F<libmobivate.so.1> beside F<Mobivate/Library.pm>, or else
the one that the dynamic loader finds.

=head1 LICENSE

MIT.

=cut
