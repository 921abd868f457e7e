(* SPDX-License-Identifier: MIT
   Asks pkg-config for libmobivate. *)

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

let () =
  C.main ~name:"mobivate" (fun configurator ->
      match C.Pkg_config.get configurator with
      | None -> C.die "%s, and pkg-config to find it (Debian: pkg-config)." needs
      | Some pkg_config ->
          let { C.Pkg_config.cflags; libs } = flags pkg_config in
          C.Flags.write_sexp "c_flags.sexp" cflags;
          C.Flags.write_sexp "c_library_flags.sexp" (libs @ [ "-lpthread"; "-ldl" ]))
