// SPDX-License-Identifier: MIT
// Creates an API key: scala -cp MOBIVATE:JNA CreateKey USERNAME PASSWORD_FILE
import com.mobivate.{ApiKey, Client, KeyState, MobivateException, Status}
import java.io.IOException
import java.nio.file.{Files, Paths}
import java.util.Arrays

/** What is to be told, and the exit code of mbv. */
final case class Failure(message: String, code: Int) extends Exception(message)

object CreateKey {
  private val refusals = Set(Status.CREDENTIALS, Status.RATE_LIMITED, Status.REJECTED)

  private def exitCode(error: MobivateException): Int =
    if (error.status == Status.INVALID_ARGUMENT) 2
    else if (error.keyState != KeyState.UNCHANGED) 5
    else if (refusals(error.status)) 3
    else 4

  /** Bytes can be wiped, a string cannot. */
  private def readPassword(path: String): Array[Byte] = {
    val contents = Files.readAllBytes(Paths.get(path))
    val lineEnd = Seq("\r\n", "\n").find(end => contents.endsWith(end.getBytes)).fold(0)(_.length)
    val password = contents.dropRight(lineEnd)
    Arrays.fill(contents, 0: Byte)
    password
  }

  private def newClient(): Client = {
    val client = new Client
    for {
      (option, variable) <- Seq("base_url" -> "MOBIVATE_BASE_URL", "ca_file" -> "MOBIVATE_CA_FILE")
      value <- sys.env.get(variable)
    } client.setOption(option, value)
    client
  }

  /** A call blocks its thread: a Future wraps it in scala.concurrent.blocking. */
  private def createKey(client: Client, username: String, password: Array[Byte]): ApiKey =
    try client.createKey(username, password)
    catch {
      case error: MobivateException if error.keyState == KeyState.UNKNOWN =>
        Console.err.println(error.getMessage)
        // Changes nothing, and says which key the account has.
        try client.getKey(username, password)
        catch { case reason: MobivateException => throw Failure(reason.getMessage, exitCode(error)) }
    }

  private def print(key: ApiKey): Unit = {
    System.out.println(key.asString)
    if (System.out.checkError) throw Failure(s"The key could not be printed: ${key.asString}", 6)
  }

  private def run(username: String, file: String): Unit = {
    val password = readPassword(file)
    val client = newClient()
    try {
      val key = createKey(client, username, password)
      try print(key)
      finally key.close()
    } finally {
      Arrays.fill(password, 0: Byte)
      client.close()
    }
  }

  private def fail(message: String, code: Int): Nothing = {
    Console.err.println(message)
    sys.exit(code)
  }

  def main(arguments: Array[String]): Unit =
    try arguments match {
      case Array(username, file) => run(username, file)
      case _ => throw Failure("usage: scala CreateKey USERNAME PASSWORD_FILE", 2)
    } catch {
      case Failure(message, code) => fail(message, code)
      case error: MobivateException => fail(error.getMessage, exitCode(error))
      case error: IllegalArgumentException => fail(error.getMessage, 2)
      case error: IOException => fail(error.toString, 2)
    }
}
