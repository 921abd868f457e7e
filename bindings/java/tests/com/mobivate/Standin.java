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

/** The stand-in service, as tests/standin/README.md describes it. */
final class Standin {
    static final JsonObject FACTS =
            JsonParser.parseString(System.getenv("MOBIVATE_STANDIN")).getAsJsonObject();
    static final String HTTP = FACTS.get("http").getAsString();
    static final String HTTPS = FACTS.get("https").getAsString();
    static final Path CA_FILE = Path.of(FACTS.get("ca_file").getAsString());
    static final String PASSWORD = "correct-password";

    /** A scenario that answers never. */
    static final JsonObject STALLS = json("{'creates': true, 'cut': {'after': 0, 'how': 'stall'}}");

    private static int accounts;

    /** Made when it is first needed: a process that only makes clients starts sooner. */
    private static final class Control {
        static final HttpClient CLIENT =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    private Standin() {}

    static JsonObject json(String text) {
        return JsonParser.parseString(text.replace('\'', '"')).getAsJsonObject();
    }

    static JsonObject control(String method, String path, JsonObject body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(HTTP + path))
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
        Client client = new Client();
        client.setBaseUrl(HTTPS);
        client.setCaFile(CA_FILE);
        client.setProxy("");
        return client;
    }

    static Client clientOverHttp() {
        Client client = new Client();
        client.setBaseUrl(HTTP);
        return client;
    }
}
