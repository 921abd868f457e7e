// SPDX-License-Identifier: MIT
package com.mobivate;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** Runs the README's example, with the options that reach the stand-in. */
public class ReadmeTest {
    private static final String ACCOUNT = "first.last@example.com";

    /** The package's folder. */
    private static final Path SOURCE = Path.of(System.getProperty("mobivate.source", "."));

    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private final String example;

    public ReadmeTest() throws IOException {
        Pattern fenced = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
        Matcher block = fenced.matcher(Files.readString(SOURCE.resolve("README.md")));
        assertTrue(block.find());
        example = block.group(1);
    }

    private static final class Ran {
        int exitCode;
        String output;
        String errors;
    }

    private Ran run() throws Exception {
        String made = "new Client()";
        assertTrue(example.contains(made));
        String program = example.replace(made, "standin(new Client())")
                .replaceFirst(
                        "}\n$",
                        "    static Client standin(Client client) {\n"
                                + "        client.setBaseUrl(System.getenv(\"MOBIVATE_STANDIN_HTTPS\"));\n"
                                + "        String file = System.getenv(\"MOBIVATE_STANDIN_CA_FILE\");\n"
                                + "        client.setCaFile(java.nio.file.Path.of(file));\n"
                                + "        client.setProxy(\"\");\n"
                                + "        return client;\n"
                                + "    }\n"
                                + "}\n");
        Path source = folder.getRoot().toPath().resolve("CreateKey.java");
        Files.writeString(source, program);
        Path errors = folder.getRoot().toPath().resolve("errors");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        source.toString())
                .redirectError(errors.toFile())
                .start();
        process.getOutputStream().close();
        Ran ran = new Ran();
        ran.output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        ran.exitCode = process.waitFor();
        ran.errors = Files.readString(errors);
        return ran;
    }

    @Test
    public void theExamplePrintsTheNewKey() throws Exception {
        Standin.createAccount(ACCOUNT, "your-pass", new JsonObject());
        Ran ran = run();
        assertEquals("", ran.errors);
        assertEquals(Standin.validKey(ACCOUNT) + "\n", ran.output);
        assertEquals(0, ran.exitCode);
        assertEquals(1, Standin.requests(ACCOUNT));
    }

    @Test
    public void theExampleSaysWhatBecameOfTheOldKey() throws Exception {
        Standin.createAccount(ACCOUNT, "your-pass", Standin.json("{'status': 500, 'creates': true}"));
        Ran ran = run();
        assertEquals("", ran.output);
        assertTrue(ran.errors, ran.errors.matches("(?s).*The old key may be revoked.*\nRun this again\\.\n"));
    }

    @Test
    public void theExamplesFileIsTheReadmes() throws IOException {
        String file = Files.readString(SOURCE.resolve("examples/CreateKey.java"));
        assertEquals("// SPDX-License-Identifier: MIT\n" + example, file);
    }
}
