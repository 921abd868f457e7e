# SPDX-License-Identifier: MIT
"""What can go wrong, and whether the old key still works."""

from __future__ import annotations

import builtins
import enum
from typing import Optional


class Status(enum.IntEnum):
    """The library's status values. Each error has one; a call that returns had `OK`."""

    OK = 0
    INVALID_ARGUMENT = -1
    NO_MEMORY = -2
    BUSY = -3
    CANCELLED = -4
    TIMEOUT = -5
    RESOLVE = -6
    CONNECT = -7
    TLS = -8
    TRANSPORT = -9
    CREDENTIALS = -10
    RATE_LIMITED = -11
    REJECTED = -12
    SERVER = -13
    PROTOCOL = -14
    BUFFER_TOO_SMALL = -15
    """Never seen: a key of any size is handed over."""
    INTERNAL = -99


class KeyState(enum.Enum):
    """Whether the key that the account had before the call still works."""

    UNCHANGED = 0
    """The old key surely still works."""
    REPLACED = 1
    """The old key is revoked."""
    UNKNOWN = 2
    """The old key may be revoked; `get_key` tells which one is valid."""


class MobivateError(Exception):
    """A call that handed over no key. Its text says why, and whether the old key still works."""

    status: Status = Status.INTERNAL
    key_state: KeyState = KeyState.UNKNOWN
    """Whether the old key still works.

    `UNKNOWN` where an error has lost it on its way, as over JSON, unless its class leaves no doubt.
    """
    http_status: Optional[int] = None
    """The status code of the answer, if there was one."""
    server_code: Optional[int] = None
    """The member `code` of the answer's JSON, if it had one."""
    server_message: Optional[str] = None
    """The member `message` of the answer's JSON, if it had one."""
    retry_after: Optional[float] = None
    """How many seconds the server asked to wait, if it did."""


class InvalidArgumentError(MobivateError, ValueError):
    """A user name, password or option that cannot be used. Nothing was sent."""

    status = Status.INVALID_ARGUMENT
    key_state = KeyState.UNCHANGED


class NoMemoryError(MobivateError):
    """An allocation failed."""

    status = Status.NO_MEMORY


class BusyError(MobivateError):
    """The client is already in a call, which goes on."""

    status = Status.BUSY


class CancelledError(MobivateError):
    """The call was cancelled."""

    status = Status.CANCELLED


class TimeoutError(MobivateError, builtins.TimeoutError):
    """The call took longer than `timeout`, or connecting longer than `connect_timeout`."""

    status = Status.TIMEOUT


class ResolveError(MobivateError):
    """The host's or the proxy's name was not found."""

    status = Status.RESOLVE
    key_state = KeyState.UNCHANGED


class ConnectError(MobivateError):
    """The connection was refused, or the host cannot be reached."""

    status = Status.CONNECT
    key_state = KeyState.UNCHANGED


class TLSError(MobivateError):
    """The certificate or the handshake failed."""

    status = Status.TLS
    key_state = KeyState.UNCHANGED


class TransportError(MobivateError):
    """The connection broke."""

    status = Status.TRANSPORT


class CredentialsError(MobivateError):
    """The server refused the user name or the password (401)."""

    status = Status.CREDENTIALS


class RateLimitedError(MobivateError):
    """The server asked to slow down (429); `retry_after` says for how long."""

    status = Status.RATE_LIMITED


class RejectedError(MobivateError):
    """The server refused the request (any other 4xx)."""

    status = Status.REJECTED


class ServerError(MobivateError):
    """The server failed (5xx)."""

    status = Status.SERVER


class ProtocolError(MobivateError):
    """An answer that the service does not document."""

    status = Status.PROTOCOL


class InternalError(MobivateError):
    """A bug in libmobivate."""

    status = Status.INTERNAL


BY_STATUS: dict[int, type[MobivateError]] = {
    error.status: error
    for error in (
        InvalidArgumentError,
        NoMemoryError,
        BusyError,
        CancelledError,
        TimeoutError,
        ResolveError,
        ConnectError,
        TLSError,
        TransportError,
        CredentialsError,
        RateLimitedError,
        RejectedError,
        ServerError,
        ProtocolError,
        InternalError,
    )
}

# So that a traceback names them as they are imported, and what travels finds them there.
for _public in (Status, KeyState, MobivateError, *BY_STATUS.values()):
    _public.__module__ = "mobivate"
