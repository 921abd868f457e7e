(* SPDX-License-Identifier: MIT
   The package as a stranger uses it: the README's example, and a libmobivate that is missing or has another version.
   Started in the folder of the package, which the README's line has installed below MOBIVATE_SCRATCH. *)

let file = Filename.concat (Standin.variable "MOBIVATE_SCRATCH")
let quoted name = Filename.quote (file name)
let stub version = Filename.concat (Standin.variable "MOBIVATE_STUBS") version
let fact name = Option.get (Standin.fact name)
let username = "first.last@example.com"

let write name text =
  let output = open_out_bin (file name) in
  output_string output text;
  close_out output

let check what condition = if not condition then failwith what

let contains text part =
  match Str.search_forward (Str.regexp_string part) text 0 with _ -> true | exception Not_found -> false

let replaced old fresh text =
  check (old ^ " is not there") (contains text old);
  Str.global_replace (Str.regexp_string old) fresh text

(* Runs a command, and tells its exit code, and what it wrote. *)
let run format =
  let run_command command =
    let code = Sys.command (Printf.sprintf "{ %s; } >%s 2>%s" command (quoted "output") (quoted "errors")) in
    (code, Standin.read (file "output"), Standin.read (file "errors"))
  in
  Printf.ksprintf run_command format

(* opam's own packages set these two. *)
let environment =
  let installed = quoted "user/home/.opam/default/lib" in
  Printf.sprintf "OCAMLPATH=%s CAML_LD_LIBRARY_PATH=%s/stublibs" installed installed

let compile compiler name program =
  write (name ^ ".ml") program;
  let code, _, errors =
    run "cd %s && %s ocamlfind %s -package mobivate -linkpkg %s.ml -o %s" (quoted "") environment compiler name name
  in
  check errors (code = 0)

(* As written, but for where the service is. *)
let example =
  let readme = Standin.read "README.md" in
  let fence = "```ocaml\n" in
  let start = Str.search_forward (Str.regexp_string fence) readme 0 + String.length fence in
  let code = String.sub readme start (Str.search_forward (Str.regexp_string "```") readme start - start) in
  check "README.md and examples/create_key.ml differ"
    (Standin.read "examples/create_key.ml" = "(* SPDX-License-Identifier: MIT *)\n" ^ code);
  let options = Printf.sprintf "~base_url:(Sys.getenv \"BASE_URL\") ~ca_file:%S ~proxy:\"\" ()" (fact "ca_file") in
  replaced "Mobivate.create ()" ("Mobivate.create " ^ options) code

let run_example ?(runtime = "") ?(base_url = fact "https") ?(output = "&1") name =
  run "BASE_URL=%s %s %s %s >%s" base_url environment runtime (quoted name) output

let readmes_example_runs () =
  compile "ocamlopt" "first" example;
  compile "ocamlc" "first_byte" example;
  ignore (Standin.create_account username ~password:"your-pass");
  List.iter
    (fun (name, runtime) ->
      let code, output, errors = run_example ~runtime name in
      check errors (code = 0 && errors = "");
      check output (output = (Standin.await_requests username 0).valid_key ^ "\n"))
    [ ("first", ""); ("first_byte", "ocamlrun") ]

let exit_codes_are_the_tools () =
  compile "ocamlopt" "wrong" (replaced "\"your-pass\"" "\"\"" example);
  let ends ?(scenario = "{}") ?(password = "your-pass") ?base_url ?output ?(name = "first") code part =
    ignore (Standin.create_account username ~password ~scenario:(Standin.Json.from_string scenario));
    let found, output, errors = run_example ?base_url ?output name in
    check (Printf.sprintf "%d, not %d: %s%s" found code output errors) (found = code && output = "");
    check errors (contains errors part)
  in
  ends 2 "The password is empty. The old key still works." ~name:"wrong";
  ends 3 "(HTTP 401): Invalid Credentials. The old key still works." ~password:"another";
  ends 3 "Slow" ~scenario:{|{"status": 429, "body": {"code": 429, "message": "Slow"}}|};
  ends 4 "The old key still works." ~base_url:("https://" ^ fact "hosts.refused");
  ends 5 "The old key may be revoked" ~scenario:{|{"status": 500, "creates": true}|};
  ends 6 "" ~output:"/dev/full"

let other_libraries_are_refused_at_run_time () =
  List.iter
    (fun (libraries, part) ->
      let code, _, errors = run "BASE_URL= LD_LIBRARY_PATH=%s %s" (Filename.quote libraries) (quoted "first") in
      check errors (code <> 0 && contains errors part))
    [
      (stub "0.9.0", Printf.sprintf "found libmobivate 0.9.0 (%s/libmobivate.so.1); this package" (stub "0.9.0"));
      (stub "2.0.0", "found libmobivate 2.0.0 (");
      (stub "incomplete", "mbv_create_key");
      ("/nowhere", "libmobivate.so.1");
    ]

let other_libraries_are_refused_by_the_build () =
  ignore (Sys.command (Printf.sprintf "mkdir -p %s %s" (quoted "nothing") (quoted "old")));
  write "old/mobivate.pc" "Name: mobivate\nDescription: -\nVersion: 0.9.0\n";
  List.iter
    (fun (folder, why) ->
      let code, _, errors =
        run "PKG_CONFIG_PATH=%s PKG_CONFIG_LIBDIR=%s dune build --build-dir %s ./src/c_flags.sexp" (quoted folder)
          (quoted folder) (quoted "refused")
      in
      check "it was built" (code <> 0);
      List.iter
        (fun part -> check (part ^ " is not in " ^ errors) (contains errors part))
        [ "needs libmobivate >= 1.0.0, < 2"; file folder; why; "Install libmobivate" ])
    [ ("nothing", "not found"); ("old", "0.9.0") ]

let () =
  List.iter
    (fun (name, test) ->
      test ();
      print_endline ("ok " ^ name))
    [
      ("the README's example", readmes_example_runs);
      ("its exit codes", exit_codes_are_the_tools);
      ("other libraries at run time", other_libraries_are_refused_at_run_time);
      ("other libraries at build time", other_libraries_are_refused_by_the_build);
    ]
