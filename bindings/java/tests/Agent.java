// SPDX-License-Identifier: MIT
import com.mobivate.ApiKey;
import com.mobivate.Client;
import com.mobivate.MobivateException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** The agent of the conformance cases: tests/bindings/README.md says what it is told. */
public final class Agent {
    private static final Map<String, Agent> AGENTS = new HashMap<>();

    private final Client client = new Client();
    private CompletableFuture<ApiKey> call;
    private boolean cancelled;
    private final String[] kept = new String[2];

    private static String text(String field) {
        return field.equals("-") ? "" : new String(HexFormat.of().parseHex(field), StandardCharsets.UTF_8);
    }

    private static String field(String text) {
        return text.isEmpty() ? "-" : HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A call hands over a key, or says whether one is accepted. */
    private static String outcome(String keyState, Callable<?> call) throws Exception {
        try {
            Object answer = call.call();
            if (Boolean.FALSE.equals(answer)) return "MBV_ERR_CREDENTIALS unchanged 401 0 - -1 - -";
            return "MBV_OK " + keyState + " 0 0 - -1 - " + (answer instanceof ApiKey ? shown((ApiKey) answer) : "-");
        } catch (MobivateException error) {
            return String.format(
                    "MBV_ERR_%s %s %d %d %s %d %s -",
                    error.status(),
                    error.keyState().name().toLowerCase(),
                    error.httpStatus().orElse(0),
                    error.serverCode().orElse(0),
                    field(error.serverMessage().orElse("")),
                    error.retryAfter().map(wait -> wait.toMillis()).orElse(-1L),
                    field(error.getMessage()));
        } catch (IllegalArgumentException error) { // An option that cannot be used.
            return "MBV_ERR_INVALID_ARGUMENT unchanged 0 0 - -1 " + field(error.getMessage()) + " -";
        } catch (IllegalStateException error) {
            return error.getMessage().equals("The client is closed.") ? "closed" : "error " + field(error + "");
        }
    }

    /** Makes a call in this thread, which is interrupted where calls are to be cancelled. */
    private <T> T calling(Callable<T> call) throws Exception {
        if (cancelled) Thread.currentThread().interrupt();
        try {
            return call.call();
        } finally {
            Thread.interrupted();
        }
    }

    private static String shown(ApiKey key) {
        try (key) {
            return field(key.asString());
        }
    }

    private ApiKey await() throws Exception {
        try {
            return call.get();
        } catch (ExecutionException | CancellationException error) {
            throw (Exception) error.getCause();
        }
    }

    private void repeat(int count, String kind, boolean inBytes, String username, Path file) throws Exception {
        byte[] secret = read(file);
        if (!inBytes) kept[0] = new String(secret, StandardCharsets.UTF_8);
        for (int turn = 0; turn < count; ++turn) {
            if (kind.equals("test")) {
                boolean accepted = inBytes ? client.testKey(secret) : client.testKey(kept[0]);
                if (!accepted) throw new IllegalArgumentException("the key is refused");
                continue;
            }
            try (ApiKey key = kind.equals("get")
                    ? inBytes ? client.getKey(username, secret) : client.getKey(username, kept[0])
                    : inBytes ? client.createKey(username, secret) : client.createKey(username, kept[0])) {
                if (!inBytes) kept[1] = key.asString();
            }
        }
        Arrays.fill(secret, (byte) 0);
    }

    /** Read by the system into memory outside the heap, which is wiped. */
    private static byte[] read(Path path) throws IOException {
        try (FileChannel file = FileChannel.open(path)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) file.size());
            while (buffer.hasRemaining() && file.read(buffer) >= 0) {}
            byte[] bytes = new byte[buffer.flip().remaining()];
            buffer.get(bytes);
            for (int index = 0; index < buffer.capacity(); ++index) buffer.put(index, (byte) 0);
            return bytes;
        }
    }

    private static String answer(String command, String[] words) throws Exception {
        if (command.equals("quit")) return "ok";
        if (command.equals("runtime")) return field("Java " + System.getProperty("java.version"));
        if (command.equals("new")) AGENTS.put(words[1], new Agent());
        Agent agent = AGENTS.get(words[1]);
        switch (command) {
            case "new", "set" -> {
                return outcome("unchanged", () -> {
                    for (int at = 2; at < words.length; at += 2)
                        agent.client.setOption(text(words[at]), text(words[at + 1]));
                    return "";
                });
            }
            case "create" -> {
                return outcome(
                        "replaced", () -> agent.calling(() -> agent.client.createKey(text(words[2]), text(words[3]))));
            }
            case "get" -> {
                return outcome(
                        "unchanged", () -> agent.calling(() -> agent.client.getKey(text(words[2]), text(words[3]))));
            }
            case "test" -> {
                return outcome("unchanged", () -> agent.calling(() -> agent.client.testKey(text(words[2]))));
            }
            case "wait" -> {
                return outcome("replaced", agent::await);
            }
            case "start" -> agent.call = agent.client.createKeyAsync(text(words[2]), text(words[3]).toCharArray());
            case "cancel" -> {
                agent.cancelled = true;
                if (agent.call != null) agent.call.cancel(true);
            }
            case "uncancel" -> agent.cancelled = false;
            case "close" -> agent.client.close();
            case "repeat" -> agent.repeat(
                    Integer.parseInt(words[2]),
                    words[3],
                    words[4].equals("bytes"),
                    text(words[5]),
                    Path.of(text(words[6])));
            default -> {
                return "error " + field("there is no command " + command);
            }
        }
        return "ok";
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        String command = "";
        for (String line; !command.equals("quit") && (line = lines.readLine()) != null; ) {
            String[] words = line.split(" ");
            command = words[0];
            System.out.println(answer(command, words));
        }
    }
}
