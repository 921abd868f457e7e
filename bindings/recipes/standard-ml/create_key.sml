(* SPDX-License-Identifier: MIT *)
(* Creates an API key: create_key USERNAME PASSWORD_FILE *)

structure Mobivate =
struct
  open Foreign

  val keyCapacity = 4097 (* the longest key there is, and its NUL *)
  val invalidArgument = ~1
  val refusals = [~10, ~11, ~12] (* CREDENTIALS, RATE_LIMITED, REJECTED *)
  val unchanged = 0
  val unknown = 2

  fun symbol name = getSymbol (loadLibrary "libmobivate.so.1") name
  val cSize = cUlong
  val create = buildCall0 (symbol "mbv_new", (), cPointer)
  val set = buildCall3 (symbol "mbv_set", (cPointer, cString, cString), cInt32)
  (* A call blocks its own thread alone. *)
  fun keyFunction name =
    buildCall8
      (symbol name, (cPointer, cPointer, cSize, cPointer, cSize, cPointer, cSize, cPointer), cInt32)
  val createKey = keyFunction "mbv_create_key"
  val getKey = keyFunction "mbv_get_key"
  val errorMessage = buildCall3 (symbol "mbv_error_message", (cPointer, cPointer, cSize), cSize)
  val keyState = buildCall1 (symbol "mbv_key_state", cPointer, cInt32)
  val free = buildCall1 (symbol "mbv_free", cPointer, cVoid)
end

(* What is to be told, and the exit code of mbv. *)
exception Failure of int * string

fun say text = TextIO.output (TextIO.stdErr, text ^ "\n")

(* Memory outside of the heap for the time of a function, wiped at its end. *)
fun withMemory size function =
  let
    open Foreign.Memory
    val memory = malloc (Word.fromInt size)
    fun release () =
      (app (fn index => set8 (memory, Word.fromInt index, 0w0)) (List.tabulate (size, fn index => index));
       free memory)
    val result = function memory handle error => (release (); raise error)
  in
    release (); result
  end

fun store (memory, bytes) =
  Word8Vector.appi (fn (index, byte) => Foreign.Memory.set8 (memory, Word.fromInt index, byte)) bytes

(* The text at an address, up to its NUL. *)
fun load memory =
  let
    fun bytes index =
      case Foreign.Memory.get8 (memory, index) of
        0w0 => []
      | byte => Byte.byteToChar byte :: bytes (index + 0w1)
  in
    implode (bytes 0w0)
  end

fun message client =
  let
    val capacity = Mobivate.errorMessage (client, Foreign.Memory.null, 0) + 1
  in
    withMemory capacity (fn text => (Mobivate.errorMessage (client, text, capacity); load text))
  end

fun exitCode (client, status) =
  if status = Mobivate.invalidArgument then 2
  else if Mobivate.keyState client <> Mobivate.unchanged then 5
  else if List.exists (fn refusal => refusal = status) Mobivate.refusals then 3
  else 4

fun configure client (option, variable) =
  case OS.Process.getEnv variable of
    NONE => ()
  | SOME value =>
      if Mobivate.set (client, option, value) = 0 then () else raise Failure (2, message client)

(* A vector cannot be wiped, and the collector copies it. *)
fun readPassword path =
  let
    val file = BinIO.openIn path
    val contents = Byte.bytesToString (BinIO.inputAll file)
    val _ = BinIO.closeIn file
    val line = if String.isSuffix "\n" contents then substring (contents, 0, size contents - 1) else contents
    val cut = size line < size contents andalso String.isSuffix "\r" line
  in
    Byte.stringToBytes (if cut then substring (line, 0, size line - 1) else line)
  end

fun createKey (client, username, password) =
  withMemory (Word8Vector.length username) (fn name =>
  withMemory (Word8Vector.length password) (fn secret =>
  withMemory Mobivate.keyCapacity (fn key =>
    let
      val () = store (name, username)
      val () = store (secret, password)
      fun call function =
        function (client, name, Word8Vector.length username, secret, Word8Vector.length password, key,
                  Mobivate.keyCapacity, Foreign.Memory.null)
      val status = call Mobivate.createKey
    in
      if status = 0 then ()
      else
        let
          val (code, text) = (exitCode (client, status), message client)
        in
          if Mobivate.keyState client = Mobivate.unknown then say text else raise Failure (code, text);
          (* Changes nothing, and says which key the account has. *)
          if call Mobivate.getKey = 0 then () else raise Failure (code, message client)
        end;
      load key
    end)))

fun run [username, file] =
      let
        val password = readPassword file
        val client = Mobivate.create ()
        val () = app (configure client) [("base_url", "MOBIVATE_BASE_URL"), ("ca_file", "MOBIVATE_CA_FILE")]
        val key = createKey (client, Byte.stringToBytes username, password)
      in
        Mobivate.free client;
        (print (key ^ "\n"); TextIO.flushOut TextIO.stdOut)
        handle IO.Io _ => raise Failure (6, "The key could not be printed: " ^ key)
      end
  | run _ = raise Failure (2, "usage: create_key USERNAME PASSWORD_FILE")

fun exit code = Posix.Process.exit (Word8.fromInt code)

fun main () =
  run (CommandLine.arguments ())
  handle Failure (code, text) => (say text; exit code)
       | error as IO.Io _ => (say (exnMessage error); exit 2)
