// SPDX-License-Identifier: MIT
import com.mobivate.ApiKey;
import com.mobivate.Client;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** Creates COUNT keys, one after the other. {@code ./programs} says what is in the environment. */
public final class MobivateBenchmark {
    private static String variable(String name) {
        return System.getenv(name);
    }

    /** Read by the system into memory outside the heap, which is wiped. */
    private static byte[] readPassword() throws IOException {
        try (FileChannel file = FileChannel.open(Path.of(variable("MOBIVATE_PASSWORD_FILE")))) {
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) file.size());
            while (buffer.hasRemaining() && file.read(buffer) >= 0) {}
            byte[] password = new byte[buffer.flip().remaining()];
            buffer.get(password);
            for (int i = 0; i < buffer.capacity(); i++) buffer.put(i, (byte) 0);
            return password;
        }
    }

    private static void pause(String what) throws IOException {
        if (!"1".equals(variable("MOBIVATE_PROGRAM_PAUSE"))) return;
        System.out.println(what);
        while (System.in.read() != '\n') {}
    }

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        String username = variable("MOBIVATE_USERNAME");
        try (Client client = new Client()) {
            client.setBaseUrl(variable("MOBIVATE_BASE_URL"));
            client.setCaFile(Path.of(variable("MOBIVATE_CA_FILE")));
            client.setProxy("");
            byte[] password = readPassword();
            if ("1".equals(variable("MOBIVATE_PROGRAM_TEXT"))) {
                String text = new String(password, StandardCharsets.UTF_8);
                for (int i = 0; i < count; i++) {
                    try (ApiKey key = client.createKey(username, text)) {
                        if (key.asString().isEmpty()) throw new AssertionError();
                    }
                }
            } else {
                for (int i = 0; i < count; i++) client.createKey(username, password).close();
                Arrays.fill(password, (byte) 0);
            }
            System.out.println("created " + count);
            pause("kept");
        }
        pause("freed");
    }

    private MobivateBenchmark() {}
}
