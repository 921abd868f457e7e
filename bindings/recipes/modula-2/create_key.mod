(* SPDX-License-Identifier: MIT *)
(* Creates an API key: create_key USERNAME PASSWORD_FILE *)
MODULE create_key ;

FROM SYSTEM IMPORT ADDRESS, ADR, CSIZE_T, INTEGER32 ;
FROM Args IMPORT GetArg, Narg ;
FROM FIO IMPORT Close, File, IsNoError, OpenToRead, ReadNBytes ;
FROM StrLib IMPORT StrLen ;
FROM libc IMPORT exit, free, getenv, malloc, memset, strlen, write ;
IMPORT mobivate ;

CONST
   StandardOutput = 1 ;
   StandardError = 2 ;
   MaximumPassword = 65538 ; (* the longest one there is, and a line end *)

TYPE
   Function = PROCEDURE (ADDRESS, ADDRESS, CSIZE_T, ADDRESS, CSIZE_T, ADDRESS, CSIZE_T, ADDRESS) : INTEGER32 ;

VAR
   username: ARRAY [0..65536] OF CHAR ;
   path: ARRAY [0..4095] OF CHAR ;
   password: ARRAY [0..MaximumPassword] OF CHAR ; (* an array of one's own can be wiped *)
   passwordSize: CARDINAL ;
   key: ARRAY [0..mobivate.KeyCapacity - 1] OF CHAR ;
   client: ADDRESS ;

PROCEDURE WriteLine (descriptor: INTEGER; text: ADDRESS) : BOOLEAN ;
VAR
   newline: CHAR ;
BEGIN
   newline := CHR (10) ;
   RETURN (write (descriptor, text, strlen (text)) = VAL (INTEGER, strlen (text))) AND
          (write (descriptor, ADR (newline), 1) = 1)
END WriteLine ;

PROCEDURE Say (text: ARRAY OF CHAR) ;
BEGIN
   IF WriteLine (StandardError, ADR (text)) THEN END
END Say ;

PROCEDURE SayMessage ;
VAR
   capacity: CSIZE_T ;
   text: ADDRESS ;
BEGIN
   capacity := mobivate.mbv_error_message (client, NIL, 0) + 1 ;
   text := malloc (capacity) ;
   IF mobivate.mbv_error_message (client, text, capacity) > 0 THEN
      IF WriteLine (StandardError, text) THEN END
   END ;
   free (text)
END SayMessage ;

PROCEDURE ExitCode (status: INTEGER32) : INTEGER ;
BEGIN
   IF status = mobivate.InvalidArgument THEN
      RETURN 2
   ELSIF mobivate.mbv_key_state (client) # mobivate.Unchanged THEN
      RETURN 5
   ELSIF (status = mobivate.Credentials) OR (status = mobivate.RateLimited) OR (status = mobivate.Rejected) THEN
      RETURN 3
   ELSE
      RETURN 4
   END
END ExitCode ;

PROCEDURE ReadPassword ;
VAR
   file: File ;
   size: CARDINAL ;
BEGIN
   file := OpenToRead (path) ;
   IF NOT IsNoError (file) THEN
      Say (path) ;
      Say ("The password file cannot be read.") ;
      exit (2)
   END ;
   passwordSize := 0 ;
   REPEAT
      size := ReadNBytes (file, SIZE (password) - passwordSize, ADR (password[passwordSize])) ;
      INC (passwordSize, size)
   UNTIL (size = 0) OR (passwordSize = SIZE (password)) ;
   Close (file) ;
   IF (passwordSize > 0) AND (password[passwordSize - 1] = CHR (10)) THEN
      DEC (passwordSize) ;
      IF (passwordSize > 0) AND (password[passwordSize - 1] = CHR (13)) THEN
         DEC (passwordSize)
      END
   END
END ReadPassword ;

PROCEDURE Configure (option, variable: ARRAY OF CHAR) ;
VAR
   value: ADDRESS ;
BEGIN
   value := getenv (ADR (variable)) ;
   IF (value # NIL) AND (mobivate.mbv_set (client, ADR (option), value) # mobivate.OK) THEN
      SayMessage ;
      exit (2)
   END
END Configure ;

PROCEDURE Call (function: Function) : INTEGER32 ;
BEGIN
   RETURN function (client, ADR (username), StrLen (username), ADR (password), passwordSize,
                    ADR (key), SIZE (key), NIL)
END Call ;

(* Coroutines share one thread: all of them wait until a call has ended. *)
PROCEDURE CreateKey ;
VAR
   status: INTEGER32 ;
   code: INTEGER ;
BEGIN
   status := Call (mobivate.mbv_create_key) ;
   IF status # mobivate.OK THEN
      code := ExitCode (status) ;
      SayMessage ;
      IF mobivate.mbv_key_state (client) # mobivate.Unknown THEN
         exit (code)
      END ;
      (* Changes nothing, and says which key the account has. *)
      IF Call (mobivate.mbv_get_key) # mobivate.OK THEN
         SayMessage ;
         exit (code)
      END
   END
END CreateKey ;

BEGIN
   password := "" ;
   key := "" ;
   IF (Narg () # 3) OR NOT GetArg (username, 1) OR NOT GetArg (path, 2) THEN
      Say ("usage: create_key USERNAME PASSWORD_FILE") ;
      exit (2)
   END ;
   ReadPassword ;
   client := mobivate.mbv_new () ;
   Configure ("base_url", "MOBIVATE_BASE_URL") ;
   Configure ("ca_file", "MOBIVATE_CA_FILE") ;
   CreateKey ;
   memset (ADR (password), 0, SIZE (password)) ;
   mobivate.mbv_free (client) ;
   IF NOT WriteLine (StandardOutput, ADR (key)) THEN
      Say ("The key could not be printed:") ;
      Say (key) ;
      exit (6)
   END ;
   exit (0)
END create_key.
