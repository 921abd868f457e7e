# SPDX-License-Identifier: MIT
import sys

import mobivate

with mobivate.Client() as client:
    try:
        print(client.create_key("first.last@example.com", "your-pass"))
    except mobivate.MobivateError as error:
        print(error, file=sys.stderr)  # says what became of the old key, too
        sys.exit(5 if error.key_state is mobivate.KeyState.UNKNOWN else 1)
