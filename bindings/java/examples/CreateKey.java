// SPDX-License-Identifier: MIT
import com.mobivate.*;

public class CreateKey {
    public static void main(String[] arguments) {
        System.exit(createKey());
    }

    static int createKey() {
        try (Client client = new Client();
                ApiKey key = client.createKey("first.last@example.com", "your-pass")) {
            System.out.println(key.asString());
            if (!System.out.checkError()) return 0;
            System.err.println("The new key could not be printed: " + key.asString());
            return 6;
        } catch (MobivateException error) {
            System.err.println(error.getMessage()); // says whether the old key still works
            if (error.status() == Status.INVALID_ARGUMENT) return 2;
            if (error.keyState() != KeyState.UNCHANGED) return 5;
            return error.httpStatus().isPresent() ? 3 : 4; // refused, or not sent
        }
    }
}
