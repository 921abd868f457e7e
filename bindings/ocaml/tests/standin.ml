(* SPDX-License-Identifier: MIT
   The stand-in for the service that this process was started beside. *)

module Json = Yojson.Basic

type account = { requests : int; valid_key : string }

let variable name =
  match Sys.getenv_opt name with
  | Some value -> value
  | None -> failwith (name ^ " is not set: run tests/bindings/run_binding.py")

let read path =
  let input = open_in_bin path in
  let text = really_input_string input (in_channel_length input) in
  close_in input;
  text

let facts = lazy (Json.from_string (variable "MOBIVATE_STANDIN"))

(* A fact by its path, such as "hosts.refused". *)
let fact path =
  let member value name =
    match value with Some (`Assoc members) -> List.assoc_opt name members | _ -> None
  in
  match List.fold_left member (Some (Lazy.force facts)) (String.split_on_char '.' path) with
  | Some (`String text) -> Some text
  | _ -> None

let client ?(timeout = 30.) scheme =
  Mobivate.create ?base_url:(fact scheme) ?ca_file:(fact "ca_file") ~proxy:"" ~timeout ()

let ask meth path body =
  let url = Option.get (fact "http") in
  let host, port = Scanf.sscanf url "http://%s@:%d" (fun host port -> (host, port)) in
  let input, output = Unix.open_connection (ADDR_INET (Unix.inet_addr_of_string host, port)) in
  Fun.protect
    ~finally:(fun () -> close_in input)
    (fun () ->
      Printf.fprintf output "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n" meth path host;
      Printf.fprintf output "Content-Length: %d\r\n\r\n%s%!" (String.length body) body;
      let status = input_line input in
      while input_line input <> "\r" do
        ()
      done;
      let answer = Json.from_channel input in
      if not (List.mem (String.sub status 9 3) [ "200"; "201" ]) then
        failwith (Printf.sprintf "%s %s: %s%s" meth path status (Json.to_string answer));
      answer)

let account state =
  let open Json.Util in
  { requests = to_int (member "requests" state); valid_key = to_string (member "valid_key" state) }

(* Creates an account, or resets it. *)
let create_account ?(password = "correct-password") ?(scenario = `Assoc []) username =
  let facts = [ ("username", `String username); ("password", `String password); ("scenario", scenario) ] in
  account (ask "POST" "/standin/accounts" (Json.to_string (`Assoc facts)))

let percent_encoded text =
  let encoded = function
    | ('a' .. 'z' | 'A' .. 'Z' | '0' .. '9') as letter -> String.make 1 letter
    | other -> Printf.sprintf "%%%02X" (Char.code other)
  in
  String.concat "" (List.map encoded (List.of_seq (String.to_seq text)))

(* The account, as soon as it has had so many requests. *)
let await_requests username requests =
  let name = percent_encoded username in
  account (ask "GET" (Printf.sprintf "/standin/accounts/%s?requests=%d&timeout_ms=10000" name requests) "")
