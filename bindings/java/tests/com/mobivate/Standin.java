// SPDX-License-Identifier: MIT
package com.mobivate;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.Assume;
import org.junit.AssumptionViolatedException;
import org.junit.rules.TestWatcher;
import org.junit.runner.Description;

/** The stand-in service, as tests/standin/README.md describes it. */
final class Standin {
    static final String PASSWORD = "correct-password";

    /** A scenario that never answers. */
    static final JsonObject STALLS = json("{'creates': true, 'cut': {'after': 0, 'how': 'stall'}}");

    private static int accounts;

    /** Made when it is first needed: a process that only makes clients starts sooner. */
    private static final class Control {
        static final HttpClient CLIENT =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    private Standin() {}

    /** Names each test that is skipped, and why. */
    static final class Skipped extends TestWatcher {
        @Override
        protected void skipped(AssumptionViolatedException reason, Description test) {
            System.out.println("skipped: " + test.getDisplayName() + ": " + reason.getMessage());
        }
    }

    /** A variable that tests/bindings sets. Without it, `mvn install` for example, the test is skipped. */
    static String variable(String name) {
        String value = System.getenv(name);
        Assume.assumeTrue(name + " is not set: tests/run -R bindings.java runs this test", value != null);
        return value;
    }

    /** A client with its defaults. Without libmobivate the test is skipped, where it is not what is tested. */
    static Client newClient() {
        try {
            return new Client();
        } catch (UnsatisfiedLinkError error) {
            Assume.assumeTrue(error.getMessage(), System.getenv("MOBIVATE_LIBRARY") != null);
            throw error;
        }
    }

    static JsonObject facts() {
        return JsonParser.parseString(variable("MOBIVATE_STANDIN")).getAsJsonObject();
    }

    static Path caFile() {
        return Path.of(facts().get("ca_file").getAsString());
    }

    static JsonObject json(String text) {
        return JsonParser.parseString(text.replace('\'', '"')).getAsJsonObject();
    }

    static JsonObject control(String method, String path, JsonObject body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(facts().get("http").getAsString() + path))
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body.toString()))
                .build();
        HttpResponse<String> answer = Control.CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new IOException(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
        }
        return JsonParser.parseString(answer.body()).getAsJsonObject();
    }

    static JsonObject createAccount(String username, String password, JsonElement scenario)
            throws IOException, InterruptedException {
        JsonObject account = new JsonObject();
        account.addProperty("username", username);
        account.addProperty("password", password);
        account.add("scenario", scenario);
        return control("POST", "/standin/accounts", account);
    }

    /** A new account's user name. */
    static synchronized String newAccount(JsonElement scenario) throws IOException, InterruptedException {
        String username = "test-" + ++accounts + "-java@example.com";
        createAccount(username, PASSWORD, scenario);
        return username;
    }

    static String newAccount() throws IOException, InterruptedException {
        return newAccount(new JsonObject());
    }

    /** What is true of an account, once there were so many requests. */
    static JsonObject account(String username, int requests) throws IOException, InterruptedException {
        String name = URLEncoder.encode(username, StandardCharsets.UTF_8);
        return control("GET", "/standin/accounts/" + name + "?timeout_ms=10000&requests=" + requests, null);
    }

    static int requests(String username) throws IOException, InterruptedException {
        return account(username, 0).get("requests").getAsInt();
    }

    static String validKey(String username) throws IOException, InterruptedException {
        return account(username, 0).get("valid_key").getAsString();
    }

    static Client client() {
        String url = facts().get("https").getAsString();
        Client client = newClient();
        client.setBaseUrl(url);
        client.setCaFile(caFile());
        client.setProxy("");
        return client;
    }

    static Client clientOverHttp() {
        String url = facts().get("http").getAsString();
        Client client = newClient();
        client.setBaseUrl(url);
        return client;
    }
}
