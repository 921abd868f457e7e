(* SPDX-License-Identifier: MIT
   A libmobivate that is missing or has another version. Started in the folder of the package, which ./test has built. *)

let file = Filename.concat (Standin.variable "MOBIVATE_SCRATCH")
let quoted name = Filename.quote (file name)
let stub version = Filename.concat (Standin.variable "MOBIVATE_STUBS") version
let program = Filename.concat (Standin.variable "DUNE_BUILD_DIR") "default/examples/create_key.exe"

let contains text part =
  match Str.search_forward (Str.regexp_string part) text 0 with _ -> true | exception Not_found -> false

(* Runs a command, which has to fail and to say all parts. *)
let refuses environment command parts =
  let output = quoted "output" in
  let code = Sys.command (Printf.sprintf "env %s %s >%s 2>&1" environment command output) in
  let said = Standin.read (file "output") in
  if code = 0 then failwith ("it was taken: " ^ said);
  List.iter (fun part -> if not (contains said part) then failwith (part ^ " is not in " ^ said)) parts

let at_run_time () =
  let refuses libraries = refuses ("LD_LIBRARY_PATH=" ^ Filename.quote libraries) (Filename.quote program) in
  let old = Printf.sprintf "found libmobivate 0.9.0 (%s/libmobivate.so.1)" (stub "0.9.0") in
  refuses (stub "0.9.0") [ old; "this package needs >= 1.1.0, < 2" ];
  (* Here it is the loader that says so. *)
  refuses (stub "1.0.0") [ "MBV_1.1" ];
  refuses (stub "2.0.0") [ "found libmobivate 2.0.0 (" ];
  (* This one is taken, and has no memory for a client. *)
  refuses (stub "1.99.99") [ "Out of memory" ];
  refuses "/nowhere" [ "libmobivate.so.1: cannot open shared object file" ]

let at_build_time () =
  ignore (Sys.command (Printf.sprintf "mkdir -p %s %s" (quoted "nothing") (quoted "old")));
  let output = open_out_bin (file "old/mobivate.pc") in
  output_string output "Name: mobivate\nDescription: -\nVersion: 0.9.0\n";
  close_out output;
  List.iter
    (fun (folder, why) ->
      refuses
        (Printf.sprintf "PKG_CONFIG_PATH=%s PKG_CONFIG_LIBDIR=%s" (quoted folder) (quoted folder))
        (Printf.sprintf "dune build --build-dir %s ./src/c_flags" (quoted "refused"))
        [ "needs libmobivate >= 1.1.0, < 2"; file folder; why; "Install libmobivate" ])
    [ ("nothing", "not found"); ("old", "0.9.0") ]

let () =
  at_run_time ();
  at_build_time ()
