# SPDX-License-Identifier: MIT
package Mobivate;

use 5.020;
use strict;
use warnings;

our $VERSION = '1.0.0';

use Mobivate::Client;

1;

__END__

=encoding utf8

=head1 NAME

Mobivate - create API keys for Mobivate accounts

=head1 DESCRIPTION

L<Mobivate::Client> makes the call, L<Mobivate::Error> is what can come of it.

=head1 LICENSE

MIT

=cut
