(* SPDX-License-Identifier: MIT
   Asks pkg-config for libmobivate. *)

module C = Configurator.V1

let wanted = "libmobivate 1.0.0 or newer, and below 2"

let flags pkg_config =
  match C.Pkg_config.query_expr_err pkg_config ~package:"mobivate" ~expr:"mobivate >= 1.0.0 mobivate < 2" with
  | Ok flags -> flags
  | Error why ->
      let why = List.hd (String.split_on_char '\n' (String.trim why)) in
      C.die
        "mobivate needs %s, and pkg-config did not find it (PKG_CONFIG_PATH is %S; it said %S): install \
         libmobivate with its development files."
        wanted
        (Option.value (Sys.getenv_opt "PKG_CONFIG_PATH") ~default:"")
        why

let () =
  C.main ~name:"mobivate" (fun configurator ->
      match C.Pkg_config.get configurator with
      | None -> C.die "mobivate needs pkg-config, to find %s: install it (Debian: pkg-config)." wanted
      | Some pkg_config ->
          let { C.Pkg_config.cflags; libs } = flags pkg_config in
          C.Flags.write_sexp "c_flags.sexp" cflags;
          C.Flags.write_sexp "c_library_flags.sexp" (libs @ [ "-lpthread"; "-ldl" ]))
