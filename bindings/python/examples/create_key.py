# SPDX-License-Identifier: MIT
import os
import sys

import mobivate

try:
    with mobivate.Client() as client:
        key = client.create_key("first.last@example.com", "your-pass")
except mobivate.MobivateError as error:
    print(error, file=sys.stderr)  # says whether the old key still works
    if error.key_state is mobivate.KeyState.UNKNOWN:
        sys.exit(5)  # ask with client.get_key
    if isinstance(error, mobivate.InvalidArgumentError):
        sys.exit(2)
    refused = (mobivate.CredentialsError, mobivate.RateLimitedError, mobivate.RejectedError)
    sys.exit(3 if isinstance(error, refused) else 4)
try:
    os.write(1, f"{key}\n".encode())  # print would keep what it cannot write, and try again at the end
except OSError as error:
    print(f"The new key could not be printed ({error}): {key}", file=sys.stderr)
    sys.exit(6)
