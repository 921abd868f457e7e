(* SPDX-License-Identifier: MIT
   Ten thousand calls leave no memory and no descriptor behind. *)

let usual = "leaks-ocaml@example.com"
let long = "leaks-long-ocaml@example.com"
let descriptors () = Array.length (Sys.readdir "/proc/self/fd")

let resident_bytes () =
  let input = open_in "/proc/self/statm" in
  Fun.protect
    ~finally:(fun () -> close_in input)
    (fun () -> Scanf.sscanf (input_line input) "%d %d" (fun _ pages -> pages * 4096))

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
  let before = descriptors () and resident = resident_bytes () in
  for turn = 1 to 300 do
    hundred_calls turn
  done;
  let more_words = live_words () - words in
  let more = descriptors () - before and grown = resident_bytes () - resident in
  Printf.printf "30000 more calls: %d words, %d bytes resident, %d descriptors\n" more_words grown more;
  (* A word lost by each call would show, and 35 bytes outside OCaml's heap. How many clients wait for the
     collector, and where they lie, makes up to half a MiB. *)
  exit (if more_words < 30000 && grown <= 1024 * 1024 && more = 0 then 0 else 1)
