--  SPDX-License-Identifier: MIT
--
--  create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
--  A call blocks its task alone, since GNAT's tasks are threads.
with Ada.Characters.Handling;   use Ada.Characters.Handling;
with Ada.Command_Line;          use Ada.Command_Line;
with Ada.Environment_Variables; use Ada.Environment_Variables;
with Ada.Streams.Stream_IO;     use Ada.Streams.Stream_IO;
with Ada.Text_IO;
with Interfaces.C;              use Interfaces.C;
with System;

procedure Create_Key is
   subtype Client is System.Address;  --  nothing frees one but mbv_free

   function Mbv_New return Client
     with Import, Convention => C, External_Name => "mbv_new";
   procedure Mbv_Free (Self : Client)
     with Import, Convention => C, External_Name => "mbv_free";
   function Mbv_Set (Self : Client; Option, Value : char_array) return int
     with Import, Convention => C, External_Name => "mbv_set";
   function Mbv_Key_State (Self : Client) return int
     with Import, Convention => C, External_Name => "mbv_key_state";
   function Mbv_Error_Message
     (Self : Client; Buffer : in out char_array; Capacity : size_t)
      return size_t
     with Import, Convention => C, External_Name => "mbv_error_message";
   function Mbv_Create_Key
     (Self     : Client; Username : char_array; Username_Size : size_t;
      Password : char_array; Password_Size : size_t; Key : in out char_array;
      Key_Capacity : size_t; Key_Size : access size_t) return int
     with Import, Convention => C, External_Name => "mbv_create_key";
   function Mbv_Get_Key
     (Self     : Client; Username : char_array; Username_Size : size_t;
      Password : char_array; Password_Size : size_t; Key : in out char_array;
      Key_Capacity : size_t; Key_Size : access size_t) return int
     with Import, Convention => C, External_Name => "mbv_get_key";

   Key_Unchanged : constant := 0;
   Key_Unknown   : constant := 2;
   Key_Capacity  : constant := 4_096 + 1;  --  the longest key and a NUL, so that no mbv_take_key is needed

   function Exit_Code (Status, State : int) return Exit_Status is
     (if Status = 0 then 0
      elsif Status = -1 then 2                --  MBV_ERR_INVALID_ARGUMENT
      elsif State /= Key_Unchanged then 5
      elsif Status in -12 .. -10 then 3       --  CREDENTIALS, RATE_LIMITED, REJECTED
      else 4);

   procedure Say (Text : String) is
   begin
      Ada.Text_IO.Put_Line (Ada.Text_IO.Standard_Error, Text);
   end Say;

   --  Says whether the old key still works, too.
   procedure Say_Error (Self : Client) is
      Message : char_array := (1 .. 1024 => nul);
      Size    : constant size_t := Mbv_Error_Message (Self, Message, Message'Length);
   begin
      Say (if Size = 0 then "?" else To_Ada (Message));
   end Say_Error;

   function Set_Option (Self : Client; Option : String) return int is
      Variable : constant String := "MOBIVATE_" & To_Upper (Option);
   begin
      return
        (if Exists (Variable) then Mbv_Set (Self, To_C (Option), To_C (Value (Variable)))
         else 0);
   end Set_Option;

   --  Text begins at 1.
   function Size_Without_Line_End (Text : char_array) return size_t is
      Size : size_t := Text'Length;
   begin
      if Size > 0 and then Text (Size) = char (ASCII.LF) then
         Size := Size - 1;
         if Size > 0 and then Text (Size) = char (ASCII.CR) then
            Size := Size - 1;
         end if;
      end if;
      return Size;
   end Size_Without_Line_End;

   procedure Run (Username : String; Password : char_array) is
      Self   : constant Client := Mbv_New;
      User   : constant char_array := To_C (Username, Append_Nul => False);
      Size   : constant size_t := Size_Without_Line_End (Password);
      Key    : char_array := (1 .. Key_Capacity => nul);
      Status : int := Set_Option (Self, "base_url");
      Code   : Exit_Status;
   begin
      if Status = 0 then
         Status := Set_Option (Self, "ca_file");
      end if;
      if Status = 0 then
         Status := Mbv_Create_Key (Self, User, User'Length, Password, Size, Key, Key_Capacity, null);
      end if;
      Code := Exit_Code (Status, Mbv_Key_State (Self));
      if Code /= 0 then
         Say_Error (Self);
      end if;
      if Mbv_Key_State (Self) = Key_Unknown then  --  a new key was made, or none: ask which one is valid
         if Mbv_Get_Key (Self, User, User'Length, Password, Size, Key, Key_Capacity, null) = 0 then
            Code := 0;
         else
            Say_Error (Self);
         end if;
      end if;
      Mbv_Free (Self);
      if Code = 0 then
         Ada.Text_IO.Put_Line (To_Ada (Key));
         Ada.Text_IO.Flush;
      end if;
      Set_Exit_Status (Code);
   exception
      when Ada.Text_IO.Device_Error =>
         Say ("The new key could not be printed: " & To_Ada (Key));
         Set_Exit_Status (6);
   end Run;

   File : Ada.Streams.Stream_IO.File_Type;
begin
   if Argument_Count /= 2 then
      Say ("usage: create_key USERNAME PASSWORD_FILE");
      Set_Exit_Status (2);
      return;
   end if;
   Open (File, In_File, Argument (2));
   declare
      Password : char_array (1 .. size_t (Size (File)));
   begin
      char_array'Read (Stream (File), Password);
      Close (File);
      Run (Argument (1), Password);
      Password := (others => nul);
      pragma Inspection_Point (Password);  --  so that the wiping is not optimised away
   end;
exception
   when Ada.Streams.Stream_IO.Name_Error | Ada.Streams.Stream_IO.Use_Error =>
      Say ("The password cannot be read from " & Argument (2) & ".");
      Set_Exit_Status (2);
end Create_Key;
