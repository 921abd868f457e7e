// SPDX-License-Identifier: MIT
package com.mobivate;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.Assume;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** How the library is found, each time in a process of its own. */
public class LibraryTest {
    private static final Path LIBRARY = Path.of(System.getenv("MOBIVATE_LIBRARY"));
    private static final String INSTALL =
            "; install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY.";

    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    /** Makes a client, twice where that fails. */
    public static final class Program {
        public static void main(String[] arguments) {
            for (int turn = 0; turn < 2; ++turn) {
                try {
                    new Client().close();
                    System.out.println("loaded");
                    return;
                } catch (UnsatisfiedLinkError error) {
                    System.out.println(error.getMessage());
                }
            }
        }
    }

    /** What the program prints; an empty value removes the variable. */
    private static List<String> run(Map<String, String> environment, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Program.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        environment.forEach((name, value) -> {
            if (value.isEmpty()) {
                builder.environment().remove(name);
            } else {
                builder.environment().put(name, value);
            }
        });
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(output, 0, process.waitFor());
        return output.lines().toList();
    }

    /** A library of these lines of C. */
    private Path compile(List<String> lines) throws IOException, InterruptedException {
        Path source = folder.newFile("stub.c").toPath();
        Path library = source.resolveSibling("libmobivate.so.1");
        Files.write(source, lines);
        Process compiler;
        try {
            compiler = new ProcessBuilder("cc", "-shared", "-fPIC", source + "", "-o", library + "")
                    .inheritIO()
                    .start();
        } catch (IOException error) {
            Assume.assumeNoException("there is no C compiler", error);
            throw error;
        }
        assertEquals(0, compiler.waitFor());
        return library;
    }

    private static List<String> stub(String version, int number) {
        List<String> lines = new ArrayList<>();
        lines.add("const char *mbv_version(void) { return \"" + version + "\"; }");
        lines.add("int mbv_version_number(void) { return " + number + "; }");
        lines.add("void *mbv_new(void) { static int client; return &client; }");
        for (Method function : MobivateLibrary.class.getDeclaredMethods()) {
            String declared = function.getName() + "(void)";
            if (Modifier.isAbstract(function.getModifiers())
                    && lines.stream().noneMatch(line -> line.contains(declared))) {
                lines.add("void " + declared + " {}");
            }
        }
        return lines;
    }

    @Test
    public void theVariableNamesIt() throws Exception {
        assertEquals(List.of("loaded"), run(Map.of("MOBIVATE_LIBRARY", LIBRARY.toString())));
    }

    @Test
    public void theDynamicLoaderFindsIt() throws Exception {
        Map<String, String> environment =
                Map.of("MOBIVATE_LIBRARY", "", "LD_LIBRARY_PATH", LIBRARY.getParent().toString());
        assertEquals(List.of("loaded"), run(environment));
    }

    @Test
    public void jnaFindsIt() throws Exception {
        String option = "-Djna.library.path=" + LIBRARY.getParent();
        assertEquals(List.of("loaded"), run(Map.of("MOBIVATE_LIBRARY", "", "LD_LIBRARY_PATH", ""), option));
    }

    @Test
    public void aMissingOne() throws Exception {
        List<String> found = run(Map.of("MOBIVATE_LIBRARY", "/nowhere/libmobivate.so.1"));
        assertEquals(2, found.size());
        assertEquals("said twice", found.get(0), found.get(1));
        String message = found.get(0);
        String beginning = "/nowhere/libmobivate.so.1, which MOBIVATE_LIBRARY names, could not be loaded (";
        assertTrue(message, message.startsWith(beginning));
        assertTrue(message, message.contains("No such file"));
        assertTrue(message, message.endsWith(")" + INSTALL));
    }

    @Test
    public void somethingElse() throws Exception {
        Path library = compile(List.of("int something_else;"));
        String message = run(Map.of("MOBIVATE_LIBRARY", library.toString())).get(0);
        String beginning = library + ", which MOBIVATE_LIBRARY names, is not libmobivate 1.x (";
        assertTrue(message, message.startsWith(beginning));
        assertTrue(message, message.endsWith(")" + INSTALL));
    }

    private void assertRefused(String version, int number) throws Exception {
        Path library = compile(stub(version, number));
        Map<String, String> environment =
                Map.of("MOBIVATE_LIBRARY", "", "LD_LIBRARY_PATH", library.getParent().toString());
        String message = "libmobivate.so.1, in jna.library.path and on the dynamic loader's search path, "
                + "has version " + version + ", and 1.0.0 or newer, and below 2, is needed" + INSTALL;
        assertEquals(List.of(message, message), run(environment));
    }

    @Test
    public void oneThatIsTooOld() throws Exception {
        assertRefused("0.9.9", 909);
    }

    @Test
    public void oneThatIsTooNew() throws Exception {
        assertRefused("2.0.0", 20000);
    }

    @Test
    public void aNewerOneThatWillDo() throws Exception {
        Path library = compile(stub("1.99.99", 19999));
        assertEquals(List.of("loaded"), run(Map.of("MOBIVATE_LIBRARY", library.toString())));
    }
}
