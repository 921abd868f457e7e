(* SPDX-License-Identifier: MIT
   The package as a stranger uses it: the README's example, and a libmobivate that is missing or too old.
   Started in the folder of the package, which the test script has installed below MOBIVATE_SCRATCH. *)

let scratch = Standin.variable "MOBIVATE_SCRATCH"
let file name = Filename.concat scratch name
let quoted name = Filename.quote (file name)

let write name text =
  let output = open_out_bin (file name) in
  output_string output text;
  close_out output

let check what condition = if not condition then failwith what

let contains text part =
  match Str.search_forward (Str.regexp_string part) text 0 with _ -> true | exception Not_found -> false

(* Runs a command, and tells whether it succeeded, and what it wrote. *)
let run format =
  let run_command command =
    let code = Sys.command (Printf.sprintf "{ %s; } >%s 2>%s" command (quoted "output") (quoted "errors")) in
    (code = 0, Standin.read (file "output"), Standin.read (file "errors"))
  in
  Printf.ksprintf run_command format

let must_run format =
  Printf.ksprintf
    (fun command ->
      match run "%s" command with
      | true, output, _ -> output
      | false, _, errors -> failwith (command ^ ": " ^ errors))
    format

let readme_example () =
  let readme = Standin.read "README.md" in
  let fence = "```ocaml\n" in
  let start = Str.search_forward (Str.regexp_string fence) readme 0 + String.length fence in
  String.sub readme start (Str.search_forward (Str.regexp_string "```") readme start - start)

let readmes_example_runs () =
  let example = readme_example () in
  check "README.md and examples/create_key.ml differ"
    (Standin.read "examples/create_key.ml" = "(* SPDX-License-Identifier: MIT *)\n" ^ example);
  (* As written, but for where the service is. *)
  let fact name = Option.get (Standin.fact name) in
  let base_url = fact "https" and ca_file = fact "ca_file" in
  let options = Printf.sprintf "Mobivate.create ~base_url:%S ~ca_file:%S ~proxy:\"\" ()" base_url ca_file in
  let made = "Mobivate.create ()" in
  check "README.md makes no client" (contains example made);
  write "first.ml" (Str.global_replace (Str.regexp_string made) options example);
  let username = "first.last@example.com" in
  ignore (Standin.create_account username ~password:"your-pass");
  let create_key compiler runtime program =
    (* opam sets these two for its packages. *)
    let installed = quoted "installed/lib" in
    let environment = Printf.sprintf "OCAMLPATH=%s CAML_LD_LIBRARY_PATH=%s/stublibs" installed installed in
    ignore
      (must_run "cd %s && %s ocamlfind %s -package mobivate -linkpkg first.ml -o %s" (Filename.quote scratch)
         environment compiler program);
    let output = must_run "%s %s %s" environment runtime (quoted program) in
    check (program ^ " wrote " ^ output) (output = (Standin.await_requests username 0).valid_key ^ "\n")
  in
  create_key "ocamlopt" "env" "first";
  create_key "ocamlc" "ocamlrun" "first.byte"

(* A library of another age that has every name of today's. *)
let make_old_library () =
  let header = Standin.Json.from_file (Standin.variable "MOBIVATE_HEADER") in
  let functions = List.map fst Standin.Json.Util.(to_assoc (member "functions" header)) in
  let define name =
    if name = "mbv_version" then "const char *mbv_version(void) { return \"0.9.0\"; }\n"
    else Printf.sprintf "int %s(void) { return 900; }\n" name
  in
  write "old/old.c" (String.concat "" (List.map define functions));
  write "old/old.map" "MBV_1 { mbv_*; };\n";
  write "old/mobivate.pc" "Name: mobivate\nDescription: -\nVersion: 0.9.0\n";
  let name = "libmobivate.so.1" in
  let flags = "-shared -fPIC -w -Wl,--version-script=old.map" in
  ignore (must_run "cd %s && cc %s -Wl,-soname,%s -o %s old.c" (quoted "old") flags name name)

let other_libraries_are_told_at_run_time () =
  let _, _, errors = run "LD_LIBRARY_PATH=%s %s" (quoted "old") (quoted "first") in
  check errors (contains errors "This program needs libmobivate 1.0.0 or newer, and below 2");
  check errors (contains errors ("version 0.9.0 as " ^ file "old/libmobivate.so.1: install"));
  let started, _, errors = run "LD_LIBRARY_PATH= %s" (quoted "first") in
  check errors ((not started) && contains errors "libmobivate.so.1")

let other_libraries_are_told_at_build_time () =
  List.iter
    (fun (folder, why) ->
      let built, _, errors =
        run "PKG_CONFIG_PATH=%s PKG_CONFIG_LIBDIR=%s dune build --build-dir %s ./src/c_flags.sexp"
          (quoted folder) (quoted folder) (quoted "refused")
      in
      check "it was built" (not built);
      List.iter
        (fun part -> check (part ^ " is not in " ^ errors) (contains errors part))
        [ "needs libmobivate 1.0.0 or newer"; file folder; why; "install libmobivate" ])
    [ ("nothing", "not found"); ("old", "0.9.0") ]

let () =
  ignore (must_run "cd %s && mkdir -p old nothing" (Filename.quote scratch));
  make_old_library ();
  List.iter
    (fun (name, test) ->
      test ();
      print_endline ("ok " ^ name))
    [
      ("the README's example", readmes_example_runs);
      ("other libraries at run time", other_libraries_are_told_at_run_time);
      ("other libraries at build time", other_libraries_are_told_at_build_time);
    ]
