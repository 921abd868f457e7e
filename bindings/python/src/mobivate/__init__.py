# SPDX-License-Identifier: MIT
"""Creates API keys for Mobivate accounts, and tells what became of the old ones.

    import mobivate

    with mobivate.Client() as client:
        key = client.create_key("first.last@example.com", "your-pass")

A success revokes the key that the account had. Whatever goes wrong is a `MobivateError`, whose text and
`key_state` say what became of that key.
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

__version__ = "1.0.0"

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
