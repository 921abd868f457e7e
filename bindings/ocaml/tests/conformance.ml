(* SPDX-License-Identifier: MIT
   Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean. *)

open Standin.Json.Util

exception Wrong of string

type outcome = Created of Mobivate.Secret.t | Set | Failed of Mobivate.error | Closed

let wrong format = Printf.ksprintf (fun why -> raise (Wrong why)) format
let optional name value = match member name value with `Null -> None | found -> Some found

(* A text, or {"repeat": [TEXT, COUNT]}. *)
let text_of = function
  | `String text -> text
  | rule -> (
      match to_list (member "repeat" rule) with
      | [ `String text; `Int count ] -> String.concat "" (List.init count (fun _ -> text))
      | _ -> wrong "this is no text: %s" (Standin.Json.to_string rule))

let text name default value = Option.fold ~none:default ~some:text_of (optional name value)

let client_of case =
  let base_url = text "base_url" "https" case in
  let base_url =
    match Standin.fact base_url with
    | Some host when String.length base_url > 6 && String.sub base_url 0 6 = "hosts." -> "https://" ^ host
    | Some url -> url
    | None -> base_url
  in
  let ca_file = if member "ca_file" case = `Bool false then None else Standin.fact "ca_file" in
  let client = Mobivate.create ~base_url ?ca_file ~proxy:"" () in
  let set (name, value) =
    match Mobivate.set client name (to_string value) with
    | Ok () -> ()
    | Error { message; _ } -> wrong "%s" message
  in
  List.iter set (Option.fold ~none:[] ~some:to_assoc (optional "options" case));
  client

let create_key client username password =
  match Mobivate.create_key client ~username ~password:(Mobivate.Secret.of_string password) with
  | Ok key -> Created key
  | Error error -> Failed error
  | exception Invalid_argument _ -> Closed

(* Runs a function on a thread of its own; what it returns has to be awaited. *)
let start work =
  let result = ref None in
  let thread = Thread.create (fun () -> result := Some (try Ok (work ()) with problem -> Error problem)) () in
  fun () ->
    Thread.join thread;
    match Option.get !result with Ok value -> value | Error problem -> raise problem

let status = function
  | Created _ | Set -> "MBV_OK"
  | Closed -> "closed"
  | Failed error -> Mobivate.status_name error.status

let key_state = function
  | Created _ -> "replaced"
  | Failed { key_state = Unchanged; _ } -> "unchanged"
  | Failed { key_state = Replaced; _ } -> "replaced"
  | Failed { key_state = Unknown; _ } -> "unknown"
  | Set | Closed -> "none"

let message = function Failed error -> error.message | _ -> ""
let server_message = function Failed { server_message = Some text; _ } -> text | _ -> ""

let contains text part =
  let size = String.length part in
  let rec from at = at + size <= String.length text && (String.sub text at size = part || from (at + 1)) in
  from 0

(* Compares what the binding tells with `expect`. *)
let compare_outcome step outcome =
  let of_error get none =
    `Int (match outcome with Failed error -> Option.value (get error) ~default:none | _ -> none)
  in
  let compare_member (name, expected) =
    let same found =
      if found <> expected then
        let text = Standin.Json.to_string in
        wrong "%s is %s and should be %s" name (text found) (text expected)
    in
    let each check =
      List.iter check (match expected with `List texts -> List.map to_string texts | one -> [ to_string one ])
    in
    match name with
    | "status" -> same (`String (status outcome))
    | "closed" -> same (`Bool (outcome = Closed))
    | "key_state" -> same (`String (key_state outcome))
    | "http_status" -> same (of_error (fun error -> error.http_status) 0)
    | "server_code" -> same (of_error (fun error -> error.server_code) 0)
    | "server_message" -> same (`String (server_message outcome))
    | "retry_after_ms" ->
        let milliseconds seconds = int_of_float (seconds *. 1000.) in
        same (of_error (fun error -> Option.map milliseconds error.retry_after) (-1))
    | "key_size" -> same (`Int (match outcome with Created key -> Mobivate.Secret.length key | _ -> 0))
    | "message_contains" ->
        each (fun part ->
            if not (contains (message outcome) part) then wrong "%S is not in %S" part (message outcome))
    | "message_lacks" ->
        each (fun part ->
            if contains (message outcome) part || contains (server_message outcome) part then
              wrong "%S is in %S" part (message outcome))
    | "requests" | "valid" -> () (* compare_account *)
    | other -> wrong "there is nothing to expect of %S" other
  in
  List.iter compare_member (Option.fold ~none:[] ~some:to_assoc (optional "expect" step))

let compare_words outcome =
  let words = [ "The old key still works."; "The old key is revoked."; "The old key may be revoked" ] in
  match outcome with
  | Failed { status = Busy; message; _ } ->
      if not (contains message "another thread") then wrong "%S does not speak of another thread" message
  | Failed { message; _ } ->
      if not (List.exists (contains message) words) then wrong "the key state is not named in %S" message
  | _ -> ()

(* Compares the truth that the stand-in knows with `expect`. *)
let compare_account step username (before : Standin.account) outcome =
  let expect = Option.value (optional "expect" step) ~default:(`Assoc []) in
  let requests = Option.map to_int (optional "requests" expect) in
  let after = Standin.await_requests username (before.requests + Option.value requests ~default:0) in
  let check_requests expected =
    let found = after.requests - before.requests in
    if found <> expected then wrong "requests is %d and should be %d" found expected
  in
  Option.iter check_requests requests;
  let check_valid expected =
    let found =
      if after.valid_key = before.valid_key then "old"
      else
        match outcome with
        | Created key when Mobivate.Secret.to_string key = after.valid_key -> "new"
        | _ -> "lost"
    in
    if found <> expected then wrong "the valid key is the %s one and should be the %s one" found expected
  in
  Option.iter check_valid (Option.map to_string (optional "valid" expect))

let run_step case client username password step =
  let finish ?(username = username) before outcome =
    compare_outcome step outcome;
    compare_words outcome;
    compare_account step username before outcome
  in
  match to_string (member "do" step) with
  | "create_key" ->
      let before = Standin.await_requests username 0 in
      finish before (create_key client (text "username" username step) (text "password" password step))
  | "create_key_then_cancel" ->
      let before = Standin.await_requests username 0 in
      let outcome = start (fun () -> create_key client username password) in
      ignore (Standin.await_requests username (before.requests + 1));
      Mobivate.cancel client;
      finish before (outcome ())
  | "create_key_while_busy" ->
      let before = Standin.await_requests username 0 in
      let first = start (fun () -> create_key client username password) in
      ignore (Standin.await_requests username (before.requests + 1));
      let second = create_key client username password in
      Mobivate.cancel client;
      let first = first () in
      if status first <> "MBV_ERR_CANCELLED" then wrong "the first call ended with %s" (status first);
      finish before second
  | "create_key_on_two_clients" ->
      let other_username = "second-" ^ username in
      let before_other =
        Standin.create_account other_username ~password ?scenario:(optional "scenario" case)
      in
      let before = Standin.await_requests username 0 in
      let other_client = client_of case in
      let one = start (fun () -> create_key client username password) in
      let other = start (fun () -> create_key other_client other_username password) in
      finish before (one ());
      finish ~username:other_username before_other (other ());
      Mobivate.close other_client
  | "cancel" -> Mobivate.cancel client
  | "uncancel" -> Mobivate.uncancel client
  | "close" -> Mobivate.close client
  | "set" ->
      compare_outcome step
        (match Mobivate.set client (to_string (member "option" step)) (to_string (member "value" step)) with
        | Ok () -> Set
        | Error error -> Failed error)
  | other -> wrong "there is no step %S" other

let run case =
  let password = text "password" "correct-password" case in
  let username =
    match optional "username" case with
    | Some rule -> text_of rule
    | None ->
        let username = to_string (member "name" case) ^ "-ocaml@example.com" in
        ignore (Standin.create_account username ~password ?scenario:(optional "scenario" case));
        username
  in
  let client = client_of case in
  List.iteri
    (fun index step ->
      for _ = 1 to Option.fold ~none:1 ~some:to_int (optional "repeat" step) do
        try run_step case client username password step with Wrong why -> wrong "step %d: %s" (index + 1) why
      done)
    (to_list (member "steps" case));
  Mobivate.close client

let () =
  let cases = to_list (member "cases" (Standin.Json.from_file (Standin.variable "MOBIVATE_CASES"))) in
  let run_case case =
    let name = to_string (member "name" case) in
    match run case with
    | () ->
        Printf.printf "ok %s\n%!" name;
        true
    | exception problem ->
        let why = match problem with Wrong why -> why | other -> Printexc.to_string other in
        Printf.printf "not ok %s: %s\n%!" name why;
        false
  in
  let passed, failed = List.partition Fun.id (List.map run_case cases) in
  Printf.printf "%d passed, %d failed, 0 skipped\n" (List.length passed) (List.length failed);
  exit (if failed = [] then 0 else 1)
