{ SPDX-License-Identifier: MIT

  create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
  A call blocks its thread: with a form, make it in a TThread. }
program create_key;

{$mode objfpc}{$H+}

uses
  Classes, SysUtils, ctypes;

const
  MBV_NUL_TERMINATED = High(csize_t);
  MBV_KEY_UNCHANGED = 0;
  MBV_KEY_UNKNOWN = 2;

type
  PClient = type Pointer; { nothing frees a client but mbv_free }
  TCall = function(Client: PClient; Username: PChar; UsernameSize: csize_t; Password: PChar; PasswordSize: csize_t;
    Key: PChar; KeyCapacity: csize_t; KeySize: pcsize_t): cint32; cdecl;

function mbv_new: PClient; cdecl; external 'mobivate';
procedure mbv_free(Client: PClient); cdecl; external 'mobivate';
function mbv_set(Client: PClient; Option, Value: PChar): cint32; cdecl; external 'mobivate';
function mbv_key_state(Client: PClient): cint32; cdecl; external 'mobivate';
function mbv_error_message(Client: PClient; Buffer: PChar; Capacity: csize_t): csize_t; cdecl; external 'mobivate';
function mbv_create_key(Client: PClient; Username: PChar; UsernameSize: csize_t; Password: PChar; PasswordSize: csize_t;
  Key: PChar; KeyCapacity: csize_t; KeySize: pcsize_t): cint32; cdecl; external 'mobivate';
function mbv_get_key(Client: PClient; Username: PChar; UsernameSize: csize_t; Password: PChar; PasswordSize: csize_t;
  Key: PChar; KeyCapacity: csize_t; KeySize: pcsize_t): cint32; cdecl; external 'mobivate';

function ExitCodeOf(Status, KeyState: cint32): Integer;
begin
  case Status of
    0: Exit(0);
    -1: Exit(2); { MBV_ERR_INVALID_ARGUMENT }
  end;
  if KeyState <> MBV_KEY_UNCHANGED then
    Exit(5);
  case Status of
    -10, -11, -12: Result := 3; { CREDENTIALS, RATE_LIMITED, REJECTED }
  else
    Result := 4;
  end;
end;

procedure Fail(Code: Integer; const Text: string);
begin
  WriteLn(StdErr, Text);
  Halt(Code);
end;

procedure WriteError(Client: PClient);
var
  Message: array[0..1023] of Char;
begin
  mbv_error_message(Client, Message, SizeOf(Message)); { says whether the old key still works, too }
  WriteLn(StdErr, PChar(@Message));
end;

function SizeWithoutLineEnd(Bytes: TBytes): SizeInt;
begin
  Result := Length(Bytes);
  if (Result > 0) and (Bytes[Result - 1] = 10) then
  begin
    Dec(Result);
    if (Result > 0) and (Bytes[Result - 1] = 13) then
      Dec(Result);
  end;
end;

function SetOption(Client: PClient; const Option: string): cint32;
var
  Value: string;
begin
  Value := GetEnvironmentVariable('MOBIVATE_' + UpperCase(Option));
  if Value = '' then
    Exit(0);
  Result := mbv_set(Client, PChar(Option), PChar(Value));
end;

{ A string is copied on write and on conversion. Bytes are not, as long as they are passed as a pointer, and can be wiped. }
function CreateKey(const Username: string; Password: TBytes; out Key: string): Integer;
var
  Client: PClient;
  Buffer: array[0..4096] of Char; { the longest key and a NUL, so that no mbv_take_key is needed }
  Status: cint32;

  function Call(Called: TCall): cint32;
  begin
    Result := Called(Client, PChar(Username), MBV_NUL_TERMINATED, PChar(Password), SizeWithoutLineEnd(Password),
      Buffer, SizeOf(Buffer), nil);
  end;

begin
  Client := mbv_new;
  Status := SetOption(Client, 'base_url');
  if Status = 0 then
    Status := SetOption(Client, 'ca_file');
  if Status = 0 then
    Status := Call(@mbv_create_key);
  Result := ExitCodeOf(Status, mbv_key_state(Client));
  if Result <> 0 then
    WriteError(Client);
  if mbv_key_state(Client) = MBV_KEY_UNKNOWN then { a new key was made, or none: ask which one is valid }
    if Call(@mbv_get_key) = 0 then
      Result := 0
    else
      WriteError(Client);
  mbv_free(Client);
  Key := PChar(@Buffer);
end;

var
  Code: Integer;
  Key: string;
  Password: TBytes;
begin
  if ParamCount <> 2 then
    Fail(2, 'usage: create_key USERNAME PASSWORD_FILE');
  try
    with TFileStream.Create(ParamStr(2), fmOpenRead) do
    try
      SetLength(Password, Size);
      ReadBuffer(PChar(Password)^, Size);
    finally
      Free;
    end;
  except
    on E: EStreamError do
      Fail(2, 'The password cannot be read: ' + E.Message);
  end;
  Code := CreateKey(ParamStr(1), Password, Key);
  FillChar(PChar(Password)^, Length(Password), 0);
  if Code = 0 then
    try
      WriteLn(Key);
      Flush(Output);
    except
      on EInOutError do
        Fail(6, 'The new key could not be printed: ' + Key);
    end;
  Halt(Code);
end.
