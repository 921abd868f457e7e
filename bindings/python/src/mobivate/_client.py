# SPDX-License-Identifier: MIT
"""The client."""

from __future__ import annotations

import _thread
import atexit
import contextlib
import ctypes
import math
import os
import threading
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn, Optional, TypeVar, Union

from mobivate import _library
from mobivate._errors import (
    BY_STATUS,
    BusyError,
    CancelledError,
    InternalError,
    InvalidArgumentError,
    KeyState,
    MobivateError,
    NoMemoryError,
    Status,
)

_Key = TypeVar("_Key", str, bytearray)

Text = Union[str, bytes, bytearray, memoryview]
"""A user name or a password: a string, or its UTF-8 in anything that has bytes."""

# The library's own words. It cannot be asked where that call has not got there yet.
_BUSY = "The client is in a call on another thread. What becomes of the old key is that call's to tell."
_LOST = (
    "The call was cancelled when the key was created, and nobody has that key. "
    "The old key is revoked: create a key again to have a valid one."
)


class Client:
    """Creates API keys, one call at a time, and keeps its connection for the next one.

    A call blocks its thread and no other. Ctrl-C ends it within 50 ms, as does what the handler of another
    signal raises: the exception's `__cause__` is then the `MobivateError` that tells what became of the
    old key.

    A client may be used by several threads; a second call at the same time raises `BusyError`.
    """

    _closed = True  # until there is something to close

    def __init__(
        self,
        *,
        base_url: Optional[str] = None,
        timeout: Optional[float] = None,
        connect_timeout: Optional[float] = None,
        ca_file: Union[str, os.PathLike[str], None] = None,
        ca_dir: Union[str, os.PathLike[str], None] = None,
        proxy: Optional[str] = None,
        user_agent: Optional[str] = None,
    ) -> None:
        """Makes a client. None leaves an option at its default.

        base_url: where the service is; default `https://api.mobivatebulksms.com`. `http://` is for
            loopback only.
        timeout: seconds for a whole call; default 30.
        connect_timeout: seconds to resolve, connect and shake hands; default 10.
        ca_file: a PEM file of the certificates to trust, in place of the system's.
        ca_dir: a directory of such certificates, hashed as by `openssl rehash`.
        proxy: an http, https, socks4, socks4a, socks5 or socks5h URL, or "" for none at all; default: the
            environment's (`https_proxy`, `all_proxy`, `no_proxy`).
        user_agent: the User-Agent header; default `libmobivate/VERSION`.

        Raises `InvalidArgumentError` (a `ValueError`) for an option that cannot be used, and `ImportError`
        where libmobivate is missing, or its version is not 1.x.
        """
        self._library = _library.load()
        # Guards what follows. A signal's handler may use the client while the main thread holds it.
        self._lock = threading.RLock()
        self._call: Optional[object] = None  # who uses the client: a call, or a setting of an option
        self._cancelled = False
        self._handle: Optional[int] = self._library.mbv_new()
        if not self._handle:
            raise MemoryError("There was no memory for a client.")
        self._closed = False
        try:
            for name, value in (
                ("base_url", base_url),
                ("timeout_ms", _milliseconds(timeout)),
                ("connect_timeout_ms", _milliseconds(connect_timeout)),
                ("ca_file", ca_file),
                ("ca_dir", ca_dir),
                ("proxy", proxy),
                ("user_agent", user_agent),
            ):
                if value is not None:
                    self.set_option(name, os.fspath(value))
        except BaseException:
            self.close()
            raise

    def set_option(self, name: str, value: str) -> None:
        """Sets an option, by the name that it has in mobivate.h, for the calls that follow.

        Raises `InvalidArgumentError` (a `ValueError`) with a text that names the option and what is wrong,
        and then changes nothing.
        """
        texts = [text.encode("utf-8", "surrogateescape") for text in (name, value)]
        if any(0 in text for text in texts):
            raise InvalidArgumentError(f"The option {name!r} contains a NUL.")
        setting = object()
        with self._lock:
            try:
                self._claim(setting)
                status = self._library.mbv_set(self._handle, *texts)
                if status != Status.OK:
                    raise _error_class(status)(self._text(self._library.mbv_error_message))
            finally:
                self._release(setting)

    def create_key(self, username: Text, password: Text) -> str:
        """Creates a new API key for an account, and so revokes the one it had. Sends at most one request.

        username, password: up to 65536 bytes of UTF-8 each. A bytearray can be wiped afterwards; a string
            cannot.

        Raises `MobivateError`, which tells what became of the old key; `RuntimeError` where the client is
        closed.
        """
        return self._create(username, password).take(_to_str)

    def create_key_bytes(self, username: Text, password: Text) -> bytearray:
        """The same, with a key that can be wiped."""
        return self._create(username, password).take(bytearray)

    async def create_key_async(self, username: Text, password: Text) -> str:
        """The same for asyncio: the call runs in a thread of its own.

        Cancelling the task ends the call within 50 ms. The `__cause__` of the `asyncio.CancelledError` is
        then the `MobivateError` that tells what became of the old key.
        """
        return (await self._create_async(username, password)).take(_to_str)

    async def create_key_bytes_async(self, username: Text, password: Text) -> bytearray:
        """The same for asyncio, with a key that can be wiped."""
        return (await self._create_async(username, password)).take(bytearray)

    def cancel(self) -> None:
        """Ends the call in progress within 50 ms, and every later one at once, until `uncancel`.

        For other threads and for the handlers of signals. The call raises `CancelledError`.
        """
        with self._lock:
            self._cancelled = True
            if self._call is not None:
                self._library.mbv_cancel(self._handle)

    def uncancel(self) -> None:
        """Takes `cancel` back."""
        with self._lock:
            self._cancelled = False

    def close(self) -> None:
        """Closes the connection, and wipes what the client holds. A second time nothing happens.

        A call on another thread is cancelled, and the client ends with it.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._call is None:
                self._free()
            else:
                self._library.mbv_cancel(self._handle)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        exc_type: Optional[type[BaseException]],
        exc_value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        # Nobody can be in a call: that would hold the client.
        if not self._closed:
            _warn(f"unclosed {self!r}", ResourceWarning, source=self)
            self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client cannot be copied or pickled.")

    def _create(self, username: Text, password: Text) -> _Call:
        call = _Call(username, password)
        try:
            self._begin(call)
            if threading.current_thread() is threading.main_thread():
                # Signals are handled in this thread, and only while it is not in the library.
                _start_thread(self._run, call)
                call.wait()
            else:
                self._run(call)
        except BaseException as error:
            self._end_early(call)
            call.wipe_texts()  # A call that was refused has not been ended.
            call.explain(error)
            raise
        return call

    async def _create_async(self, username: Text, password: Text) -> _Call:
        import asyncio  # Here: it takes longer than all the rest to import.

        call = _Call(username, password)
        loop = asyncio.get_running_loop()
        ended = loop.create_future()

        def run() -> None:
            self._run(call)
            with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits any more.
                loop.call_soon_threadsafe(ended.set_result, None)

        try:
            self._begin(call)
            _start_thread(run)
            await asyncio.shield(ended)
        except BaseException as error:
            if not self._cancel(call):
                call.wipe_texts()  # A call that was refused has not been ended.
            elif isinstance(error, asyncio.CancelledError):
                while not ended.done():
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.shield(ended)
            call.explain(error)
            raise
        return call

    def _claim(self, user: object) -> None:
        """Makes the client somebody's, until `_release`: with the lock."""
        if self._closed:
            raise RuntimeError("The client is closed.")
        if self._call is not None:
            raise BusyError(_BUSY)
        self._call = user
        # From here on close() leaves the client to _release. A signal's handler may have closed it before.
        if self._handle is None:
            self._call = None
            raise RuntimeError("The client is closed.")

    def _release(self, user: object) -> None:
        if self._call is user:
            self._call = None
            if self._closed:
                self._free()

    def _free(self) -> None:
        handle, self._handle = self._handle, None
        self._library.mbv_free(handle)

    def _begin(self, call: _Call) -> None:
        """Makes the client a call's: no other can begin until it has ended."""
        with self._lock:
            self._claim(call)
            _in_call.add((self, call))
            # What ended an earlier call must not end this one.
            self._library.mbv_uncancel(self._handle)
            if self._cancelled or self._closed:
                self._library.mbv_cancel(self._handle)

    def _run(self, call: _Call) -> None:
        """Makes a call that has begun, unless it has been given up before its thread got here."""
        with self._lock:
            if call.given_up:
                return
            call.running = True
        try:
            status = call.make(self._library.mbv_create_key, self._handle)
            if status != Status.OK:
                call.error = self._failure(status)
        except BaseException as error:
            call.error = error
        finally:
            self._end(call)

    def _end(self, call: _Call) -> None:
        call.wipe_texts()
        with self._lock:
            if call.given_up:
                call.wipe_key()
            self._release(call)
            _in_call.discard((self, call))
        call.end()

    def _cancel(self, call: _Call) -> bool:
        """Cancels one call and no other. Returns whether it will still end on another thread."""
        with self._lock:
            if self._call is not call:
                return False
            call.given_up = True
            if call.running:
                self._library.mbv_cancel(self._handle)
                return True
        call.error = CancelledError("The call was cancelled before it began. The old key still works.")
        self._end(call)
        return False

    def _end_early(self, call: _Call) -> None:
        """Cancels a call, and returns when it has ended."""
        while True:
            try:
                if self._cancel(call):
                    call.wait()
                return
            except BaseException:
                # A second Ctrl-C, say. The first one is about to be raised.
                continue

    def _failure(self, status: int) -> MobivateError:
        """What the library tells of the call that has just failed."""
        library = self._library
        error = _error_class(status)(self._text(library.mbv_error_message))
        error.key_state = KeyState(library.mbv_key_state(self._handle))
        error.http_status = library.mbv_http_status(self._handle) or None
        error.server_code = library.mbv_server_code(self._handle) or None
        error.server_message = self._text(library.mbv_server_message) or None
        milliseconds = library.mbv_retry_after_ms(self._handle)
        error.retry_after = milliseconds / 1000 if milliseconds >= 0 else None
        return error

    def _text(self, getter: Callable[..., int]) -> str:
        size = getter(self._handle, None, 0)
        buffer = ctypes.create_string_buffer(size + 1)
        getter(self._handle, buffer, size + 1)
        return buffer.raw[:size].decode("utf-8", "replace")


class _Call:
    """One call: the memory that it reads and writes, and how it ended."""

    def __init__(self, username: Text, password: Text) -> None:
        # Own copies: whatever becomes of the caller's during the call, on whatever thread.
        self._username = _Memory.of("user name", username)
        self._password = _Memory.of("password", password)
        self._key = _Memory(_library.KEY_CAPACITY)
        self._key_size = 0
        self._under_way = threading.Lock()
        self._under_way.acquire()
        self.given_up = False
        self.running = False
        self.error: Optional[BaseException] = None

    def make(self, create_key: Callable[..., int], handle: Optional[int]) -> int:
        size = ctypes.c_size_t()
        status = create_key(
            handle,
            self._username.pointer,
            self._username.size,
            self._password.pointer,
            self._password.size,
            self._key.pointer,
            self._key.size,
            ctypes.byref(size),
        )
        self._key_size = size.value
        return status

    def end(self) -> None:
        self._under_way.release()

    def wait(self) -> None:
        """Waits for the end, or for what the handler of a signal raises."""
        with self._under_way:
            pass

    def wipe_texts(self) -> None:
        self._username.wipe()
        self._password.wipe()

    def take(self, convert: Callable[[memoryview], _Key]) -> _Key:
        """The key, which is then no longer here; or raises the error."""
        try:
            if self.error is not None:
                raise self.error
            with memoryview(self._key.bytes) as whole, whole[: self._key_size] as key:
                return convert(key)
        finally:
            self.error = None  # Its traceback refers to this call: a cycle otherwise.
            self._key.wipe()

    def wipe_key(self) -> None:
        self._key.wipe()

    def explain(self, interrupt: BaseException) -> None:
        """Says in the cause of what interrupted this call what became of the old key."""
        if self._key_size > 0:
            self.wipe_key()
            self.error = CancelledError(_LOST)
            self.error.key_state = KeyState.REPLACED
        if self.error is not None and interrupt.__cause__ is None:
            interrupt.__cause__ = self.error
        self.error = None


class _Memory:
    """Bytes that stay where they are, and can be wiped. A NUL stands behind a text."""

    def __init__(self, capacity: int) -> None:
        self.size = capacity
        self.bytes = bytearray(capacity)
        self._first = ctypes.c_char.from_buffer(self.bytes)
        self.pointer = ctypes.byref(self._first)

    @classmethod
    def of(cls, what: str, text: Text) -> _Memory:
        """A text in UTF-8."""
        if isinstance(text, str):
            # One character after the other: an encoded string could not be wiped. Half a surrogate pair is
            # for the library to refuse.
            size = sum(1 + (one > "\x7f") + (one > "\u07ff") + (one > "\uffff") for one in text)
            memory = cls(size + 1)
            at = 0
            for character in text:
                for byte in character.encode("utf-8", "surrogatepass"):
                    memory.bytes[at] = byte
                    at += 1
        else:
            try:
                view = memoryview(text)
            except TypeError:
                kind = type(text).__name__
                raise TypeError(f"The {what} must be a str or a bytes-like object, not {kind}.") from None
            with view, view.cast("B") as octets:
                size = len(octets)
                memory = cls(size + 1)
                with memoryview(memory.bytes) as target:
                    target[:size] = octets
        memory.size = size
        return memory

    def wipe(self) -> None:
        ctypes.memset(self.pointer, 0, len(self.bytes))


def _error_class(status: int) -> type[MobivateError]:
    return BY_STATUS.get(status, InternalError)


def _milliseconds(seconds: Optional[float]) -> Optional[str]:
    # Rounded up: a short time is not none at all.
    return None if seconds is None else str(math.ceil(seconds * 1000) if math.isfinite(seconds) else seconds)


def _to_str(key: memoryview) -> str:
    return str(key, "ascii")


def _start_thread(target: Callable[..., None], *arguments: Any) -> None:
    try:
        # Not a threading.Thread: a signal in the middle of its start() leaves half a thread behind.
        _thread.start_new_thread(target, arguments)
    except RuntimeError as error:
        raise NoMemoryError(f"The call could not be started: {error}. The old key still works.") from error


# Calls whose threads a process that exits must not leave in the library.
_in_call: set[tuple[Client, _Call]] = set()


def _end_calls() -> None:
    for client, call in list(_in_call):
        client._end_early(call)


atexit.register(_end_calls)
if hasattr(os, "register_at_fork"):
    # Those threads are the parent's.
    os.register_at_fork(after_in_child=_in_call.clear)

Client.__module__ = "mobivate"
