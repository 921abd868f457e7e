// SPDX-License-Identifier: MIT
package com.mobivate;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.sun.jna.Platform;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.Assume;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TestWatcher;

/** How the library is found, each time in a process of its own. */
public class LibraryTest {
    @Rule
    public final TestWatcher skipped = new Standin.Skipped();

    private static final String INSTALL = "; install libmobivate 1.1 or a newer 1.x, or set MOBIVATE_LIBRARY to its file";

    private Path library;

    @Before
    public void findLibrary() {
        library = Path.of(Standin.variable("MOBIVATE_LIBRARY"));
    }

    /** Makes a client, twice where that fails. */
    public static final class Program {
        public static void main(String[] arguments) {
            for (int turn = 0; turn < 2; ++turn) {
                try {
                    new Client().close();
                    System.out.println("loaded");
                    return;
                } catch (UnsatisfiedLinkError | OutOfMemoryError error) {
                    System.out.println(error.getMessage());
                }
            }
        }
    }

    /** What the program prints; an empty value removes the variable. */
    private static List<String> run(Map<String, String> environment, String... options) throws Exception {
        return run(System.getProperty("java.class.path"), environment, options);
    }

    private static List<String> run(String classPath, Map<String, String> environment, String... options)
            throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath, Program.class.getName()));
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

    @Test
    public void theVariableNamesIt() throws Exception {
        assertEquals(List.of("loaded"), run(Map.of("MOBIVATE_LIBRARY", library.toString())));
    }

    @Test
    public void theDynamicLoaderFindsIt() throws Exception {
        Map<String, String> environment =
                Map.of("MOBIVATE_LIBRARY", "", "LD_LIBRARY_PATH", library.getParent().toString());
        assertEquals(List.of("loaded"), run(environment));
    }

    @Test
    public void jnaFindsIt() throws Exception {
        String option = "-Djna.library.path=" + library.getParent();
        assertEquals(List.of("loaded"), run(Map.of("MOBIVATE_LIBRARY", "", "LD_LIBRARY_PATH", ""), option));
    }

    @Test
    public void aMissingOne() throws Exception {
        List<String> found = run(Map.of("MOBIVATE_LIBRARY", "/nowhere/libmobivate.so.1"));
        assertEquals(2, found.size());
        assertEquals("said twice", found.get(0), found.get(1));
        String message = found.get(0);
        String beginning = "cannot load libmobivate; tried /nowhere/libmobivate.so.1 (from MOBIVATE_LIBRARY): ";
        assertTrue(message, message.startsWith(beginning));
        assertTrue(message, message.contains("No such file"));
        assertTrue(message, message.endsWith(INSTALL));
    }

    private static final Map<String, String> NOWHERE = Map.of("MOBIVATE_LIBRARY", "", "LD_LIBRARY_PATH", "");
    private static final String RESOURCE = Platform.RESOURCE_PREFIX + "/libmobivate.so.1";

    @Test
    public void oneThatIsNowhere() throws Exception {
        String message = run(NOWHERE).get(0);
        Assume.assumeFalse("it is installed for all", message.equals("loaded"));
        String beginning = "cannot load libmobivate; tried MOBIVATE_LIBRARY: not set; " + RESOURCE
                + " on the class path: not there; "
                + "libmobivate.so.1 (in jna.library.path and on the loader's search path): ";
        assertTrue(message, message.startsWith(beginning));
        assertTrue(message, message.endsWith(INSTALL));
    }

    @Test
    public void aJarHasIt() throws Exception {
        Path jar = Files.createTempFile("mobivate-", ".jar");
        try {
            String classPath = jar + ":" + System.getProperty("java.class.path");
            Map<String, String> everywhere =
                    Map.of("MOBIVATE_LIBRARY", "", "LD_LIBRARY_PATH", library.getParent().toString());
            write(jar, Files.readAllBytes(Path.of(Standin.variable("MOBIVATE_STUBS"), "2.0.0", "libmobivate.so.1")));
            String message = run(classPath, everywhere).get(0);
            String found = " (" + RESOURCE + " on the class path): found libmobivate 2.0.0; ";
            assertTrue(message, message.contains(found));
            assertEquals(List.of("loaded"), run(classPath, Map.of("MOBIVATE_LIBRARY", library.toString())));
            // One of another system is passed over.
            write(jar, "of another system".getBytes(StandardCharsets.UTF_8));
            assertEquals(List.of("loaded"), run(classPath, everywhere));
            write(jar, Files.readAllBytes(library));
            assertEquals(List.of("loaded"), run(classPath, NOWHERE));
        } finally {
            Files.delete(jar);
        }
    }

    private static void write(Path jar, byte[] library) throws Exception {
        try (JarOutputStream output = new JarOutputStream(Files.newOutputStream(jar))) {
            output.putNextEntry(new JarEntry(RESOURCE));
            output.write(library);
        }
    }

    @Test
    public void somethingElse() throws Exception {
        String libc = Files.readString(Path.of("/proc/self/maps"))
                .lines()
                .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .filter(file -> file.contains("/libc.so"))
                .findFirst()
                .orElseThrow();
        String message = run(Map.of("MOBIVATE_LIBRARY", libc)).get(0);
        String beginning = libc + " (from MOBIVATE_LIBRARY) is not libmobivate 1.x: ";
        assertTrue(message, message.startsWith(beginning));
        assertTrue(message, message.endsWith(INSTALL));
    }

    @Test
    public void aNewerOneThatWillDo() throws Exception {
        // It is taken, and then does nothing: mbv_new returns NULL.
        String file = Standin.variable("MOBIVATE_STUBS") + "/1.99.99/libmobivate.so.1";
        String message = "Out of memory for a client.";
        assertEquals(List.of(message, message), run(Map.of("MOBIVATE_LIBRARY", file)));
    }

    @Test
    public void anotherVersion() throws Exception {
        for (String version : List.of("0.9.0", "1.0.0", "2.0.0")) {
            String folder = Standin.variable("MOBIVATE_STUBS") + "/" + version;
            String message = "libmobivate.so.1 (in jna.library.path and on the loader's search path): found libmobivate "
                    + version + "; this package needs >= 1.1.0, < 2" + INSTALL;
            Map<String, String> environment = Map.of("MOBIVATE_LIBRARY", "", "LD_LIBRARY_PATH", folder);
            assertEquals(List.of(message, message), run(environment));
        }
    }
}
