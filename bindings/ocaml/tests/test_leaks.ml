(* SPDX-License-Identifier: MIT
   Ten thousand calls leave no memory and no descriptor behind. *)

let usual = "leaks-ocaml@example.com"
let long = "leaks-long-ocaml@example.com"
let descriptors () = Array.length (Sys.readdir "/proc/self/fd")

(* What malloc has handed out. *)
external malloc_bytes : unit -> int = "test_malloc_bytes"

(* Anonymous pages alone: those of files come and go with what else runs. *)
let resident_bytes () =
  let input = open_in "/proc/self/status" in
  let rec read () =
    match Scanf.sscanf (input_line input) "RssAnon: %d" Fun.id with
    | kib -> kib * 1024
    | exception Scanf.Scan_failure _ -> read ()
  in
  Fun.protect ~finally:(fun () -> close_in input) read

(* A hundred calls on a client of their own: created, refused, and with a long key. Then it is closed, or left
   to the collector. *)
let hundred_calls turn =
  let client = Standin.client "http" in
  for number = 1 to 100 do
    let call username password =
      Mobivate.create_key client ~username ~password:(Mobivate.Secret.of_string password)
    in
    match number mod 10 with
    | 8 -> assert (Mobivate.Secret.length (Result.get_ok (call long "correct-password")) = 4096)
    | 9 -> assert ((Result.get_error (call usual "wrong")).status = Credentials)
    | _ -> assert (Mobivate.Secret.length (Result.get_ok (call usual "correct-password")) = 36)
  done;
  if turn mod 2 = 0 then Mobivate.close client

let live_words () =
  (* Twice: values with finalisers are freed by the collection after the one that found them. *)
  Gc.full_major ();
  Gc.full_major ();
  (Gc.stat ()).live_words

let () =
  ignore (Standin.create_account usual);
  ignore (Standin.create_account long ~scenario:(`Assoc [ ("key", `String (String.make 4096 'k')) ]));
  for turn = 1 to 10 do
    hundred_calls turn
  done;
  let words = live_words () in
  let before = descriptors () and malloc = malloc_bytes () and resident = resident_bytes () in
  for turn = 1 to 300 do
    hundred_calls turn
  done;
  let more_words = live_words () - words in
  let more = descriptors () - before in
  let allocated = malloc_bytes () - malloc and grown = resident_bytes () - resident in
  Printf.printf "30000 more calls: %d words, %d bytes of malloc, %d bytes resident, %d descriptors\n" more_words
    allocated grown more;
  (* A word lost by each call would show, 35 bytes of malloc, and, since pages come in the allocators' steps, 140
     bytes that are neither's. How many clients wait for the collector makes up to half a MiB. *)
  exit
    (if more_words < 30000 && allocated <= 1024 * 1024 && grown <= 4 * 1024 * 1024 && more = 0 then 0 else 1)
