(* SPDX-License-Identifier: MIT *)

(** Creates Mobivate API keys. A success revokes the account's old key, and every {!error} says whether the old key
    still works: in its [message], and as its [key_state]. Where that is unknown, {!get_key} asks for the key that is
    valid, and {!test_key} says whether one is.

    {[
      let () =
        let client = Mobivate.create () in
        let password = Mobivate.Secret.of_string "your-pass" in
        match Mobivate.create_key client ~username:"first.last@example.com" ~password with
        | Ok key -> (
            (* 6: the key was created, but could not be written. *)
            try print_endline (Mobivate.Secret.to_string key) with Sys_error _ -> exit 6)
        | Error { message; key_state; status; _ } ->
            prerr_endline message (* says whether the old key still works *);
            exit
              (match (key_state, status) with
              | Unknown, _ -> 5 (* ask with Mobivate.get_key *)
              | _, Invalid_argument -> 2
              | _, (Credentials | Rate_limited | Rejected) -> 3
              | _ -> 4)
    ]} *)

(** {1 Errors} *)

(** Whether the key that the account had before the call still works. *)
type key_state =
  | Unchanged  (** The old key surely still works. *)
  | Replaced  (** The old key is revoked. *)
  | Unknown  (** The old key may be revoked; {!get_key} tells which one is valid. *)

(** Why no key was handed over. *)
type status =
  | Invalid_argument
      (** A text that is empty, not UTF-8 or too long, or an option that cannot be used. Nothing was sent. *)
  | No_memory  (** An allocation failed in the library. *)
  | Busy  (** The client is in a call on another thread. *)
  | Cancelled  (** {!cancel} was called. *)
  | Timeout  (** The time allowed for the call, or for connecting, has passed. *)
  | Resolve  (** The host's or the proxy's name was not found. The old key still works. *)
  | Connect  (** Refused, unreachable, or refused by the proxy. The old key still works. *)
  | Tls  (** The TLS handshake failed, or the certificate is not trusted. The old key still works. *)
  | Transport  (** The connection broke. *)
  | Credentials  (** The server refused the user name or password (401). *)
  | Rate_limited  (** The server asks to slow down (429); see [retry_after]. *)
  | Rejected  (** The server refused for another reason (any other 4xx). *)
  | Server  (** The server failed (5xx). *)
  | Protocol  (** An answer that the service does not document. *)
  | Internal  (** A bug in the library. *)

type error = {
  status : status;
  message : string;
      (** What went wrong, and whether the old key still works, in English. It never contains the password or
          a key. *)
  key_state : key_state;
  http_status : int option;  (** The status code of the answer, when one came. *)
  server_code : int option;  (** The member [code] of the answer's JSON body. *)
  server_message : string option;
      (** The member [message] of the answer's JSON body, every occurrence of a secret blanked. *)
  retry_after : float option;  (** How many seconds the server asked to wait. *)
}

exception Error of error
(** Raised by {!create} alone. [Printexc.to_string] gives its message. *)

val status_name : status -> string
(** As libmobivate's header names it, such as ["MBV_ERR_TIMEOUT"]: the same in every language. *)

(** {1 Secrets} *)

(** Passwords and keys outside OCaml's heap, where nothing moves or copies them. They are wiped when they are
    collected. They cannot be compared, hashed or marshalled. *)
module Secret : sig
  type t

  val of_string : string -> t
  (** A copy. The string itself stays in memory until OCaml uses its place again. *)

  val take : bytes -> t
  (** A copy; the bytes are then filled with zeros. The collector may have moved them earlier, and left a copy
      behind. *)

  val of_bigstring : (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t -> t
  (** A copy. A bigarray never moves: once you fill it with zeros, no other copy is left. *)

  val to_string : t -> string
  (** A copy that OCaml does not wipe. *)

  val length : t -> int
  (** In bytes. *)

  val wipe : t -> unit
  (** Fills it with zeros; its length is then 0. Not while a call uses it. *)
end

(** {1 Clients} *)

type t
(** Options and a connection, which is kept for the next call. A client makes one call at a time. Different
    clients are independent, on any threads. *)

val create :
  ?base_url:string ->
  ?timeout:float ->
  ?connect_timeout:float ->
  ?ca_file:string ->
  ?ca_dir:string ->
  ?proxy:string ->
  ?user_agent:string ->
  unit ->
  t
(** Makes a client. Sends nothing.

    - [base_url]: where the service is, by default [https://api.mobivatebulksms.com]. An [http://] URL is
      refused, except to a loopback address.
    - [timeout]: how many seconds a whole call may take, by default 30.
    - [connect_timeout]: how many seconds it may take to resolve, connect and shake hands, by default 10.
    - [ca_file]: a PEM file of the certificates to trust, in place of the system's.
    - [ca_dir]: a directory of such certificates, hashed as by [openssl rehash].
    - [proxy]: the URL of a proxy, or [""] for none. By default the environment's, as with curl.
    - [user_agent]: the [User-Agent] header, by default [libmobivate/VERSION].

    @raise Error when an option cannot be used: the message names it, and says what is wrong.
    @raise Failure when the loaded libmobivate is not a version from 1.1.0 to below 2. *)

val set : t -> string -> string -> (unit, error) result
(** [set client name value] sets an option by its name in [mobivate.h] for the calls that follow. On an error
    nothing is changed.

    @raise Invalid_argument on a closed client. *)

val create_key : t -> username:string -> password:Secret.t -> (Secret.t, error) result
(** Creates a new API key for an account, which revokes the old one. Sends at most one request, and blocks until
    it is answered; other threads run on.

    User name and password are UTF-8, 1 byte to 64 KiB each. A second call at the same time on the same client
    gives [Busy].

    @raise Invalid_argument on a closed client. *)

val get_key : t -> username:string -> password:Secret.t -> (Secret.t, error) result
(** Asks for the API key that an account has now, and changes nothing. After a {!create_key} with [Unknown] it settles
    which key is valid. All else is as for {!create_key}.

    @raise Invalid_argument on a closed client. *)

val test_key : t -> Secret.t -> (bool, error) result
(** Whether the service accepts an API key: 1 to 4096 bytes of printable ASCII without spaces. Changes nothing. An
    error tells nothing about the key. All else is as for {!create_key}.

    @raise Invalid_argument on a closed client. *)

val cancel : t -> unit
(** From any thread: ends the call in progress within 50 ms, and every later one at once, with [Cancelled],
    until {!uncancel}. *)

val uncancel : t -> unit
(** Allows calls again after {!cancel}. *)

val close : t -> unit
(** Closes the connection, and wipes what the client holds. A call in progress on another thread is cancelled.
    Closing twice is fine. A client that is collected is closed. *)

(** {1 The library} *)

val version : unit -> string
(** The version of the loaded libmobivate, such as ["1.1.0"]. *)
