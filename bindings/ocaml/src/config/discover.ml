(* SPDX-License-Identifier: MIT
   discover.exe PROFILE: finds libmobivate, in native/PLATFORM where the package brings one along for this platform, or else by
   pkg-config. *)

module C = Configurator.V1

let needs = "mobivate needs libmobivate >= 1.1.0, < 2"

let flags pkg_config =
  match C.Pkg_config.query_expr_err pkg_config ~package:"mobivate" ~expr:"mobivate >= 1.1.0 mobivate < 2" with
  | Ok flags -> flags
  | Error why ->
      let why = List.hd (String.split_on_char '\n' (String.trim why)) in
      let path = Option.value (Sys.getenv_opt "PKG_CONFIG_PATH") ~default:"" in
      C.die "%s. pkg-config says: %s. Install libmobivate with its header, or set PKG_CONFIG_PATH (now %S)." needs
        why path

let installed configurator =
  match C.Pkg_config.get configurator with
  | None -> C.die "%s, and pkg-config to find it (Debian: pkg-config)." needs
  | Some pkg_config -> flags pkg_config

let platform configurator =
  let machine = C.ocaml_config_var_exn configurator "architecture" in
  let cpu = match machine with "amd64" -> "x64" | other -> other in
  let libc =
    if C.c_test configurator "#include <features.h>\n#ifndef __GLIBC__\n#error\n#endif\nint main(void) { return 0; }" then
      "glibc"
    else "musl"
  in
  String.concat "-" [ C.ocaml_config_var_exn configurator "system"; cpu; libc ]

let run program arguments =
  if Sys.command (Filename.quote_command program arguments) <> 0 then C.die "%s failed" program

let () =
  let profile = ref "release" in
  C.main
    ~args:[ ("--profile", Arg.Set_string profile, "that of dune") ]
    ~name:"mobivate"
    (fun configurator ->
      let archive = Filename.concat "native" (Filename.concat (platform configurator) "libmobivate.a") in
      let compiler = C.ocaml_config_var_exn configurator "c_compiler" in
      let cflags, libs =
        if Sys.file_exists archive then (
          (* All of it is one object. *)
          run compiler [ "-r"; "-nostdlib"; "-o"; "inside.o"; "-Wl,--whole-archive"; archive ];
          ([ "-Inative" ], []))
        else
          let { C.Pkg_config.cflags; libs } = installed configurator in
          run compiler [ "-c"; "-x"; "c"; "-o"; "inside.o"; "/dev/null" ];
          (cflags, libs)
      in
      let strict = if !profile = "dev" then [ "-Wall"; "-Wextra"; "-Wpedantic"; "-Werror" ] else [] in
      let libs = libs @ [ "-lpthread"; "-ldl" ] in
      C.Flags.write_lines "c_flags" (cflags @ strict);
      C.Flags.write_lines "c_libraries" libs;
      C.Flags.write_sexp "c_library_flags.sexp" libs)
