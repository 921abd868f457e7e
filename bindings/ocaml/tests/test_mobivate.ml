(* SPDX-License-Identifier: MIT
   What the package promises beyond the cases of tests/bindings: lifetime, cancelling, errors, secrets. *)

open OUnit2

external copies : string -> int = "test_copies"

let never_answers = Standin.Json.from_string {|{"creates": true, "cut": {"after": 0, "how": "stall"}}|}

let create_key ?(password = "correct-password") client username =
  Mobivate.create_key client ~username ~password:(Mobivate.Secret.of_string password)

let assert_status expected outcome =
  match outcome with
  | Ok _ -> assert_failure "a key was created"
  | Error (error : Mobivate.error) ->
      assert_equal ~printer:Fun.id (Mobivate.status_name expected) (Mobivate.status_name error.status)

let assert_closed work = assert_raises (Invalid_argument "Mobivate: the client is closed") work

(* Runs a call on a thread of its own, does the rest once the stand-in has its request, and returns what came
   out of the call. *)
let during_a_call client username rest =
  let before = Standin.await_requests username 0 in
  let outcome = ref None in
  let thread = Thread.create (fun () -> outcome := Some (create_key client username)) () in
  ignore (Standin.await_requests username (before.requests + 1));
  rest ();
  Thread.join thread;
  Option.get !outcome

let test_close _ =
  let username = "closed-ocaml@example.com" in
  ignore (Standin.create_account username);
  let client = Standin.client "http" in
  assert_bool "created" (Result.is_ok (create_key client username));
  Mobivate.close client;
  Mobivate.close client;
  assert_closed (fun () -> create_key client username);
  assert_closed (fun () -> Mobivate.set client "user_agent" "x");
  Mobivate.cancel client;
  Mobivate.uncancel client

let descriptors () = Array.length (Sys.readdir "/proc/self/fd")

let collect () =
  (* Twice: values with finalisers are freed by the collection after the one that found them. *)
  Gc.full_major ();
  Gc.full_major ()

let test_close_during_a_call _ =
  let username = "closed-in-a-call-ocaml@example.com" in
  ignore (Standin.create_account username ~scenario:never_answers);
  collect ();
  let before = descriptors () in
  let client = Standin.client "http" in
  let close_and_take_back () =
    Mobivate.close client;
    Mobivate.uncancel client;
    Mobivate.close client
  in
  assert_status Cancelled (during_a_call client username close_and_take_back);
  assert_equal ~printer:string_of_int before (descriptors ());
  assert_closed (fun () -> create_key client username)

let test_two_threads _ =
  let username = "two-threads-ocaml@example.com" in
  let account = Standin.create_account username in
  let client = Standin.client "http" in
  let created = Atomic.make 0 and refused = Atomic.make 0 and mixed_up = Atomic.make "" in
  let rec calls (password, left) =
    if left > 0 then
      match create_key client username ~password with
      | Ok _ -> Atomic.incr created; calls (password, left - 1)
      | Error { status = Credentials; key_state = Unchanged; http_status = Some 401; _ } ->
          Atomic.incr refused;
          calls (password, left - 1)
      | Error { status = Busy; key_state = Unknown; http_status = None; _ } ->
          Thread.yield ();
          calls (password, left)
      | Error { message; _ } -> Atomic.set mixed_up message
  in
  let work = [ ("correct-password", 25); ("wrong", 25); ("correct-password", 25); ("wrong", 25) ] in
  List.iter Thread.join (List.map (Thread.create calls) work);
  assert_equal ~printer:Fun.id "" (Atomic.get mixed_up);
  assert_equal ~printer:string_of_int 50 (Atomic.get created);
  assert_equal ~printer:string_of_int 50 (Atomic.get refused);
  let after = Standin.await_requests username 0 in
  assert_equal ~printer:string_of_int 100 (after.requests - account.requests)

let test_collected _ =
  let username = "collected-ocaml@example.com" in
  ignore (Standin.create_account username);
  collect ();
  let before = descriptors () in
  for _ = 1 to 10 do
    assert_bool "created" (Result.is_ok (create_key (Standin.client "http") username))
  done;
  collect ();
  assert_equal ~printer:string_of_int before (descriptors ())

exception Interrupted

(* An exception of a signal's handler comes after the call, and leaves the client as it should be. *)
let test_signal _ =
  let username = "signal-ocaml@example.com" in
  ignore (Standin.create_account username ~scenario:never_answers);
  let client = Standin.client ~timeout:0.3 "http" in
  let previous = Sys.signal Sys.sigusr1 (Signal_handle (fun _ -> raise Interrupted)) in
  let sender =
    (* A process, since a thread could be the one that the handler runs on. *)
    match Unix.fork () with
    | 0 ->
        ignore (Standin.await_requests username 1);
        Unix.kill (Unix.getppid ()) Sys.sigusr1;
        Unix._exit 0
    | child -> child
  in
  assert_raises Interrupted (fun () -> create_key client username);
  ignore (Unix.waitpid [] sender);
  Sys.set_signal Sys.sigusr1 previous;
  ignore (Standin.create_account username);
  assert_bool "created" (Result.is_ok (create_key client username))

let failure ?(scenario = {|{"status": 500, "creates": true}|}) client username =
  ignore (Standin.create_account username ~scenario:(Standin.Json.from_string scenario));
  match create_key client username with Ok _ -> assert_failure "a key was created" | Error error -> error

(* To another process, say, or to another thread. *)
let test_an_error_travels _ =
  let error = failure (Standin.client "http") "marshalled-ocaml@example.com" in
  assert_equal Mobivate.Unknown error.key_state;
  let copy : Mobivate.error = Marshal.from_string (Marshal.to_string error []) 0 in
  assert_equal error copy;
  assert_equal ~printer:Fun.id error.message (Printexc.to_string (Mobivate.Error copy))

(* Longer than OCaml's integers can say: in milliseconds they have 63 bits. *)
let test_a_long_time_to_wait _ =
  let scenario retry_after =
    Printf.sprintf {|{"status": 429, "headers": [["Retry-After", "%s"]], "body": {"code": 429}}|} retry_after
  in
  List.iter
    (fun (seconds, expected) ->
      let error = failure ~scenario:(scenario seconds) (Standin.client "http") "wait-ocaml@example.com" in
      assert_equal ~printer:(Option.fold ~none:"none" ~some:string_of_float) (Some expected) error.retry_after)
    [ ("7", 7.); ("0", 0.); ("4611686018427388", 4611686018427388.); ("9000000000000000", 9e15) ]

(* Not unchanged: the call on the other thread may be replacing the key. *)
let test_an_option_during_a_call _ =
  let username = "set-in-a-call-ocaml@example.com" in
  ignore (Standin.create_account username ~scenario:never_answers);
  let client = Standin.client "http" in
  let set_and_cancel () =
    (match Mobivate.set client "timeout_ms" "1" with
    | Error { status = Busy; key_state = Unknown; _ } -> ()
    | _ -> assert_failure "it was not busy");
    Mobivate.cancel client
  in
  assert_status Cancelled (during_a_call client username set_and_cancel)

let test_unknown_is_none _ =
  let base_url = "https://" ^ Option.get (Standin.fact "hosts.refused") in
  match create_key (Mobivate.create ~base_url ~proxy:"" ()) "nobody@example.com" with
  | Ok _ -> assert_failure "a key was created"
  | Error error ->
      assert_equal Mobivate.Connect error.status;
      assert_equal None error.http_status;
      assert_equal None error.server_code;
      assert_equal None error.server_message;
      assert_equal None error.retry_after

let message_of work =
  match work () with
  | exception Mobivate.Error { status = Invalid_argument; message; _ } -> message
  | _ -> "it was taken"

let correct = Mobivate.Secret.of_string "correct-password"

let test_asking _ =
  let username = "asking-ocaml@example.com" in
  let account = Standin.create_account username in
  let client = Standin.client "http" in
  (match Mobivate.get_key client ~username ~password:correct with
  | Error { message; _ } -> assert_failure message
  | Ok key ->
      assert_equal ~printer:Fun.id account.valid_key (Mobivate.Secret.to_string key);
      assert_equal (Ok true) (Mobivate.test_key client key));
  assert_equal (Ok false) (Mobivate.test_key client (Mobivate.Secret.of_string "no-such-key"));
  (match Mobivate.test_key client (Mobivate.Secret.of_string "a key") with
  | Error { status = Invalid_argument; key_state = Unchanged; _ } -> ()
  | _ -> assert_failure "a blank was taken");
  Mobivate.close client;
  assert_closed (fun () -> Mobivate.get_key client ~username ~password:correct);
  assert_closed (fun () -> Mobivate.test_key client correct)

(* The README's. *)
let test_rotation _ =
  let rotated ?(password = correct) scenario =
    let username = "rotated-ocaml@example.com" in
    ignore (Standin.create_account username ~scenario:(Standin.Json.from_string scenario));
    let stored = ref "" in
    let store key = stored := Mobivate.Secret.to_string key in
    let outcome = Rotation.rotate (Standin.client "http") ~username ~password ~store in
    (outcome, !stored, Standin.await_requests username 0)
  in
  List.iter
    (fun scenario ->
      let outcome, stored, account = rotated scenario in
      assert_equal (Ok ()) outcome;
      assert_equal ~printer:Fun.id account.valid_key stored;
      assert_equal ~printer:string_of_int 1 account.requests)
    [ "{}"; {|{"creates": true, "cut": {"after": 0, "how": "close"}}|} ];
  let outcome, stored, _ = rotated ~password:(Mobivate.Secret.of_string "wrong") "{}" in
  assert_status Credentials outcome;
  assert_equal "" stored

let test_options _ =
  let refused start work =
    let message = message_of work in
    let begins = Str.string_match (Str.regexp_string start) message 0 in
    assert_bool (Printf.sprintf "%S is not the start of %S" start message) begins
  in
  refused "The option base_url" (fun () -> Mobivate.create ~base_url:"ftp://example.com" ());
  refused "The option timeout_ms" (fun () -> Mobivate.create ~timeout:0. ());
  refused "The option timeout_ms" (fun () -> Mobivate.create ~timeout:nan ());
  refused "The option connect_timeout_ms" (fun () -> Mobivate.create ~connect_timeout:infinity ());
  refused "The option ca_file" (fun () -> Mobivate.create ~ca_file:"" ());
  refused "The option ca_dir" (fun () -> Mobivate.create ~ca_dir:"" ());
  refused "The option proxy" (fun () -> Mobivate.create ~proxy:"gopher://x" ());
  refused "The option user_agent" (fun () -> Mobivate.create ~user_agent:"a\r\nb" ());
  refused "The option \"proxy\" contains a NUL." (fun () -> Mobivate.create ~proxy:"a\000b" ());
  ignore (Mobivate.create ~timeout:1e-9 ~connect_timeout:2147483.647 ())

(* Seconds reach the library as milliseconds. *)
let test_timeout _ =
  let base_url = "https://" ^ Option.get (Standin.fact "hosts.silent") in
  let client = Mobivate.create ~base_url ~proxy:"" ~timeout:0.0576 () in
  match create_key client "nobody@example.com" with
  | Error { status = Timeout; message; _ } ->
      let expected = Str.regexp_string "timeout_ms (58 ms)" in
      assert_bool message (Str.search_forward expected message 0 >= 0)
  | _ -> assert_failure "no time-out"

let test_secret _ =
  let secret = Mobivate.Secret.of_string "a\000b" in
  assert_equal 3 (Mobivate.Secret.length secret);
  assert_equal "a\000b" (Mobivate.Secret.to_string secret);
  Mobivate.Secret.wipe secret;
  assert_equal 0 (Mobivate.Secret.length secret);
  assert_equal "" (Mobivate.Secret.to_string secret);
  let bytes = Bytes.of_string "taken" in
  assert_equal "taken" (Mobivate.Secret.to_string (Mobivate.Secret.take bytes));
  assert_equal "\000\000\000\000\000" (Bytes.to_string bytes);
  let bigstring = Bigarray.Array1.of_array Char C_layout [| 'x'; 'y'; 'z' |] in
  let part = Bigarray.Array1.sub bigstring 1 2 in
  assert_equal "yz" (Mobivate.Secret.to_string (Mobivate.Secret.of_bigstring part));
  let other = Mobivate.Secret.of_string "a" in
  assert_raises (Invalid_argument "compare: abstract value") (fun () -> secret = other);
  assert_raises (Invalid_argument "output_value: abstract value (Custom)") (fun () ->
      Marshal.to_string secret [])

(* A part of a secret, every bit flipped, so that it is no copy itself. Not the start, where free() writes. *)
let flipped ?(from = 16) byte_at =
  String.init 20 (fun index -> Char.chr (lnot (byte_at (from + index)) land 255))

(* Of a size that little else has, so that a copy that is freed is not soon written over. *)
let random_secret size =
  let bigstring = Bigarray.Array1.init Char C_layout size (fun _ -> Char.chr (65 + Random.int 26)) in
  (bigstring, flipped ~from:(size / 2) (fun index -> Char.code bigstring.{index}))

let test_no_copies _ =
  let check name scenario =
    let username = Printf.sprintf "secret-%s-ocaml@example.com" name in
    (* The stand-in takes any password here, so that this process never had it before. *)
    ignore (Standin.create_account username ~scenario:(Standin.Json.from_string scenario));
    let client = Standin.client "https" in
    let bigstring, password_needle = random_secret 300 in
    let password = Mobivate.Secret.of_bigstring bigstring in
    assert_equal ~printer:string_of_int 2 (copies password_needle);
    Bigarray.Array1.fill bigstring '\000';
    match Mobivate.create_key client ~username ~password with
    | Error { message; _ } -> assert_failure message
    | Ok key ->
        assert_equal ~printer:string_of_int ~msg:"password, in use" 1 (copies password_needle);
        Mobivate.Secret.wipe password;
        assert_equal ~printer:string_of_int ~msg:"password, wiped" 0 (copies password_needle);
        (* What is known of the key is a copy that OCaml made, and this takes it away again. *)
        let text = Mobivate.Secret.to_string key in
        let key_needle = flipped (fun index -> Char.code text.[index]) in
        assert_equal ~printer:string_of_int ~msg:"key and the string of it" 2 (copies key_needle);
        Bytes.fill (Bytes.unsafe_of_string text) 0 (String.length text) '\000';
        assert_equal ~printer:string_of_int ~msg:"key, in use" 1 (copies key_needle);
        ignore (Sys.opaque_identity key)
  in
  let wiped_when_collected () =
    let bigstring, needle = random_secret 60000 in
    ignore (Sys.opaque_identity (Mobivate.Secret.of_bigstring bigstring));
    Bigarray.Array1.fill bigstring '\000';
    needle
  in
  Random.self_init ();
  check "usual" {|{"always": true}|};
  check "long" {|{"always": true, "key_size": 1000}|};
  let needle = wiped_when_collected () in
  collect ();
  assert_equal ~printer:string_of_int ~msg:"collected" 0 (copies needle)

let all_matches pattern text get =
  let rec from at found =
    match Str.search_forward pattern text at with
    | exception Not_found -> List.sort compare found
    | _ ->
        let next = Str.match_end () in
        from next (get () :: found)
  in
  from 0 []

let statuses : (string * Mobivate.status) list =
  [
    ("MBV_ERR_INVALID_ARGUMENT", Invalid_argument);
    ("MBV_ERR_NO_MEMORY", No_memory);
    ("MBV_ERR_BUSY", Busy);
    ("MBV_ERR_CANCELLED", Cancelled);
    ("MBV_ERR_TIMEOUT", Timeout);
    ("MBV_ERR_RESOLVE", Resolve);
    ("MBV_ERR_CONNECT", Connect);
    ("MBV_ERR_TLS", Tls);
    ("MBV_ERR_TRANSPORT", Transport);
    ("MBV_ERR_CREDENTIALS", Credentials);
    ("MBV_ERR_RATE_LIMITED", Rate_limited);
    ("MBV_ERR_REJECTED", Rejected);
    ("MBV_ERR_SERVER", Server);
    ("MBV_ERR_PROTOCOL", Protocol);
    ("MBV_ERR_INTERNAL", Internal);
  ]

(* The C compiler has compared the stubs with mobivate.h. Left are OCaml's numbers, and what it says of the
   stubs. *)
let test_declarations _ =
  let header = Standin.Json.from_file (Standin.variable "MOBIVATE_HEADER") in
  let members name = Standin.Json.Util.(to_assoc (member name header)) in
  let printer = String.concat " " in
  let ours = "MBV_OK" :: "MBV_ERR_BUFFER_TOO_SMALL" :: List.map fst statuses in
  assert_equal ~printer (List.sort compare (List.map fst (members "status"))) (List.sort compare ours);
  List.iter (fun (name, status) -> assert_equal ~printer:Fun.id name (Mobivate.status_name status)) statuses;
  assert_equal
    (Standin.Json.from_string {|{"MBV_KEY_UNCHANGED": 0, "MBV_KEY_REPLACED": 1, "MBV_KEY_UNKNOWN": 2}|})
    (`Assoc (members "key_states"));

  let ocaml = Standin.read "src/mobivate.ml" and c = Standin.read "src/mobivate_stubs.c" in
  let arity_printer list = printer (List.map (fun (name, arity) -> Printf.sprintf "%s/%d" name arity) list) in
  let count pattern text = List.length (all_matches (Str.regexp pattern) text ignore) in
  let externals =
    all_matches (Str.regexp "external [a-z_]+ : \\([^=]*\\)= \"\\([a-z_]+\\)\"") ocaml (fun () ->
        (Str.matched_group 2 ocaml, Str.matched_group 1 ocaml))
  in
  let stubs =
    all_matches (Str.regexp "^CAMLprim value \\(mobivate_ml_[a-z_]+\\)(\\([^)]*\\))") c (fun () ->
        (Str.matched_group 1 c, Str.matched_group 2 c))
  in
  assert_equal ~printer:arity_printer
    (List.map (fun (name, parameters) -> (name, 1 + count "," parameters)) stubs)
    (List.map (fun (name, type_) -> (name, count "->" type_)) externals);

  let used = all_matches (Str.regexp "mbv_[a-z_]+") c (fun () -> Str.matched_string c) in
  let functions = "mbv_take_key" :: "mbv_status_message" :: List.filter (( <> ) "mbv_client") used in
  let declared = List.map fst (members "functions") in
  assert_equal ~printer (List.sort compare declared) (List.sort_uniq compare functions)

let () =
  run_test_tt_main
    ("mobivate"
    >::: [
           "close" >:: test_close;
           "close during a call" >:: test_close_during_a_call;
           "two threads" >:: test_two_threads;
           "collected" >:: test_collected;
           "signal" >:: test_signal;
           "an error travels" >:: test_an_error_travels;
           "a long time to wait" >:: test_a_long_time_to_wait;
           "an option during a call" >:: test_an_option_during_a_call;
           "unknown is none" >:: test_unknown_is_none;
           "asking" >:: test_asking;
           "rotation" >:: test_rotation;
           "options" >:: test_options;
           "timeout" >:: test_timeout;
           "secret" >:: test_secret;
           "no copies" >:: test_no_copies;
           "declarations" >:: test_declarations;
         ])
