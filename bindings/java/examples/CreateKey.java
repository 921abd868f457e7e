// SPDX-License-Identifier: MIT
import com.mobivate.*;

public class CreateKey {
    public static void main(String[] arguments) {
        try (Client client = new Client();
                ApiKey key = client.createKey("first.last@example.com", "your-pass")) {
            System.out.println(key.asString());
        } catch (MobivateException error) {
            System.err.println(error.getMessage());
            if (error.keyState() == KeyState.UNKNOWN) System.err.println("Run this again.");
        }
    }
}
