# SPDX-License-Identifier: MIT
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
    print(key, flush=True)
except OSError:
    sys.exit(6)  # the key was created, but could not be written
