// SPDX-License-Identifier: MIT
package com.mobivate;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.Test;

/**
 * Looks for a password and a key in the memory of a process that has used them. The password is made where it
 * is used, byte by byte, so that it is in memory for no other reason.
 */
public class SecretsTest {
    private static final Pattern WRITABLE =
            Pattern.compile("([0-9a-f]+)-([0-9a-f]+) rw\\S* \\S+ \\S+ \\S+ *(.*)");
    private static final int SIZE = 16;
    private static final List<Charset> ENCODINGS =
            List.of(StandardCharsets.US_ASCII, StandardCharsets.UTF_16LE);

    /** A password of printable bytes. */
    private static byte[] password(int seed) {
        byte[] bytes = new byte[2000];
        for (int index = 0; index < bytes.length; ++index) {
            bytes[index] = (byte) (35 + (seed * (index + 7) * 31 + index * index * 13) % 57);
        }
        return bytes;
    }

    /** Creates a key, and waits to be looked at. */
    public static final class Program {
        private static Object kept;

        public static void main(String[] arguments) throws Exception {
            String username = arguments[0];
            Client client = Standin.client();
            System.gc(); // So that there is none from here on, which would move what is on the heap.
            byte[] bytes = password(Integer.parseInt(arguments[1]));
            int size = 0;
            switch (arguments[2]) {
                case "bytes":
                    try (ApiKey key = client.createKey(username, bytes)) {
                        size = key.toString().length();
                    }
                    break;
                case "chars":
                    char[] chars = new char[bytes.length];
                    for (int index = 0; index < chars.length; ++index) {
                        chars[index] = (char) bytes[index];
                    }
                    try (ApiKey key = client.createKeyAsync(username, chars).get()) {
                        size = key.toString().length();
                    }
                    Arrays.fill(chars, '\0');
                    break;
                default:
                    kept = client.createKey(username, bytes);
                    size = kept.toString().length();
            }
            Arrays.fill(bytes, (byte) 0);
            System.out.println(size);
            System.in.read();
            client.close();
        }
    }

    private static final class Found {
        int passwords;
        int keys;
        long bytes;
    }

    private static Found scan(int seed, String how) throws Exception {
        String username = "secrets-" + seed + "-java@example.com";
        String password = new String(password(seed), StandardCharsets.US_ASCII);
        JsonObject scenario = new JsonObject();
        scenario.addProperty("key_size", 300);
        Standin.createAccount(username, password, scenario);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx16m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName(),
                        username,
                        Integer.toString(seed),
                        how)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Found found = new Found();
        try (BufferedReader output = process.inputReader()) {
            assertEquals(Integer.toString("ApiKey[300 bytes]".length()), output.readLine());
            JsonObject account = Standin.account(username, 1);
            assertEquals(1, account.get("requests").getAsInt());
            String key = account.get("valid_key").getAsString();
            try (RandomAccessFile memory = new RandomAccessFile("/proc/" + process.pid() + "/mem", "r")) {
                for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/maps"))) {
                    Matcher range = WRITABLE.matcher(line);
                    if (range.matches() && !range.group(3).startsWith("[v")) {
                        long start = Long.parseUnsignedLong(range.group(1), 16);
                        scan(memory, start, Long.parseUnsignedLong(range.group(2), 16), password, key, found);
                    }
                }
            }
        } finally {
            process.getOutputStream().close();
            process.waitFor();
        }
        return found;
    }

    /** Looks for the last bytes: of what is freed, the first ones are overwritten. */
    private static byte[] endOf(String text, Charset encoding) {
        byte[] bytes = text.getBytes(encoding);
        return Arrays.copyOfRange(bytes, bytes.length - SIZE, bytes.length);
    }

    private static void scan(
            RandomAccessFile memory, long start, long end, String password, String key, Found found) {
        List<byte[]> passwords = new ArrayList<>();
        List<byte[]> keys = new ArrayList<>();
        boolean[] first = new boolean[256];
        for (Charset encoding : ENCODINGS) {
            passwords.add(endOf(password, encoding));
            keys.add(endOf(key, encoding));
        }
        passwords.forEach(bytes -> first[bytes[0] & 0xff] = true);
        keys.forEach(bytes -> first[bytes[0] & 0xff] = true);
        byte[] piece = new byte[1 << 20];
        for (long at = start; at + SIZE <= end; at += piece.length - SIZE + 1) {
            int size = (int) Math.min(piece.length, end - at);
            try {
                memory.seek(at);
                memory.readFully(piece, 0, size);
            } catch (IOException guardPage) {
                continue;
            }
            found.bytes += size;
            for (int index = 0; index + SIZE <= size; ++index) {
                if (first[piece[index] & 0xff]) {
                    found.passwords += isThere(piece, index, passwords);
                    found.keys += isThere(piece, index, keys);
                }
            }
        }
    }

    private static int isThere(byte[] piece, int at, List<byte[]> wanted) {
        for (byte[] bytes : wanted) {
            if (Arrays.equals(piece, at, at + SIZE, bytes, 0, SIZE)) {
                return 1;
            }
        }
        return 0;
    }

    @Test
    public void bytesThatTheirOwnerWipesAreNowhere() throws Exception {
        Found found = scan(11, "bytes");
        assertTrue(found.bytes + " bytes", found.bytes > 10_000_000);
        assertEquals("passwords", 0, found.passwords);
        assertEquals("keys", 0, found.keys);
    }

    @Test
    public void charactersThatTheirOwnerWipesAreNowhere() throws Exception {
        Found found = scan(12, "chars");
        assertEquals("passwords", 0, found.passwords);
        assertEquals("keys", 0, found.keys);
    }

    @Test
    public void aKeyThatIsNotClosedIsFoundOnce() throws Exception {
        Found found = scan(13, "kept");
        assertEquals("passwords", 0, found.passwords);
        assertEquals("keys", 1, found.keys);
    }
}
