// SPDX-License-Identifier: MIT
// Creates an API key: java -cp MOBIVATE:JNA:KOTLIN CreateKeyKt USERNAME PASSWORD_FILE
import com.mobivate.ApiKey
import com.mobivate.Client
import com.mobivate.KeyState
import com.mobivate.MobivateException
import com.mobivate.Status
import java.io.File
import java.io.IOException
import kotlin.system.exitProcess

/** What is to be told, and the exit code of mbv. */
class Failure(message: String, val code: Int) : Exception(message)

val refusals = setOf(Status.CREDENTIALS, Status.RATE_LIMITED, Status.REJECTED)

fun exitCode(error: MobivateException): Int = when {
    error.status() == Status.INVALID_ARGUMENT -> 2
    error.keyState() != KeyState.UNCHANGED -> 5
    error.status() in refusals -> 3
    else -> 4
}

/** Bytes can be wiped, a string cannot. */
fun readPassword(file: File): ByteArray {
    val contents = file.readBytes()
    var size = contents.size
    if (size > 0 && contents[size - 1] == '\n'.toByte()) {
        size--
        if (size > 0 && contents[size - 1] == '\r'.toByte()) size--
    }
    return contents.copyOf(size).also { contents.fill(0) }
}

fun newClient() = Client().apply {
    System.getenv("MOBIVATE_BASE_URL")?.let { setBaseUrl(it) }
    System.getenv("MOBIVATE_CA_FILE")?.let { setCaFile(File(it).toPath()) }
}

/** A call blocks its thread: a coroutine makes it in withContext(Dispatchers.IO). */
fun createKey(client: Client, username: String, password: ByteArray): ApiKey =
    try {
        client.createKey(username, password)
    } catch (error: MobivateException) {
        if (error.keyState() != KeyState.UNKNOWN) throw Failure(error.message!!, exitCode(error))
        System.err.println(error.message)
        // Changes nothing, and says which key the account has.
        try {
            client.getKey(username, password)
        } catch (reason: MobivateException) {
            throw Failure(reason.message!!, exitCode(error))
        }
    }

fun run(username: String, file: File) {
    val password = readPassword(file)
    newClient().use { client ->
        createKey(client, username, password).use { key ->
            password.fill(0)
            println(key.asString())
            if (System.out.checkError()) throw Failure("The key could not be printed: ${key.asString()}", 6)
        }
    }
}

fun main(arguments: Array<String>) {
    try {
        if (arguments.size != 2) throw Failure("usage: CreateKeyKt USERNAME PASSWORD_FILE", 2)
        run(arguments[0], File(arguments[1]))
    } catch (error: Exception) {
        System.err.println(error.message)
        exitProcess(
            when (error) {
                is Failure -> error.code
                is IOException, is IllegalArgumentException -> 2
                else -> throw error
            }
        )
    }
}
