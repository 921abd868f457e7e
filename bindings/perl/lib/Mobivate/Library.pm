# SPDX-License-Identifier: MIT
package Mobivate::Library;

# The functions of ffi/mobivate_perl.c, which calls libmobivate. For this distribution's own modules alone.

use strict;
use warnings;

use File::Spec ();
use FFI::Platypus 1.34;
use FFI::Platypus::Buffer ();
use Mobivate::Error;

our $VERSION = '1.1.0';

my $default_name = 'libmobivate.so.1';
my ($oldest, $too_new) = (10_100, 20_000);

my $ffi = FFI::Platypus->new(api => 1);
$ffi->bundle('Mobivate');
$ffi->mangler(sub { "mobivate_perl_$_[0]" });
$ffi->type('object(Mobivate::Client)' => 'client');
$ffi->type('object(Mobivate::Call)'   => 'call');

# A `string` is passed as Perl has it, without a copy.
$ffi->attach(load        => [qw(string sint32 sint32 string*)] => 'string');
$ffi->attach(version     => []                                 => 'string');
$ffi->attach(status_name => ['sint32']                         => 'string');

$ffi->attach([client_new       => 'Mobivate::Client::_new']      => []         => 'client');
$ffi->attach([client_free      => '_free_client']                => ['client'] => 'void');
$ffi->attach([client_close     => '_close_client']               => ['client'] => 'void');
$ffi->attach([client_is_closed => 'Mobivate::Client::is_closed'] => ['client'] => 'bool');
$ffi->attach([client_cancel    => 'Mobivate::Client::cancel']    => ['client'] => 'void');
$ffi->attach([client_uncancel  => 'Mobivate::Client::uncancel']  => ['client'] => 'void');
$ffi->attach([client_key_state => '_key_state']                  => ['client'] => 'sint32');

$ffi->attach([call_new  => 'Mobivate::Call::new'] => []                              => 'call');
$ffi->attach([call_free => '_free_call']          => ['call']                        => 'void');
$ffi->attach([call_set  => 'Mobivate::Call::set'] => [qw(call client string string)] => 'sint32');
$ffi->attach(
    [call_start => 'Mobivate::Call::start'] => [qw(call client int string size_t string size_t)] => 'sint32');
$ffi->attach([call_wait    => 'Mobivate::Call::wait_a_while'] => ['call']               => 'bool');
$ffi->attach([call_end     => 'Mobivate::Call::end']          => ['call']               => 'sint32');
$ffi->attach([call_text    => '_text']                        => [qw(call int size_t*)] => 'opaque');
$ffi->attach([call_numbers => '_numbers']                     => [qw(call sint64[4])]   => 'void');

# While the interpreter ends, Platypus may be gone before the objects that need it. A call in progress is over
# by then: `exit` first leaves the functions that are running.
my %guarded = (
    'Mobivate::Client::close'   => \&_close_client,
    'Mobivate::Client::DESTROY' => \&_free_client,
    'Mobivate::Call::DESTROY'   => \&_free_call,
);
for my $name (keys %guarded) {
    my $function = $guarded{$name};
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *{$name} = sub {
        my ($object) = @_;
        $function->($object) if ${^GLOBAL_PHASE} ne 'DESTRUCT';
        return;
    };
}

# A clone would be freed twice, so that a new thread has none.
sub Mobivate::Client::CLONE_SKIP { return 1 }
sub Mobivate::Call::CLONE_SKIP   { return 1 }

my @key_states = qw(unchanged replaced unknown);
my $is_loaded;

# Loads libmobivate, or throws a Mobivate::Error::Library: what MOBIVATE_LIBRARY names and nothing else, or else the one
# beside this file, or else the system's.
sub ensure_loaded {
    return if $is_loaded;
    my $named = $ENV{MOBIVATE_LIBRARY};
    my (@places, @tried);
    if (defined $named && length $named) {
        @places = [$named, "$named (from MOBIVATE_LIBRARY)"];
    } else {
        @tried = 'MOBIVATE_LIBRARY, which is not set';
        my $beside = File::Spec->rel2abs(__FILE__) =~ s{[^/]*\z}{$default_name}r;
        @places = (
            [$beside,       "$beside (beside the module)"],
            [$default_name, "$default_name (the dynamic loader's)"]
        );
    }
    for my $place (@places) {
        my ($name, $where) = @{$place};
        my $why = load($name, $oldest, $too_new, \my $unfit);
        fail("found libmobivate $unfit, $where; this distribution needs >= 1.1.0, < 2") if defined $unfit;
        return $is_loaded = 1                                                           if !defined $why;
        fail("$where is not libmobivate 1.x: $why") if $why =~ /undefined symbol/;
        push @tried, "$where: $why";
    }
    return fail('cannot load libmobivate; tried ' . join '; ', @tried);
}

sub fail {
    my ($what) = @_;
    return Mobivate::Error::Library->throw(
        message => "$what. Install libmobivate 1.1, or set MOBIVATE_LIBRARY to its file.");
}

sub key_state_name {
    my ($number) = @_;
    return $key_states[$number];
}

sub Mobivate::Client::key_state {
    my ($client) = @_;
    return key_state_name(_key_state($client));
}

# The bytes of a text of a call, copied once: 0 is its message, 1 the server's message, 2 the key.
sub Mobivate::Call::bytes {
    my ($call, $which) = @_;
    my $pointer = _text($call, $which, \my $size);
    return defined $pointer ? FFI::Platypus::Buffer::buffer_to_scalar($pointer, $size) : q();
}

# Throws what has gone wrong in a call.
sub Mobivate::Call::throw {
    my ($call, $status) = @_;
    my ($message, $server_message) = map { $call->bytes($_) } 0, 1;
    utf8::decode($_) for $message, $server_message;
    my @numbers = (0) x 4;
    _numbers($call, \@numbers);
    my ($key_state, $http_status, $server_code, $retry_after_ms) = @numbers;
    return Mobivate::Error->class_of($status)->throw(
        message        => $message,
        status         => $status < 0 ? status_name($status) : undef,
        key_state      => key_state_name($key_state),
        http_status    => $http_status || undef,
        server_code    => $server_code || undef,
        server_message => length $server_message ? $server_message : undef,
        retry_after_ms => $retry_after_ms < 0    ? undef           : $retry_after_ms,
    );
}

1;
