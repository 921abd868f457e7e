%% SPDX-License-Identifier: MIT
%% Creates an API key: erl -noinput -s create_key -extra USERNAME PASSWORD_FILE
-module(create_key).
-export([start/0, new/0, set/3, create_key/3, get_key/3]).
-on_load(load/0).

load() ->
    erlang:load_nif(filename:join(filename:dirname(code:which(?MODULE)), "mobivate_nif"), 0).

%% mobivate_nif.c has these. Calls run on dirty schedulers: the other processes go on.
new() -> erlang:nif_error(not_loaded).
set(_Client, _Option, _Value) -> erlang:nif_error(not_loaded).
create_key(_Client, _Username, _Password) -> erlang:nif_error(not_loaded).
get_key(_Client, _Username, _Password) -> erlang:nif_error(not_loaded).

start() -> main(init:get_plain_arguments()).

main([Username, File]) ->
    Client = new(),
    Password = password(File),
    configure(Client, base_url, os:getenv("MOBIVATE_BASE_URL")),
    configure(Client, ca_file, os:getenv("MOBIVATE_CA_FILE")),
    print(key(Client, unicode:characters_to_binary(Username), Password)),
    halt(0);
main(_) ->
    fail(2, "usage: erl -noinput -s create_key -extra USERNAME PASSWORD_FILE").

%% A binary cannot be wiped. A crash dump has it, unless ERL_CRASH_DUMP_BYTES is 0.
password(File) ->
    case file:read_file(File) of
        {ok, Contents} -> re:replace(Contents, "\r?\n\\z", "", [{return, binary}]);
        {error, Reason} -> fail(2, [File, " cannot be read: ", file:format_error(Reason)])
    end.

configure(_Client, _Option, false) ->
    ok;
configure(Client, Option, Value) ->
    case set(Client, Option, unicode:characters_to_binary(Value)) of
        ok -> ok;
        {error, {_, _, Message}} -> fail(2, Message)
    end.

key(Client, Username, Password) ->
    case create_key(Client, Username, Password) of
        {ok, Created} ->
            Created;
        {error, {Status, unknown, Message}} ->
            say(Message),
            %% Changes nothing, and says which key the account has.
            case get_key(Client, Username, Password) of
                {ok, Current} -> Current;
                {error, {_, _, Reason}} -> fail(exit_code(Status, unknown), Reason)
            end;
        {error, {Status, KeyState, Message}} ->
            fail(exit_code(Status, KeyState), Message)
    end.

exit_code('MBV_ERR_INVALID_ARGUMENT', _) -> 2;
exit_code('MBV_ERR_CREDENTIALS', unchanged) -> 3;
exit_code('MBV_ERR_RATE_LIMITED', unchanged) -> 3;
exit_code('MBV_ERR_REJECTED', unchanged) -> 3;
exit_code(_, unchanged) -> 4;
exit_code(_, _) -> 5.

%% Not by io: standard_io is a process, and it does not say when writing fails.
print(Key) ->
    case file:write_file("/dev/stdout", [Key, $\n], [raw, append]) of
        ok -> ok;
        {error, Reason} -> fail(6, ["The key could not be printed: ", file:format_error(Reason), $\s, Key])
    end.

say(Text) ->
    io:put_chars(standard_error, [unicode:characters_to_binary(Text), $\n]).

-spec fail(byte(), iodata()) -> no_return().
fail(Code, Text) ->
    say(Text),
    halt(Code).
