(* SPDX-License-Identifier: MIT
   The agent of the conformance cases: tests/bindings/README.md says what it is told. *)

module Secret = Mobivate.Secret

let clients : (string, Mobivate.t) Hashtbl.t = Hashtbl.create 2
let calls : (string, Thread.t * string ref) Hashtbl.t = Hashtbl.create 2

let text = function
  | "-" -> ""
  | hex ->
      let byte index = int_of_string ("0x" ^ String.sub hex (2 * index) 2) in
      String.init (String.length hex / 2) (fun index -> Char.chr (byte index))

let field = function
  | "" -> "-"
  | text ->
      let hex byte = Printf.sprintf "%02x" (Char.code byte) in
      String.concat "" (List.map hex (List.of_seq (String.to_seq text)))

let key_state : Mobivate.key_state -> string = function
  | Unchanged -> "unchanged"
  | Replaced -> "replaced"
  | Unknown -> "unknown"

let outcome ?(key_state_of_success = "unchanged") work =
  match work () with
  | Ok key -> Printf.sprintf "MBV_OK %s 0 0 - -1 - %s" key_state_of_success (field key)
  | Error (error : Mobivate.error) | (exception Mobivate.Error error) ->
      Printf.sprintf "%s %s %d %d %s %.0f %s -"
        (Mobivate.status_name error.status)
        (key_state error.key_state)
        (Option.value error.http_status ~default:0)
        (Option.value error.server_code ~default:0)
        (field (Option.value error.server_message ~default:""))
        (Option.fold error.retry_after ~none:(-1.) ~some:(fun seconds -> Float.round (seconds *. 1000.)))
        (field error.message)
  | exception Invalid_argument why when why = "Mobivate: the client is closed" -> "closed"
  | exception problem -> "error " ^ field (Printexc.to_string problem)

let rec set client = function
  | name :: value :: rest ->
      Result.bind (Mobivate.set client (text name) (text value)) (fun () -> set client rest)
  | _ -> Ok ""

let key_of call client username password () =
  let password = Secret.of_string (text password) in
  Result.map Secret.to_string (call client ~username:(text username) ~password)

let create = key_of Mobivate.create_key
let outcome_of_create = outcome ~key_state_of_success:"replaced"
let refused = "MBV_ERR_CREDENTIALS unchanged 0 0 - -1 - -"

(* In memory that never moves and is wiped: no buffer of OCaml's has it. *)
let read_secret path =
  let file = Unix.openfile path [ O_RDONLY ] 0 in
  let mapped = Bigarray.array1_of_genarray (Unix.map_file file Char C_layout false [| -1 |]) in
  Unix.close file;
  let secret = Secret.of_bigstring mapped in
  Bigarray.Array1.fill mapped '\000';
  secret

let read_text path =
  let channel = open_in_bin path in
  let text = really_input_string channel (in_channel_length channel) in
  close_in channel;
  text

let kept = ref []

let repeat client count kind secrets_in username path =
  let keep text = kept := text :: !kept; text in
  let in_text = secrets_in = "text" in
  let secret = if in_text then Secret.of_string (keep (read_text path)) else read_secret path in
  let hand_over call =
    let key = call client ~username ~password:secret in
    Result.map (fun key -> if in_text then ignore (keep (Secret.to_string key)); Secret.wipe key; true) key
  in
  for _ = 1 to count do
    match
      match kind with
      | "test" -> Mobivate.test_key client secret
      | "get" -> hand_over Mobivate.get_key
      | _ -> hand_over Mobivate.create_key
    with
    | Ok accepted -> if not accepted then failwith "the key is refused"
    | Error error -> raise (Mobivate.Error error)
  done;
  Secret.wipe secret

let answer = function
  | [ "runtime" ] -> field ("OCaml " ^ Sys.ocaml_version)
  | "new" :: number :: options ->
      outcome (fun () ->
          let client = Mobivate.create () in
          Hashtbl.replace clients number client;
          set client options)
  | [ "set"; number; name; value ] -> outcome (fun () -> set (Hashtbl.find clients number) [ name; value ])
  | [ "create"; number; username; password ] ->
      outcome_of_create (create (Hashtbl.find clients number) username password)
  | [ "get"; number; username; password ] ->
      outcome (key_of Mobivate.get_key (Hashtbl.find clients number) username password)
  | [ "test"; number; key ] -> (
      match Mobivate.test_key (Hashtbl.find clients number) (Secret.of_string (text key)) with
      | Ok false -> refused
      | other -> outcome (fun () -> Result.map (fun _ -> "") other))
  | [ "start"; number; username; password ] ->
      let result = ref "" in
      let work = create (Hashtbl.find clients number) username password in
      Hashtbl.replace calls number (Thread.create (fun () -> result := outcome_of_create work) (), result);
      "ok"
  | [ "wait"; number ] ->
      let thread, result = Hashtbl.find calls number in
      Thread.join thread;
      !result
  | [ "repeat"; number; count; kind; secrets_in; username; path ] ->
      repeat (Hashtbl.find clients number) (int_of_string count) kind secrets_in (text username) (text path);
      "ok"
  | [ ("cancel" | "uncancel" | "close") as act; number ] ->
      let act = List.assoc act Mobivate.[ ("cancel", cancel); ("uncancel", uncancel); ("close", close) ] in
      act (Hashtbl.find clients number);
      "ok"
  | [ "quit" ] -> "ok"
  | words -> "error " ^ field ("no such command: " ^ String.concat " " words)

let rec converse () =
  let words = String.split_on_char ' ' (read_line ()) in
  print_endline (try answer words with problem -> "error " ^ field (Printexc.to_string problem));
  if words <> [ "quit" ] then converse ()

let () = converse ()
