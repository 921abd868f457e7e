(* SPDX-License-Identifier: MIT *)
let () =
  let client = Mobivate.create () in
  let password = Mobivate.Secret.of_string "your-pass" in
  match Mobivate.create_key client ~username:"first.last@example.com" ~password with
  | Ok key -> (
      let key = Mobivate.Secret.to_string key in
      try print_endline key
      with Sys_error reason ->
        Printf.eprintf "The new key could not be printed (%s): %s\n" reason key;
        exit 6)
  | Error { message; key_state; status; _ } ->
      prerr_endline message (* says whether the old key still works *);
      exit
        (match (key_state, status) with
        | Unknown, _ -> 5 (* ask with Mobivate.get_key *)
        | _, Invalid_argument -> 2
        | _, (Credentials | Rate_limited | Rejected) -> 3
        | _ -> 4)
