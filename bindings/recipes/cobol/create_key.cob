*> SPDX-License-Identifier: MIT
*>
*> create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
*> A call blocks the run unit. Fields are padded with blanks, and a password may end with one, so sizes go
*> with them; without SIZE 8, GnuCOBOL passes four bytes of a size_t. C's texts begin and end with no blank but a NUL.
IDENTIFICATION DIVISION.
PROGRAM-ID. create_key.

DATA DIVISION.
WORKING-STORAGE SECTION.
01 client           USAGE POINTER.             *> nothing frees it but mbv_free
01 result           USAGE BINARY-LONG.
   88 is-ok         VALUE 0.
   88 is-invalid    VALUE -1.                  *> MBV_ERR_INVALID_ARGUMENT
   88 is-refused    VALUE -12 THRU -10.        *> CREDENTIALS, RATE_LIMITED, REJECTED
01 key-state        USAGE BINARY-LONG.
   88 key-unchanged VALUE 0.
   88 key-unknown   VALUE 2.
01 exit-code        USAGE BINARY-LONG VALUE 0.
01 user-name        PIC X(65537).              *> longer than the longest, so that what does not fit is refused
01 user-name-size   USAGE BINARY-DOUBLE UNSIGNED.
01 password         PIC X(65538).
01 password-size    USAGE BINARY-DOUBLE UNSIGNED.
01 new-key          PIC X(4097).               *> the longest key and a NUL, so that no mbv_take_key is needed
01 new-key-size     USAGE BINARY-DOUBLE UNSIGNED.
01 error-text       PIC X(1024).
01 setting          PIC X(4096).
01 setting-is-there PIC 9.
01 argument-count   USAGE BINARY-LONG.
01 text-size        USAGE BINARY-LONG.
01 path             PIC X(4096).
01 password-file    PIC X(4).
01 file-offset      PIC X(8) USAGE COMP-X VALUE 0.
01 file-size        PIC X(4) USAGE COMP-X.

PROCEDURE DIVISION.
main.
    ACCEPT argument-count FROM ARGUMENT-NUMBER
    IF argument-count NOT = 2
        DISPLAY "usage: create_key USERNAME PASSWORD_FILE" UPON SYSERR
        STOP RUN RETURNING 2
    END-IF
    ACCEPT user-name FROM ARGUMENT-VALUE
    MOVE FUNCTION LENGTH(FUNCTION TRIM(user-name TRAILING)) TO user-name-size
    ACCEPT path FROM ARGUMENT-VALUE
    PERFORM read-password

    CALL "mbv_new" RETURNING client
    PERFORM set-options
    IF is-ok
        CALL "mbv_create_key" USING BY VALUE client BY REFERENCE user-name BY VALUE SIZE 8 user-name-size
            BY REFERENCE password BY VALUE SIZE 8 password-size
            BY REFERENCE new-key BY VALUE SIZE 8 4097 BY REFERENCE new-key-size RETURNING result
    END-IF
    CALL "mbv_key_state" USING BY VALUE client RETURNING key-state
    IF NOT is-ok PERFORM fail-the-call END-IF
    IF key-unknown                             *> a new key was made, or none: ask which one is valid
        CALL "mbv_get_key" USING BY VALUE client BY REFERENCE user-name BY VALUE SIZE 8 user-name-size
            BY REFERENCE password BY VALUE SIZE 8 password-size
            BY REFERENCE new-key BY VALUE SIZE 8 4097 BY REFERENCE new-key-size RETURNING result
        IF is-ok MOVE 0 TO exit-code ELSE PERFORM display-error END-IF
    END-IF
    CALL "mbv_free" USING BY VALUE client RETURNING OMITTED
    MOVE LOW-VALUES TO password
    IF exit-code = 0 PERFORM print-key END-IF
    STOP RUN RETURNING exit-code.

fail-the-call.
    PERFORM display-error
    EVALUATE TRUE
        WHEN is-invalid        MOVE 2 TO exit-code
        WHEN NOT key-unchanged MOVE 5 TO exit-code
        WHEN is-refused        MOVE 3 TO exit-code
        WHEN OTHER             MOVE 4 TO exit-code
    END-EVALUATE.

display-error.                                 *> says whether the old key still works, too
    CALL "mbv_error_message" USING BY VALUE client BY REFERENCE error-text BY VALUE SIZE 8 1024 RETURNING text-size
    MOVE 0 TO text-size
    INSPECT error-text TALLYING text-size FOR CHARACTERS BEFORE INITIAL X"00"
    DISPLAY error-text(1:text-size) UPON SYSERR.

set-options.
    MOVE 0 TO result
    MOVE SPACES TO setting
    ACCEPT setting FROM ENVIRONMENT "MOBIVATE_BASE_URL"
    IF setting NOT = SPACES
        STRING FUNCTION TRIM(setting TRAILING) X"00" DELIMITED BY SIZE INTO setting
        CALL "mbv_set" USING BY VALUE client BY REFERENCE Z"base_url" BY REFERENCE setting RETURNING result
    END-IF
    MOVE SPACES TO setting
    ACCEPT setting FROM ENVIRONMENT "MOBIVATE_CA_FILE"
    IF is-ok AND setting NOT = SPACES
        STRING FUNCTION TRIM(setting TRAILING) X"00" DELIMITED BY SIZE INTO setting
        CALL "mbv_set" USING BY VALUE client BY REFERENCE Z"ca_file" BY REFERENCE setting RETURNING result
    END-IF.

read-password.
    CALL "CBL_OPEN_FILE" USING path 1 0 0 password-file
    IF RETURN-CODE = 0                         *> flag 128: its size instead of its bytes
        CALL "CBL_READ_FILE" USING password-file file-offset file-size X"80" password
        MOVE file-offset TO password-size
        MOVE file-offset TO file-size
        MOVE 0 TO file-offset
        IF password-size > 0 AND password-size <= FUNCTION LENGTH(password)
            CALL "CBL_READ_FILE" USING password-file file-offset file-size X"00" password
        END-IF
        CALL "CBL_CLOSE_FILE" USING password-file
    END-IF
    IF RETURN-CODE NOT = 0 OR password-size > FUNCTION LENGTH(password)
        DISPLAY "The password cannot be read from " FUNCTION TRIM(path TRAILING) UPON SYSERR
        STOP RUN RETURNING 2
    END-IF
    IF password-size > 0 AND password(password-size:1) = X"0A"
        SUBTRACT 1 FROM password-size
        IF password-size > 0 AND password(password-size:1) = X"0D"
            SUBTRACT 1 FROM password-size
        END-IF
    END-IF.

print-key.                                     *> DISPLAY does not tell whether the disk is full; write does
    MOVE X"0A" TO new-key(new-key-size + 1:1)
    ADD 1 TO new-key-size
    CALL "write" USING BY VALUE 1 BY REFERENCE new-key BY VALUE SIZE 8 new-key-size RETURNING text-size
    IF text-size NOT = new-key-size
        DISPLAY "The new key could not be printed: " new-key(1:new-key-size) WITH NO ADVANCING UPON SYSERR
        MOVE 6 TO exit-code
    END-IF.
