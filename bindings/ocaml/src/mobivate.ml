(* SPDX-License-Identifier: MIT *)

type key_state = Unchanged | Replaced | Unknown

type status =
  | Invalid_argument
  | No_memory
  | Busy
  | Cancelled
  | Timeout
  | Resolve
  | Connect
  | Tls
  | Transport
  | Credentials
  | Rate_limited
  | Rejected
  | Server
  | Protocol
  | Internal

type error = {
  status : status;
  message : string;
  key_state : key_state;
  http_status : int option;
  server_code : int option;
  server_message : string option;
  retry_after : float option;
}

exception Error of error

let () = Printexc.register_printer (function Error { message; _ } -> Some message | _ -> None)

(* As in mobivate.h, but for MBV_ERR_BUFFER_TOO_SMALL: the buffer always fits the longest key. *)
let statuses =
  [
    (-1, Invalid_argument);
    (-2, No_memory);
    (-3, Busy);
    (-4, Cancelled);
    (-5, Timeout);
    (-6, Resolve);
    (-7, Connect);
    (-8, Tls);
    (-9, Transport);
    (-10, Credentials);
    (-11, Rate_limited);
    (-12, Rejected);
    (-13, Server);
    (-14, Protocol);
    (-99, Internal);
  ]

module Secret = struct
  type t

  external for_a_key : unit -> t = "mobivate_ml_secret_for_a_key"
  external of_string : string -> t = "mobivate_ml_secret_of_string"

  external of_bigstring : (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t -> t
    = "mobivate_ml_secret_of_bigstring"

  external to_string : t -> string = "mobivate_ml_secret_to_string"
  external length : t -> int = "mobivate_ml_secret_length"
  external wipe : t -> unit = "mobivate_ml_secret_wipe"

  let take bytes =
    (* Read before anything else can write to it. *)
    let secret = of_string (Bytes.unsafe_to_string bytes) in
    Bytes.fill bytes 0 (Bytes.length bytes) '\000';
    secret
end

type t

(* What the library says about a call, in its own terms. Made in mobivate_stubs.c. *)
type report = {
  number : int;
  text : string;
  state : int;
  http : int;
  code : int;
  server_text : string;
  retry_after_ms : int64; (* may need all 64 bits *)
}

external library_version : unit -> string = "mobivate_ml_version"
external library_version_number : unit -> int = "mobivate_ml_version_number"
external library_file : unit -> string = "mobivate_ml_library_file"
external library_status_name : int -> string = "mobivate_ml_status_name"
external new_client : unit -> t = "mobivate_ml_new"
external set_option : t -> string -> string -> report = "mobivate_ml_set"
external call_create_key : t -> Secret.t -> Secret.t -> Secret.t -> report = "mobivate_ml_create_key"
external call_get_key : t -> Secret.t -> Secret.t -> Secret.t -> report = "mobivate_ml_get_key"
external call_test_key : t -> Secret.t -> report = "mobivate_ml_test_key"
external cancel : t -> unit = "mobivate_ml_cancel"
external uncancel : t -> unit = "mobivate_ml_uncancel"
external close : t -> unit = "mobivate_ml_close"

let version = library_version

let status_name status =
  let number, _ = List.find (fun (_, found) -> found = status) statuses in
  library_status_name number

let unsent status message =
  {
    status;
    message;
    key_state = Unchanged;
    http_status = None;
    server_code = None;
    server_message = None;
    retry_after = None;
  }

let status_of_number number = Option.value (List.assoc_opt number statuses) ~default:Internal

let error_of_report report =
  let known none value = if value = none then None else Some value in
  {
    status = status_of_number report.number;
    message = report.text;
    key_state = (match report.state with 0 -> Unchanged | 1 -> Replaced | _ -> Unknown);
    http_status = known 0 report.http;
    server_code = known 0 report.code;
    server_message = known "" report.server_text;
    retry_after = Option.map (fun ms -> Int64.to_float ms /. 1000.) (known (-1L) report.retry_after_ms);
  }

let set client option value =
  if String.contains option '\000' || String.contains value '\000' then
    Result.Error (unsent Invalid_argument (Printf.sprintf "The option %S contains a NUL." option))
  else
    let report = set_option client option value in
    (* The rest of the report is about the last call. *)
    if report.number = 0 then Ok ()
    else
      let error = unsent (status_of_number report.number) report.text in
      Result.Error (if error.status = Busy then { error with key_state = Unknown } else error)

let call_for_key call client ~username ~password =
  let key = Secret.for_a_key () in
  let report = call client (Secret.of_string username) password key in
  if report.number = 0 then Ok key else Result.Error (error_of_report report)

let create_key = call_for_key call_create_key
let get_key = call_for_key call_get_key

let test_key client key =
  let report = call_test_key client key in
  if report.number = 0 then Ok true
  else
    let error = error_of_report report in
    if error.status = Credentials then Ok false else Result.Error error

(* Rounded, but a positive time never to zero. *)
let milliseconds seconds =
  let rounded = Float.round (seconds *. 1000.) in
  Printf.sprintf "%.0f" (if seconds > 0. && rounded < 1. then 1. else rounded)

let check_library () =
  let number = library_version_number () in
  if number < 10100 || number >= 20000 then
    failwith
      (Printf.sprintf
         "found libmobivate %s (%s); this package needs >= 1.1.0, < 2"
         (library_version ()) (library_file ()))

let create ?base_url ?timeout ?connect_timeout ?ca_file ?ca_dir ?proxy ?user_agent () =
  check_library ();
  let client = new_client () in
  let set_if_given option = function
    | None -> ()
    | Some value -> (
        match set client option value with Ok () -> () | Result.Error error -> raise (Error error))
  in
  set_if_given "base_url" base_url;
  set_if_given "timeout_ms" (Option.map milliseconds timeout);
  set_if_given "connect_timeout_ms" (Option.map milliseconds connect_timeout);
  set_if_given "ca_file" ca_file;
  set_if_given "ca_dir" ca_dir;
  set_if_given "proxy" proxy;
  set_if_given "user_agent" user_agent;
  client
