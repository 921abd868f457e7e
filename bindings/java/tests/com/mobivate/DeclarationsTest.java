// SPDX-License-Identifier: MIT
package com.mobivate;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TestWatcher;

/** Compares the declarations with those of mobivate.h. */
public class DeclarationsTest {
    @Rule
    public final TestWatcher skipped = new Standin.Skipped();

    private static final Map<String, Class<?>> PARAMETERS = Map.of(
            "mbv_client *", MobivateLibrary.ClientPointer.class,
            "const mbv_client *", MobivateLibrary.ClientPointer.class,
            "const char *", Pointer.class,
            "char *", Pointer.class,
            "size_t", MobivateLibrary.SizeT.class,
            "size_t *", MobivateLibrary.SizeTByReference.class,
            "int32_t", int.class);
    private static final Map<String, Class<?>> RESULTS = Map.of(
            "mbv_client *", MobivateLibrary.ClientPointer.class,
            "const char *", String.class,
            "size_t", MobivateLibrary.SizeT.class,
            "int32_t", int.class,
            "int64_t", long.class,
            "void", void.class);

    private JsonObject header;

    @Before
    public void readHeader() throws IOException {
        header = JsonParser.parseString(Files.readString(Path.of(Standin.variable("MOBIVATE_HEADER"))))
                .getAsJsonObject();
    }

    @Test
    public void theFunctions() {
        Set<String> declared = new HashSet<>();
        for (Method function : MobivateLibrary.class.getDeclaredMethods()) {
            if (!Modifier.isAbstract(function.getModifiers())) {
                continue;
            }
            String name = function.getName();
            declared.add(name);
            assertTrue(name, header.getAsJsonObject("functions").has(name));
            JsonObject expected = header.getAsJsonObject("functions").getAsJsonObject(name);
            List<Class<?>> parameters = new ArrayList<>();
            for (JsonElement type : expected.getAsJsonArray("parameters")) {
                parameters.add(PARAMETERS.get(type.getAsString()));
            }
            assertEquals(name, parameters, List.of(function.getParameterTypes()));
            assertEquals(name, RESULTS.get(expected.get("returns").getAsString()), function.getReturnType());
        }
        Set<String> others = new HashSet<>(header.getAsJsonObject("functions").keySet());
        others.removeAll(declared);
        // A large buffer makes the first needless, and Status and the messages of exceptions the others.
        assertEquals(Set.of("mbv_take_key", "mbv_status_name", "mbv_status_message"), others);
    }

    @Test
    public void theStatuses() {
        JsonObject statuses = header.getAsJsonObject("status");
        assertEquals(Status.OK, statuses.get("MBV_OK").getAsInt());
        Set<String> names = new HashSet<>(Set.of("MBV_OK"));
        for (Status status : Status.values()) {
            String name = "MBV_ERR_" + status;
            names.add(name);
            assertTrue(name, statuses.has(name));
            assertEquals(name, statuses.get(name).getAsInt(), status.value());
            assertEquals(status, Status.of(status.value()));
        }
        assertEquals(statuses.keySet(), names);
    }

    @Test
    public void theKeyStates() {
        JsonObject states = header.getAsJsonObject("key_states");
        assertEquals(states.size(), KeyState.values().length);
        for (Map.Entry<String, JsonElement> state : states.entrySet()) {
            assertEquals(state.getKey(), "MBV_KEY_" + KeyState.of(state.getValue().getAsInt()));
        }
    }

    @Test
    public void theConstants() {
        assertTrue(Client.KEY_CAPACITY
                >= header.getAsJsonObject("constants").get("MBV_KEY_CAPACITY").getAsInt());
    }
}
