(* SPDX-License-Identifier: MIT *)
let () =
  let client = Mobivate.create () in
  let password = Mobivate.Secret.of_string "your-pass" in
  match Mobivate.create_key client ~username:"first.last@example.com" ~password with
  | Ok key -> print_endline (Mobivate.Secret.to_string key)
  | Error { key_state = Unknown; message; _ } -> prerr_endline (message ^ " Run this again.")
  | Error { message; _ } -> prerr_endline message
