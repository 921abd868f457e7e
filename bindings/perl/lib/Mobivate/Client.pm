# SPDX-License-Identifier: MIT
package Mobivate::Client;

use 5.020;
use strict;
use warnings;
use utf8;

use Carp ();
use FFI::Platypus 1.00;
use Scalar::Util ();

use Mobivate::Error;

our $VERSION = '1.0.0';

# The longest key, and the NUL that the library writes behind it.
use constant KEY_CAPACITY => 4096 + 1;
use constant BUSY => q{The client is in a call on another thread. What becomes of the old key is that call's to tell.};

# Result and parameters of the functions that are used here, as Platypus names types. A text goes by its address:
# Perl's strings have their size beside them.
our %DECLARATIONS = (
    mbv_new            => [ 'opaque', [] ],
    mbv_free           => [ 'void', ['opaque'] ],
    mbv_set            => [ 'sint32', [ 'opaque', 'string', 'string' ] ],
    mbv_create_key     => [ 'sint32', [ 'opaque', 'opaque', 'size_t', 'opaque', 'size_t', 'opaque', 'size_t', 'size_t*' ] ],
    mbv_error_message  => [ 'size_t', [ 'opaque', 'opaque', 'size_t' ] ],
    mbv_key_state      => [ 'sint32', ['opaque'] ],
    mbv_http_status    => [ 'sint32', ['opaque'] ],
    mbv_server_code    => [ 'sint32', ['opaque'] ],
    mbv_server_message => [ 'size_t', [ 'opaque', 'opaque', 'size_t' ] ],
    mbv_retry_after_ms => [ 'sint64', ['opaque'] ],
    mbv_cancel         => [ 'void', ['opaque'] ],
    mbv_uncancel       => [ 'void', ['opaque'] ],
    mbv_status_name    => [ 'string', ['sint32'] ],
    mbv_version        => [ 'string', [] ],
    mbv_version_number => [ 'sint32', [] ],
);

my %OPTIONS = (
    base_url        => 'base_url',
    timeout         => 'timeout_ms',
    connect_timeout => 'connect_timeout_ms',
    ca_file         => 'ca_file',
    ca_dir          => 'ca_dir',
    proxy           => 'proxy',
    user_agent      => 'user_agent',
);

my $library;

# The functions of the library, loaded by the first client.
sub _library {
    return $library if $library;
    my $named   = $ENV{MOBIVATE_LIBRARY} // q{};
    my $path    = length $named ? $named : 'libmobivate.so.1';
    my $where   = length $named ? "$path, which MOBIVATE_LIBRARY names," : "$path, on the dynamic loader's search path,";
    my $install = 'install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY.';
    my ($why)   = _load_error($path);
    Carp::croak("$where could not be loaded ($why); $install") if defined $why;
    my $ffi = FFI::Platypus->new( api => 1, lib => $path );
    my %function;
    for my $name ( sort keys %DECLARATIONS ) {
        my ( $result, $parameters ) = @{ $DECLARATIONS{$name} };
        Carp::croak("$where is not libmobivate 1.x (it has no $name); $install") if !defined $ffi->find_symbol($name);
        $function{$name} = $ffi->function( $name => $parameters => $result );
    }
    my $number = $function{mbv_version_number}->call;
    if ( $number < 10_000 || $number >= 20_000 ) {
        my $version = $function{mbv_version}->call;
        Carp::croak("$where has version $version, and 1.0.0 or newer, and below 2, is needed; $install");
    }
    return $library = { ffi => $ffi, %function };
}

# Platypus itself only warns.
sub _load_error {
    my ($path) = @_;
    require DynaLoader;
    return if DynaLoader::dl_load_file( $path, 0 );
    return DynaLoader::dl_error() =~ s/\s+at \S+ line \d+.*//sr;
}

sub new {
    my ( $class, %options ) = @_;
    my $functions = _library();
    my $handle    = $functions->{mbv_new}->call // Carp::croak('There was no memory for a client.');
    my $self      = bless { handle => $handle, library => $functions, process => $$, busy => 0 }, $class;
    for my $name ( sort keys %options ) {
        my $option = $OPTIONS{$name} // Carp::croak(qq{There is no option "$name"; there are } . join ', ', sort keys %OPTIONS );
        next if !defined $options{$name};
        my $value = $options{$name};
        # Rounded up: a short time is not none at all.
        $value = _milliseconds($value) if $option =~ /_ms\z/;
        $self->set( $option => $value );
    }
    return $self;
}

sub _milliseconds {
    my ($seconds) = @_;
    return $seconds if !Scalar::Util::looks_like_number($seconds);
    my $milliseconds = $seconds * 1000;
    return $milliseconds == int $milliseconds ? $milliseconds : int( $milliseconds + 1 );
}

sub library_version { return _library()->{mbv_version}->call }

sub set {
    my ( $self, $option, $value ) = @_;
    my $handle = $self->_idle;
    my ( $name, $text ) = map { my $copy = $_ // q{}; utf8::encode($copy); $copy } $option, $value;
    Carp::croak("The option $option contains a NUL") if "$name$text" =~ /\0/;
    my $status = $self->{library}{mbv_set}->call( $handle, $name, $text );
    return $self if $status == 0;
    die Mobivate::Error->_new( status => $status, message => $self->_text('mbv_error_message') );
}

sub create_key {
    my ( $self, $username, $password ) = @_;
    my $key = q{};
    $self->create_key_into( $username, $password, \$key );
    return $key;
}

sub create_key_into {
    my ( $self, $username, $password, $key ) = @_;
    Carp::croak('create_key_into takes a reference to a scalar for the key') if ref $key ne 'SCALAR';
    my $handle    = $self->_idle;
    my $functions = $self->{library};
    # Their memory, and not copies of it, where they are bytes or ASCII already.
    my $name   = _bytes( ref $username ? $username : \$username );
    my $secret = _bytes( ref $password ? $password : \$password );
    _make_room( $key, KEY_CAPACITY );
    my $size = 0;
    local $self->{busy} = 1;
    my $status = eval {
        $functions->{mbv_create_key}->call(
            $handle, _address( $name->{bytes} ), length ${ $name->{bytes} }, _address( $secret->{bytes} ),
            length ${ $secret->{bytes} }, _address($key), KEY_CAPACITY, \$size
        );
    };
    my $died = $@;
    wipe( ${ $secret->{bytes} } ) if $secret->{own};
    if ( !defined $status ) {
        # What a signal's handler has thrown, once the call had ended.
        wipe( ${$key} );
        die $died;
    }
    if ( $status == 0 ) {
        # The key stays where it is; only what lies behind it goes.
        substr ${$key}, $size, length( ${$key} ) - $size, q{};
        return $self;
    }
    ${$key} = q{};
    die $self->_failure($status);
}

sub _bytes {
    my ($text) = @_;
    Carp::croak('A user name or password is not defined') if !defined ${$text};
    return { bytes => $text } if !utf8::is_utf8( ${$text} );
    my $copy = ${$text};
    utf8::encode($copy);
    return { bytes => \$copy, own => 1 };
}

# Zeros in memory of the scalar's own: a string that was assigned may share its memory with others.
sub _make_room {
    my ( $text, $size ) = @_;
    ${$text} = q{};
    vec( ${$text}, $size - 1, 8 ) = 0;
    return;
}

# Where a scalar's bytes are. It must live, and not change, as long as that is used.
sub _address {
    my ($text) = @_;
    return unpack 'J', pack 'P', ${$text};
}

sub wipe {
    return if !defined $_[0] || !length $_[0];
    # In place: an assignment might take other memory.
    substr( $_[0], 0, length $_[0] ) = "\0" x length $_[0];
    $_[0] = q{};
    return;
}

sub cancel {
    my ($self) = @_;
    $self->{library}{mbv_cancel}->call( $self->{handle} ) if $self->{handle};
    return $self;
}

sub uncancel {
    my ($self) = @_;
    $self->{library}{mbv_uncancel}->call( $self->{handle} ) if $self->{handle};
    return $self;
}

sub close {
    my ($self) = @_;
    if ( $self->{busy} ) {
        # From a signal's handler: the call goes on below it.
        $self->cancel;
        die $self->_busy;
    }
    if ( my $handle = delete $self->{handle} ) {
        $self->{library}{mbv_free}->call($handle);
    }
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ( $@, $?, $! );
    # At the end of the program Platypus may have gone before.
    return if ${^GLOBAL_PHASE} eq 'DESTRUCT' || !$self->{handle};
    $self->close;
    return;
}

# A client is no other thread's.
sub CLONE_SKIP { return 1 }

sub _busy { return Mobivate::Error->_new( status => -3, key_state => 'unknown', message => BUSY ) }

sub _idle {
    my ($self) = @_;
    my $handle = $self->{handle} // Carp::croak('The client is closed');
    die $self->_busy if $self->{busy};
    return $handle;
}

sub _failure {
    my ( $self, $status ) = @_;
    my ( $functions, $handle ) = @{$self}{qw(library handle)};
    my $retry = $functions->{mbv_retry_after_ms}->call($handle);
    return Mobivate::Error->_new(
        status         => $status,
        key_state      => (qw(unchanged replaced unknown))[ $functions->{mbv_key_state}->call($handle) ],
        http_status    => $functions->{mbv_http_status}->call($handle) || undef,
        server_code    => $functions->{mbv_server_code}->call($handle) || undef,
        server_message => $self->_text('mbv_server_message'),
        retry_after    => $retry >= 0 ? $retry / 1000 : undef,
        message        => $self->_text('mbv_error_message'),
    );
}

sub _text {
    my ( $self, $getter ) = @_;
    my $function = $self->{library}{$getter};
    my $size     = $function->call( $self->{handle}, undef, 0 );
    my $text     = q{};
    _make_room( \$text, $size + 1 );
    $function->call( $self->{handle}, _address( \$text ), $size + 1 );
    substr $text, $size, 1, q{};
    utf8::decode($text);
    return $text;
}

1;

__END__

=encoding utf8

=head1 NAME

Mobivate::Client - create an API key for a Mobivate account, and know what became of the old one

=head1 SYNOPSIS

    my $client = Mobivate::Client->new( timeout => 10 );
    my $key    = $client->create_key( 'first.last@example.com', 'your-pass' );

=head1 DESCRIPTION

The service has one call, and its success revokes the key that the account had. So every call that hands over no
key dies with a L<Mobivate::Error>, whose text and C<key_state> say what became of the old one.

=head1 METHODS

=head2 new

    Mobivate::Client->new( base_url => ..., timeout => ..., ... )

The options are C<base_url>, C<timeout> and C<connect_timeout> (in seconds), C<ca_file>, C<ca_dir>, C<proxy> (empty
for none) and C<user_agent>. Sends nothing. Dies where the library is missing or of another version than 1.

=head2 set

    $client->set( timeout_ms => 5000 )

Sets an option by its name in F<mobivate.h>, for the calls that follow.

=head2 create_key

    my $key = $client->create_key( $username, $password )

Sends at most one request, and blocks until it is answered. Each may be a reference to a scalar, which is then not
copied.

=head2 create_key_into

    $client->create_key_into( $username, \$password, \my $key )

Writes the key into a scalar of yours, whose memory C<wipe> can fill with zeros.

=head2 wipe

    Mobivate::Client::wipe($password)

Fills a scalar's memory with zeros, and empties it.

=head2 cancel

Ends the call in progress within 50 ms, and every later one at once, until C<uncancel>. It is meant for the handler of
a signal that is delivered at once (C<POSIX::SigAction> without C<safe>): during a call Perl itself waits.

=head2 uncancel

Takes C<cancel> back.

=head2 close

Ends the client, as its destruction does. A closed client dies with a text.

=head2 library_version

The version of the library that is loaded.

=head1 LICENSE

MIT

=cut
