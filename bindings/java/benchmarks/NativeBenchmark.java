// SPDX-License-Identifier: MIT
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The same with Java's own client. */
public final class NativeBenchmark {
    private static SSLContext trust(Path file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream certificates = Files.newInputStream(file)) {
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(certificates));
        }
        TrustManagerFactory managers =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(trust(Path.of(System.getenv("MOBIVATE_CA_FILE"))))
                .build();
        JsonObject body = new JsonObject();
        body.addProperty("username", System.getenv("MOBIVATE_USERNAME"));
        body.addProperty("password", Files.readString(Path.of(System.getenv("MOBIVATE_PASSWORD_FILE"))));
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(System.getenv("MOBIVATE_BASE_URL") + "/auth/createkey"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build();
        for (int i = 0; i < count; i++) {
            String answer = client.send(request, BodyHandlers.ofString()).body();
            if (JsonParser.parseString(answer).getAsJsonObject().get("apiKey").getAsString().isEmpty())
                throw new AssertionError(answer);
        }
        System.out.println("created " + count);
        System.exit(0);
    }

    private NativeBenchmark() {}
}
