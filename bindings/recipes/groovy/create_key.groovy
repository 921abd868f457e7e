// SPDX-License-Identifier: MIT
// Creates an API key: groovy -cp MOBIVATE:JNA create_key.groovy USERNAME PASSWORD_FILE
import com.mobivate.Client
import com.mobivate.MobivateException
import groovy.transform.Field

import static com.mobivate.KeyState.*
import static com.mobivate.Status.*

@Field static final REFUSALS = [CREDENTIALS, RATE_LIMITED, REJECTED]

void fail(int code, String message) {
    System.err.println message
    System.exit code
}

int exitCode(MobivateException error) {
    if (error.status() == INVALID_ARGUMENT) return 2
    if (error.keyState() != UNCHANGED) return 5
    error.status() in REFUSALS ? 3 : 4
}

// Bytes can be wiped, a string cannot.
byte[] readPassword(File file) {
    byte[] contents = file.bytes
    int size = contents.length
    if (size > 0 && contents[size - 1] == 10) {
        size--
        if (size > 0 && contents[size - 1] == 13) size--
    }
    byte[] password = Arrays.copyOf(contents, size)
    Arrays.fill contents, (byte) 0
    password
}

// A call blocks its thread.
def createKey(Client client, String username, byte[] password) {
    try {
        return client.createKey(username, password)
    } catch (MobivateException error) {
        if (error.keyState() != UNKNOWN) fail exitCode(error), error.message
        System.err.println error.message
        try {
            return client.getKey(username, password) // changes nothing, and says which key the account has
        } catch (MobivateException reason) {
            fail exitCode(error), reason.message
        }
    }
}

if (args.length != 2) fail 2, 'usage: groovy create_key.groovy USERNAME PASSWORD_FILE'
def (username, file) = args
try {
    byte[] password = readPassword(new File(file))
    def client = new Client()
    [base_url: 'MOBIVATE_BASE_URL', ca_file: 'MOBIVATE_CA_FILE'].each { option, variable ->
        def value = System.getenv(variable)
        if (value != null) client.setOption option, value
    }
    def key = createKey(client, username, password)
    Arrays.fill password, (byte) 0
    client.close()
    System.out.println key.asString()
    if (System.out.checkError()) fail 6, "The key could not be printed: ${key.asString()}"
    key.close()
} catch (IOException | IllegalArgumentException error) {
    fail 2, error.message
}
