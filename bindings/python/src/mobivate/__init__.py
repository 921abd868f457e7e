# SPDX-License-Identifier: MIT
"""Create Mobivate API keys, and know whether the old key still works.

    import mobivate

    with mobivate.Client() as client:
        key = client.create_key("first.last@example.com", "your-pass")

A success revokes the account's old key. Whatever goes wrong is a `MobivateError`, whose text and `key_state`
say whether the old key still works. Where that is unknown, `Client.get_key` asks for the key that is valid, and
`Client.test_key` says whether one is.
"""

from mobivate._client import Client, Text
from mobivate._errors import (
    BusyError,
    CancelledError,
    ConnectError,
    CredentialsError,
    InternalError,
    InvalidArgumentError,
    KeyState,
    MobivateError,
    NoMemoryError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    ResolveError,
    ServerError,
    Status,
    TimeoutError,
    TLSError,
    TransportError,
)

__version__ = "1.1.0"

__all__ = [
    "BusyError",
    "CancelledError",
    "Client",
    "ConnectError",
    "CredentialsError",
    "InternalError",
    "InvalidArgumentError",
    "KeyState",
    "MobivateError",
    "NoMemoryError",
    "ProtocolError",
    "RateLimitedError",
    "RejectedError",
    "ResolveError",
    "ServerError",
    "Status",
    "TLSError",
    "Text",
    "TimeoutError",
    "TransportError",
]
