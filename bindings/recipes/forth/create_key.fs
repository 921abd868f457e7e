\ SPDX-License-Identifier: MIT
\ Creates an API key: gforth create_key.fs USERNAME PASSWORD_FILE

\ Gforth has these compiled by the C compiler, once, into ~/.gforth. n is an int32_t or a size_t: both fit a cell.
c-library mobivate
    s" mobivate" add-lib
    \c #include <mobivate.h>
    c-function mbv-new mbv_new -- a ( -- client )
    c-function mbv-set mbv_set a a a -- n ( client option value -- status )
    c-function mbv-create-key mbv_create_key a a n a n a n a -- n
    c-function mbv-get-key mbv_get_key a a n a n a n a -- n
    c-function mbv-error-message mbv_error_message a a n -- n ( client buffer capacity -- size )
    c-function mbv-key-state mbv_key_state a -- n ( client -- state )
    c-function mbv-free mbv_free a -- void ( client -- )
end-c-library

4097 constant key-capacity \ the longest key there is, and its NUL
-1 constant invalid-argument
-10 constant credentials
-11 constant rate-limited
-12 constant rejected
0 constant unchanged
2 constant unknown

variable client
create api-key key-capacity allot
2variable username
2variable password

: complain ( text size -- ) stderr write-line drop ;
: fail ( text size code -- ) >r complain r> (bye) ;

: message ( -- text size )
    client @ 0 0 mbv-error-message
    dup 1+ dup allocate throw swap ( size buffer capacity )
    client @ 2 pick 2 pick mbv-error-message 2drop swap ;

: exit-code ( status -- code )
    dup invalid-argument = if drop 2 exit then
    client @ mbv-key-state unchanged <> if drop 5 exit then
    dup credentials = over rate-limited = or swap rejected = or if 3 else 4 then ;

: c-string ( text size -- address )
    dup 1+ allocate throw >r
    tuck r@ swap move
    r@ + 0 swap c!
    r> ;

: configure ( option size variable size -- )
    getenv dup 0= if 2drop 2drop exit then
    c-string >r c-string client @ swap r> mbv-set
    if message 2 fail then ;

: ends-with? ( text size character -- flag )
    over 0= if drop 2drop false exit then
    >r + 1- c@ r> = ;

: without-line-end ( text size -- text size )
    2dup 10 ends-with? if
        1- 2dup 13 ends-with? if 1- then
    then ;

: slurp ( path size -- text size )
    2dup ['] slurp-file catch if
        2drop complain s" The password file cannot be read." 2 fail
    then
    2swap 2drop ;

\ client, both texts and the buffer, for one of the two functions
: arguments ( -- ... )
    client @ username 2@ password 2@ api-key key-capacity 0 ;

\ Gforth waits until the call has ended, its tasks too: they take turns by pause.
: create-key ( -- )
    arguments mbv-create-key
    dup 0= if drop exit then
    exit-code message complain
    client @ mbv-key-state unknown <> if (bye) then
    \ changes nothing, and says which key the account has
    arguments mbv-get-key if message rot fail then drop ;

: main ( -- )
    next-arg username 2!
    next-arg dup 0= if s" usage: gforth create_key.fs USERNAME PASSWORD_FILE" 2 fail then
    slurp without-line-end password 2!
    mbv-new client !
    s" base_url" s" MOBIVATE_BASE_URL" configure
    s" ca_file" s" MOBIVATE_CA_FILE" configure
    create-key
    password 2@ erase \ memory is the program's own: nothing else has a copy
    client @ mbv-free
    api-key dup key-capacity 0 scan drop over -
    2dup stdout write-line stdout flush-file or if 6 fail then
    0 (bye) ;

main
