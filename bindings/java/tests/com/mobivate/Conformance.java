// SPDX-License-Identifier: MIT
package com.mobivate;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/** Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean. */
final class Conformance implements AutoCloseable {
    private static final List<String> IN_WORDS =
            List.of("The old key still works.", "The old key is revoked.", "The old key may be revoked");

    private final JsonObject one;
    private final String username;
    private final String password;
    private final Client client;
    private boolean cancelled;

    /** What came out of a step: a key, an exception, or neither where no call was made. */
    private static final class Outcome {
        String key;
        Exception error;
    }

    /** A step of a case. */
    private interface Step {
        void run() throws Exception;
    }

    private Conformance(JsonObject one) throws Exception {
        this.one = one;
        String name = one.get("name").getAsString();
        username = one.has("username") ? text(one.get("username")) : name + "-java@example.com";
        password = one.has("password") ? text(one.get("password")) : Standin.PASSWORD;
        if (!one.has("username")) {
            Standin.createAccount(username, password, scenario());
        }
        client = newClient();
    }

    public static void main(String[] arguments) throws Exception {
        String cases = Files.readString(Path.of(System.getenv("MOBIVATE_CASES")));
        int passed = 0;
        int failed = 0;
        for (JsonElement each : JsonParser.parseString(cases).getAsJsonObject().getAsJsonArray("cases")) {
            JsonObject one = each.getAsJsonObject();
            String name = one.get("name").getAsString();
            try (Conformance conformance = new Conformance(one)) {
                conformance.run();
                System.out.println("ok " + name);
                ++passed;
            } catch (Exception | AssertionError error) {
                System.out.println("not ok " + name + ": " + error);
                ++failed;
            }
        }
        System.out.println(passed + " passed, " + failed + " failed, 0 skipped");
        System.exit(failed > 0 || passed == 0 ? 1 : 0);
    }

    /** A text, or {"repeat": [TEXT, COUNT]}. */
    private static String text(JsonElement rule) {
        if (rule.isJsonPrimitive()) {
            return rule.getAsString();
        }
        JsonArray repeat = rule.getAsJsonObject().getAsJsonArray("repeat");
        return repeat.get(0).getAsString().repeat(repeat.get(1).getAsInt());
    }

    private static String text(JsonObject step, String name, String otherwise) {
        return step.has(name) ? text(step.get(name)) : otherwise;
    }

    private JsonElement scenario() {
        return one.has("scenario") ? one.get("scenario") : new JsonObject();
    }

    private Client newClient() {
        Client made = new Client();
        made.setProxy("");
        String baseUrl = one.has("base_url") ? one.get("base_url").getAsString() : "https";
        String[] path = baseUrl.split("\\.", 2);
        if (path[0].equals("hosts")) {
            JsonObject hosts = Standin.FACTS.getAsJsonObject("hosts");
            made.setBaseUrl("https://" + hosts.get(path[1]).getAsString());
        } else if (path[0].equals("tls_faults")) {
            made.setBaseUrl(Standin.FACTS.getAsJsonObject("tls_faults").get(path[1]).getAsString());
        } else if (baseUrl.equals("https") || baseUrl.equals("http")) {
            made.setBaseUrl(Standin.FACTS.get(baseUrl).getAsString());
        } else {
            made.setBaseUrl(baseUrl);
        }
        if (!one.has("ca_file") || one.get("ca_file").getAsBoolean()) {
            made.setCaFile(Standin.CA_FILE);
        }
        if (one.has("options")) {
            for (Map.Entry<String, JsonElement> option : one.getAsJsonObject("options").entrySet()) {
                made.setOption(option.getKey(), option.getValue().getAsString());
            }
        }
        return made;
    }

    @Override
    public void close() {
        client.close();
    }

    private void run() throws Exception {
        int index = 0;
        for (JsonElement each : one.getAsJsonArray("steps")) {
            JsonObject step = each.getAsJsonObject();
            ++index;
            JsonObject expected = step.has("expect") ? step.getAsJsonObject("expect") : new JsonObject();
            int repeat = step.has("repeat") ? step.get("repeat").getAsInt() : 1;
            String action = step.get("do").getAsString();
            for (int turn = 1; turn <= repeat; ++turn) {
                try {
                    action(action, step, expected).run();
                } catch (AssertionError error) {
                    String where = "step " + index + " (" + action + "), turn " + turn + ": ";
                    throw new AssertionError(where + error.getMessage(), error);
                }
            }
        }
    }

    private Step action(String action, JsonObject step, JsonObject expected) {
        switch (action) {
            case "create_key":
                return () -> createKey(step, expected);
            case "create_key_then_cancel":
                return () -> createKeyThenCancel(expected);
            case "create_key_while_busy":
                return () -> createKeyWhileBusy(expected);
            case "create_key_on_two_clients":
                return () -> createKeyOnTwoClients(expected);
            case "cancel":
                return () -> cancelled = true;
            case "uncancel":
                return () -> cancelled = false;
            case "set":
                return () -> set(step, expected);
            case "close":
                return client::close;
            default:
                throw new AssertionError("there is no step \"" + action + "\"");
        }
    }

    /** Makes a call on this thread, which is interrupted beforehand where the case has cancelled. */
    private Outcome call(Client one, String name, String secret) {
        Outcome outcome = new Outcome();
        if (cancelled) {
            Thread.currentThread().interrupt();
        }
        try (ApiKey key = one.createKey(name, secret.toCharArray())) {
            outcome.key = key.asString();
        } catch (MobivateException | IllegalStateException error) {
            outcome.error = error;
        }
        if (Thread.interrupted() != cancelled) {
            outcome.error = new IllegalStateException("the interrupt status was not kept");
        }
        return outcome;
    }

    /** The same on another thread. */
    private static final class CallThread extends Thread {
        final FutureTask<Outcome> task;

        CallThread(Callable<Outcome> call) {
            this(new FutureTask<>(call));
        }

        private CallThread(FutureTask<Outcome> task) {
            super(task);
            this.task = task;
            start();
        }
    }

    private void createKey(JsonObject step, JsonObject expected) throws Exception {
        JsonObject before = Standin.account(username, 0);
        Outcome outcome = call(client, text(step, "username", username), text(step, "password", password));
        compare(outcome, expected);
        compareWords(outcome);
        compareAccount(username, before, outcome, expected);
    }

    private void createKeyThenCancel(JsonObject expected) throws Exception {
        JsonObject before = Standin.account(username, 0);
        CallThread thread = new CallThread(() -> call(client, username, password));
        Standin.account(username, before.get("requests").getAsInt() + 1);
        cancelled = true; // The thread is to keep its interrupt status.
        thread.interrupt();
        Outcome outcome = thread.task.get();
        cancelled = false;
        compare(outcome, expected);
        compareWords(outcome);
        compareAccount(username, before, outcome, expected);
    }

    private void createKeyWhileBusy(JsonObject expected) throws Exception {
        JsonObject before = Standin.account(username, 0);
        var first = client.createKeyAsync(username, password.toCharArray());
        Standin.account(username, before.get("requests").getAsInt() + 1);
        Outcome second = call(client, username, password);
        compare(second, expected);
        compareWords(second);
        compareAccount(username, before, second, expected);
        assertTrue(first.cancel(true), "the first call was not cancelled");
        Outcome outcome = new Outcome();
        outcome.error = first.handle((key, error) -> (Exception) error.getCause()).get();
        compare(outcome, Standin.json("{'status': 'MBV_ERR_CANCELLED'}"));
        compareWords(outcome);
    }

    private void createKeyOnTwoClients(JsonObject expected) throws Exception {
        List<String> names = List.of(username, "second-" + username);
        Standin.createAccount(names.get(1), password, scenario());
        try (Client other = newClient()) {
            List<Client> clients = List.of(client, other);
            List<JsonObject> before = new ArrayList<>();
            List<CallThread> threads = new ArrayList<>();
            for (String name : names) {
                before.add(Standin.account(name, 0));
            }
            for (int index = 0; index < names.size(); ++index) {
                Client its = clients.get(index);
                String name = names.get(index);
                threads.add(new CallThread(() -> call(its, name, password)));
            }
            for (int index = 0; index < names.size(); ++index) {
                Outcome outcome = threads.get(index).task.get();
                compare(outcome, expected);
                compareWords(outcome);
                compareAccount(names.get(index), before.get(index), outcome, expected);
            }
        }
    }

    private void set(JsonObject step, JsonObject expected) {
        String status = "MBV_OK";
        String message = "";
        try {
            client.setOption(step.get("option").getAsString(), step.get("value").getAsString());
        } catch (IllegalArgumentException error) {
            status = "MBV_ERR_INVALID_ARGUMENT";
            message = error.getMessage();
        }
        assertSame("status", expected.get("status").getAsString(), status);
        if (expected.has("message_contains")) {
            String wanted = expected.get("message_contains").getAsString();
            assertTrue(message.contains(wanted), "\"" + message + "\" lacks \"" + wanted + "\"");
        }
    }

    private static void compare(Outcome outcome, JsonObject expected) {
        if (expected.has("closed")) {
            assertTrue(
                    outcome.error instanceof IllegalStateException
                            && outcome.error.getMessage().equals("The client is closed."),
                    "not the error of a closed client: " + outcome.error);
            return;
        }
        assertTrue(
                outcome.error == null || outcome.error instanceof MobivateException,
                "not an error of the library: " + outcome.error);
        MobivateException error = (MobivateException) outcome.error;
        String message = error == null ? "" : error.getMessage();
        String serverMessage = error == null ? "" : error.serverMessage().orElse("");
        for (Map.Entry<String, JsonElement> member : expected.entrySet()) {
            String name = member.getKey();
            JsonElement value = member.getValue();
            switch (name) {
                case "status":
                    String status = error == null ? "MBV_OK" : "MBV_ERR_" + error.status();
                    assertSame(name, value.getAsString(), status);
                    break;
                case "key_state":
                    KeyState state = error == null ? KeyState.REPLACED : error.keyState();
                    assertSame(name, value.getAsString().toUpperCase(), state.name());
                    break;
                case "http_status":
                    assertSame(name, value.getAsInt(), error == null ? 0 : error.httpStatus().orElse(0));
                    break;
                case "server_code":
                    assertSame(name, value.getAsInt(), error == null ? 0 : error.serverCode().orElse(0));
                    break;
                case "server_message":
                    assertSame(name, value.getAsString(), serverMessage);
                    break;
                case "retry_after_ms":
                    long wait = error == null || error.retryAfter().isEmpty()
                            ? -1
                            : error.retryAfter().get().toMillis();
                    assertSame(name, value.getAsLong(), wait);
                    break;
                case "key_size":
                    String key = outcome.key == null ? "" : outcome.key;
                    assertSame(name, value.getAsInt(), key.getBytes(StandardCharsets.UTF_8).length);
                    break;
                case "message_contains":
                    for (String text : texts(value)) {
                        assertTrue(message.contains(text), "\"" + message + "\" lacks \"" + text + "\"");
                    }
                    break;
                case "message_lacks":
                    for (String text : texts(value)) {
                        String said = error + " " + serverMessage;
                        assertTrue(!said.contains(text), "\"" + said + "\" contains \"" + text + "\"");
                    }
                    break;
                default:
                    boolean later = List.of("requests", "valid").contains(name);
                    assertTrue(later, "there is nothing to expect of " + name);
            }
        }
    }

    private static List<String> texts(JsonElement value) {
        List<String> texts = new ArrayList<>();
        if (value.isJsonArray()) {
            value.getAsJsonArray().forEach(text -> texts.add(text.getAsString()));
        } else {
            texts.add(value.getAsString());
        }
        return texts;
    }

    private static void compareWords(Outcome outcome) {
        if (outcome.error instanceof MobivateException) {
            MobivateException error = (MobivateException) outcome.error;
            List<String> words = error.status() == Status.BUSY ? List.of("another thread") : IN_WORDS;
            assertTrue(
                    words.stream().anyMatch(error.getMessage()::contains),
                    "the key state is not in the text: " + error.getMessage());
        }
    }

    private static void compareAccount(
            String username, JsonObject before, Outcome outcome, JsonObject expected) throws Exception {
        int requests = expected.has("requests") ? expected.get("requests").getAsInt() : 0;
        int earlier = before.get("requests").getAsInt();
        JsonObject after = Standin.account(username, earlier + requests);
        if (expected.has("requests")) {
            assertSame("requests", requests, after.get("requests").getAsInt() - earlier);
        }
        if (expected.has("valid")) {
            String valid = after.get("valid_key").getAsString();
            String whose = "lost";
            if (valid.equals(before.get("valid_key").getAsString())) {
                whose = "old";
            } else if (valid.equals(outcome.key)) {
                whose = "new";
            }
            assertSame("valid", expected.get("valid").getAsString(), whose);
        }
    }

    private static void assertTrue(boolean holds, String why) {
        if (!holds) {
            throw new AssertionError(why);
        }
    }

    private static void assertSame(String name, Object expected, Object found) {
        assertTrue(expected.equals(found), name + " is " + found + " and should be " + expected);
    }
}
