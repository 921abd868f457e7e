(* SPDX-License-Identifier: MIT
   Creates COUNT keys, one after the other. ./programs says what is in the environment. *)

let set name = Sys.getenv_opt name = Some "1"

(* The file in memory that never moves, and that its end wipes. *)
let read_password () =
  let file = Unix.openfile (Sys.getenv "MOBIVATE_PASSWORD_FILE") [ Unix.O_RDONLY ] 0 in
  let mapped =
    Bigarray.array1_of_genarray (Unix.map_file file Bigarray.int8_unsigned Bigarray.c_layout false [| -1 |])
  in
  Unix.close file;
  let bytes =
    Bigarray.Array1.create Bigarray.char Bigarray.c_layout (Bigarray.Array1.dim mapped)
  in
  for i = 0 to Bigarray.Array1.dim mapped - 1 do
    bytes.{i} <- Char.unsafe_chr mapped.{i};
    mapped.{i} <- 0
  done;
  let secret = Mobivate.Secret.of_bigstring bytes in
  Bigarray.Array1.fill bytes '\000';
  secret

let read_text () =
  let channel = open_in_bin (Sys.getenv "MOBIVATE_PASSWORD_FILE") in
  let text = really_input_string channel (in_channel_length channel) in
  close_in channel;
  text

let pause what =
  if set "MOBIVATE_PROGRAM_PAUSE" then begin
    print_endline what;
    ignore (read_line ())
  end

let () =
  let count = int_of_string Sys.argv.(1) in
  let text = set "MOBIVATE_PROGRAM_TEXT" in
  let client =
    Mobivate.create
      ~base_url:(Sys.getenv "MOBIVATE_BASE_URL")
      ~ca_file:(Sys.getenv "MOBIVATE_CA_FILE")
      ~proxy:"" ()
  in
  let password = if text then Mobivate.Secret.of_string (read_text ()) else read_password () in
  for _ = 1 to count do
    match Mobivate.create_key client ~username:(Sys.getenv "MOBIVATE_USERNAME") ~password with
    | Ok key ->
        if text then ignore (Sys.opaque_identity (Mobivate.Secret.to_string key));
        Mobivate.Secret.wipe key
    | Error error -> failwith error.message
  done;
  Mobivate.Secret.wipe password;
  Printf.printf "created %d\n%!" count;
  pause "kept";
  Mobivate.close client;
  pause "freed"
