% SPDX-License-Identifier: MIT
% Creates an API key: swipl create_key.pl USERNAME PASSWORD_FILE

:- use_module(library(main)).
:- use_module(library(readutil)).
:- use_foreign_library(foreign(mobivate)).

:- initialization(main, main).

exit_code(-1, _, 2) :- !.                      % INVALID_ARGUMENT
exit_code(_, State, 5) :- State \== 0, !.      % not UNCHANGED
exit_code(Status, _, 3) :-                     % CREDENTIALS, RATE_LIMITED, REJECTED
    memberchk(Status, [-10, -11, -12]), !.
exit_code(_, _, 4).

fail_with(Code, Format, Arguments) :-
    format(user_error, Format, Arguments),
    nl(user_error),
    halt(Code).

fail_with_message(Code, Client) :-
    mbv_error_message(Client, Message),
    fail_with(Code, "~s", [Message]).

% Bytes, as a list: the stacks are cut back when it is done with, but never wiped. An atom would be kept even longer.
password(File, Password) :-
    catch(read_file_to_codes(File, Bytes, [encoding(octet)]),
          error(Reason, _),
          fail_with(2, "~w cannot be read: ~p", [File, Reason])),
    (   append(Password, Line_End, Bytes),
        memberchk(Line_End, [`\r\n`, `\n`])
    ->  true
    ;   Password = Bytes
    ).

configure(Client, Option, Variable) :-
    (   getenv(Variable, Value)
    ->  mbv_set(Client, Option, Value, Status),
        (   Status =:= 0 -> true ; fail_with_message(2, Client) )
    ;   true
    ).

settle(0, _, _, _, Key, Key) :- !.
settle(Status, Client, Username, Password, _, Key) :-
    mbv_key_state(Client, State),
    exit_code(Status, State, Code),
    (   State =\= 2                            % not UNKNOWN
    ->  fail_with_message(Code, Client)
    ;   mbv_error_message(Client, Message),
        format(user_error, "~s~n", [Message]),
        % Changes nothing, and says which key the account has.
        mbv_get_key(Client, Username, Password, Asked, Key),
        (   Asked =:= 0 -> true ; fail_with_message(Code, Client) )
    ).

print_key(Key) :-
    catch((format("~s~n", [Key]), flush_output),
          error(_, _),
          fail_with(6, "The key could not be printed: ~s", [Key])).

% The Prolog thread waits until a call has ended; others run on.
main([Username, File]) :-
    !,
    password(File, Password),
    mbv_new(Client),
    configure(Client, base_url, 'MOBIVATE_BASE_URL'),
    configure(Client, ca_file, 'MOBIVATE_CA_FILE'),
    mbv_create_key(Client, Username, Password, Status, Created),
    settle(Status, Client, Username, Password, Created, Key),
    mbv_free(Client),
    print_key(Key).
main(_) :-
    fail_with(2, "usage: swipl create_key.pl USERNAME PASSWORD_FILE", []).
