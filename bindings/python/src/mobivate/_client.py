# SPDX-License-Identifier: MIT
"""The client."""

from __future__ import annotations

import _thread
import atexit
import contextlib
import ctypes
import itertools
import math
import os
import sys
import threading
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Optional, TypeVar, Union

from mobivate import _library
from mobivate._errors import (
    BY_STATUS,
    BusyError,
    CancelledError,
    CredentialsError,
    InternalError,
    InvalidArgumentError,
    KeyState,
    MobivateError,
    NoMemoryError,
    Status,
)

_Key = TypeVar("_Key", str, bytearray, bytes)

Text = Union[str, bytes, bytearray, memoryview]
"""A user name, a password or a key: a string, or its UTF-8 in anything that has bytes."""

# The library cannot be asked: that call may not have got there yet.
_BUSY = "The client is in a call on another thread. Whether the old key still works is for that call to say."
_NOT_BEGUN = "The call was cancelled before it began."


class _Kind(NamedTuple):
    """In what the calls differ."""

    function: str
    hands_over_key: bool
    unchanged: str  # what to say of the old key where it surely still works
    lost: str  # when an exception came after a success
    lost_key_state: KeyState


_CREATE = _Kind(
    "mbv_create_key",
    True,
    " The old key still works.",
    "The call was interrupted after the key was created. "
    "The old key is revoked: ask for the new one with get_key.",
    KeyState.REPLACED,
)
_LOST_ANSWER = "The call was interrupted after the answer was there: ask again."
_GET = _Kind("mbv_get_key", True, "", _LOST_ANSWER, KeyState.UNCHANGED)
_TEST = _Kind("mbv_test_key", False, "", _LOST_ANSWER, KeyState.UNCHANGED)


def _unpatched(name: str) -> Any:
    """A function of `_thread`, even where gevent or eventlet have put their own in its place.

    Their threads all share one thread of the system's, which a call would hold, Ctrl-C and all.
    """
    gevent, eventlet = (sys.modules.get(module) for module in ("gevent.monkey", "eventlet.patcher"))
    if gevent is not None:
        return gevent.get_original("_thread", name)
    return getattr(_thread if eventlet is None else eventlet.original("_thread"), name)


_start_new_thread = _unpatched("start_new_thread")
_allocate_lock = _unpatched("allocate_lock")
_native_id = getattr(threading, "get_native_id", lambda: 0)
_new_lock = getattr(_thread, "RLock", threading.RLock)  # Not threading's, which gevent replaces.


class Client:
    """Creates, asks for and tests API keys, one call at a time, and keeps its connection for the next one.

    A call blocks its thread and no other. In the main thread Ctrl-C ends it within 50 ms, as does any exception
    of a signal handler. Whatever exception interrupts a call, on whatever thread, its `__cause__` is a
    `MobivateError` that says whether the old key still works.

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
        proxy: an http, https, socks4, socks4a, socks5 or socks5h URL, or "" for none; default: what the
            environment says (`https_proxy`, `all_proxy`, `no_proxy`).
        user_agent: the User-Agent header; default `libmobivate/VERSION`.

        Raises `InvalidArgumentError` (a `ValueError`) for an option that cannot be used, and `ImportError`
        if libmobivate is missing, older than 1.1 or not 1.x.
        """
        self._library = _library.load()
        # Guards what follows. A signal's handler may use the client while the main thread holds it.
        self._lock = _new_lock()
        self._call: Optional[object] = None  # who uses the client: a call, or a setting of an option
        self._cancelled = False
        self._handle: Optional[int] = self._library.mbv_new()
        if not self._handle:
            raise MemoryError("Out of memory: no client could be made.")
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
        """Sets an option, by its name in mobivate.h, for the calls that follow.

        Raises `InvalidArgumentError` (a `ValueError`), which names the option and says what is wrong; nothing
        is then changed.
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
                    # Nothing is sent.
                    raise _unchanged(_error_class(status)(self._text(self._library.mbv_error_message)))
            finally:
                self._release(setting)

    def create_key(self, username: Text, password: Text) -> str:
        """Creates a new API key for an account, which revokes the old one. Sends at most one request.

        username, password: up to 65536 bytes of UTF-8 each. A bytearray can be wiped afterwards; a string
            cannot.

        Raises `MobivateError`, which says whether the old key still works, and `RuntimeError` if the client is
        closed.
        """
        return self._make(_Call.with_credentials(_CREATE, username, password), _to_str)

    def create_key_bytes(self, username: Text, password: Text) -> bytearray:
        """Like `create_key`, with a key that can be wiped."""
        return self._make(_Call.with_credentials(_CREATE, username, password), bytearray)

    async def create_key_async(self, username: Text, password: Text) -> str:
        """Like `create_key`, for asyncio: the call runs in a thread of its own.

        Cancelling the task ends the call within 50 ms. The `__cause__` of the `asyncio.CancelledError` is
        then a `MobivateError` that says whether the old key still works.
        """
        return await self._make_async(_Call.with_credentials(_CREATE, username, password), _to_str)

    async def create_key_bytes_async(self, username: Text, password: Text) -> bytearray:
        """Like `create_key_async`, with a key that can be wiped."""
        return await self._make_async(_Call.with_credentials(_CREATE, username, password), bytearray)

    def get_key(self, username: Text, password: Text) -> str:
        """Asks for the API key that an account has now. Changes nothing.

        After a `create_key` whose `key_state` is `UNKNOWN` it settles which key is valid. Takes and raises the
        same.
        """
        return self._make(_Call.with_credentials(_GET, username, password), _to_str)

    def get_key_bytes(self, username: Text, password: Text) -> bytearray:
        """Like `get_key`, with a key that can be wiped."""
        return self._make(_Call.with_credentials(_GET, username, password), bytearray)

    async def get_key_async(self, username: Text, password: Text) -> str:
        """Like `get_key`, for asyncio: see `create_key_async`."""
        return await self._make_async(_Call.with_credentials(_GET, username, password), _to_str)

    async def get_key_bytes_async(self, username: Text, password: Text) -> bytearray:
        """Like `get_key_async`, with a key that can be wiped."""
        return await self._make_async(_Call.with_credentials(_GET, username, password), bytearray)

    def test_key(self, key: Text) -> bool:
        """Whether the service accepts an API key. Changes nothing.

        key: 1 to 4096 bytes of printable ASCII without spaces. A bytearray can be wiped afterwards.

        Raises `MobivateError` where the service did not say, and `RuntimeError` if the client is closed.
        """
        try:
            self._make(_Call(_TEST, {"key": key}), bytes)
        except CredentialsError:
            return False
        return True

    async def test_key_async(self, key: Text) -> bool:
        """Like `test_key`, for asyncio: see `create_key_async`."""
        try:
            await self._make_async(_Call(_TEST, {"key": key}), bytes)
        except CredentialsError:
            return False
        return True

    def cancel(self) -> None:
        """Ends the call in progress within 50 ms, and every later one at once, until `uncancel`.

        For other threads and for signal handlers. The call raises `CancelledError`.
        """
        with self._lock:
            self._cancelled = True
            if self._call is not None:
                self._library.mbv_cancel(self._handle)

    def uncancel(self) -> None:
        """Allows calls again after `cancel`."""
        with self._lock:
            self._cancelled = False

    def close(self) -> None:
        """Closes the connection, and wipes what the client holds. Closing twice is fine.

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

    def _make(self, call: _Call, convert: Callable[[memoryview], _Key]) -> _Key:
        try:
            self._begin(call)
            if _handles_signals():
                # Signals are handled in this thread, and only while it is not in the library.
                _start_thread(call, self._run, call)
                call.wait()
            else:
                call.is_inline = True
                self._run(call)
            return call.take(convert)
        except BaseException as error:
            self._settle(call, error)
            raise

    async def _make_async(self, call: _Call, convert: Callable[[memoryview], _Key]) -> _Key:
        import asyncio  # Here: it takes longer than all the rest to import.

        loop = asyncio.get_running_loop()
        ended = loop.create_future()

        def run() -> None:
            self._run(call)
            with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits any more.
                loop.call_soon_threadsafe(ended.set_result, None)

        try:
            self._begin(call)
            _start_thread(call, run)
            await asyncio.shield(ended)
            return call.take(convert)
        except BaseException as error:
            if not self._cancel(call):
                call.wipe_texts()  # A call that was refused has not been ended.
            elif isinstance(error, asyncio.CancelledError):
                while not ended.done():
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.shield(ended)
            call.explain(error)
            raise

    def _claim(self, user: object) -> None:
        """Gives the client to one user, until `_release`. The lock must be held."""
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
            call.begun = True

    def _run(self, call: _Call) -> None:
        """Makes a call that has begun, unless it was given up before its thread got here."""
        with self._lock:
            if call.given_up:
                return
            call.running = True
        try:
            call.make(getattr(self._library, call.kind.function), self._handle)
        except BaseException as error:
            if call.is_inline:
                raise
            call.error = error
        finally:
            self._end(call)

    def _end(self, call: _Call) -> None:
        """Ends a call, and keeps what came of it. What was interrupted here is done by another time."""
        call.wipe_texts()
        with self._lock:
            if self._call is call:
                if not call.statuses:
                    call.error = call.error or call.not_begun()
                elif call.statuses[0] != Status.OK:
                    call.error = self._failure_of(call)
                if call.given_up:
                    call.wipe_key()
                _in_call.discard((self, call))
                self._release(call)
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
        self._end(call)
        return False

    def _end_early(self, call: _Call) -> None:
        """Cancels a call, and returns when it has ended."""
        if self._cancel(call):
            call.wait()

    def _settle(self, call: _Call, interrupt: BaseException) -> None:
        """Ends a call that an exception has interrupted, and says in its cause what came of the call."""
        while True:
            try:
                if call.is_inline:
                    self._end(call)
                else:
                    self._end_early(call)
                call.wipe_texts()  # A call that was refused has not been ended.
                call.explain(interrupt)
                return
            except BaseException:
                # A second Ctrl-C, say. The first one is about to be raised.
                continue

    def _failure_of(self, call: _Call) -> BaseException:
        try:
            return self._failure(call.statuses[0])
        except BaseException as error:
            call.interrupts += 1
            if call.is_inline and call.interrupts < 10:
                raise  # Into this thread, and _settle tries again.
            return error  # There is no memory, say.

    def _failure(self, status: int) -> MobivateError:
        """What the library says about the call that has just failed."""
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
    """One call: the memory that it reads and writes, and what came of it."""

    def __init__(self, kind: _Kind, texts: dict[str, Text]) -> None:
        self.kind = kind
        # Own copies: the caller's may change during the call, on another thread.
        self._texts = [_Memory.of(what, text) for what, text in texts.items()]
        self._key = _Memory(_library.KEY_CAPACITY)
        self._key_size = ctypes.c_size_t()
        self._under_way = _allocate_lock()
        self._under_way.acquire()
        self.statuses: list[int] = []  # the library's answer, when it has one
        self.is_inline = False  # on its caller's own thread
        self.begun = False
        self.given_up = False
        self.running = False
        self.interrupts = 0
        self.error: Optional[BaseException] = None

    @classmethod
    def with_credentials(cls, kind: _Kind, username: Text, password: Text) -> _Call:
        return cls(kind, {"user name": username, "password": password})

    def make(self, function: Callable[..., int], handle: Optional[int]) -> None:
        arguments: list[Any] = [handle]
        for text in self._texts:
            arguments += (text.pointer, text.size)
        if self.kind.hands_over_key:
            arguments += (self._key.pointer, self._key.size, ctypes.byref(self._key_size))
        # No exception raised into this thread comes between the call and the keeping of its status: all of that
        # is in C.
        self.statuses.extend(itertools.starmap(function, (arguments,)))

    def end(self) -> None:
        with contextlib.suppress(RuntimeError):  # It has ended already.
            self._under_way.release()

    def wait(self) -> None:
        """Waits for the end, or for what the handler of a signal raises."""
        self._under_way.acquire()
        self.end()

    def wipe_texts(self) -> None:
        for text in self._texts:
            text.wipe()

    def not_begun(self) -> MobivateError:
        return _unchanged(CancelledError(_NOT_BEGUN + self.kind.unchanged))

    def take(self, convert: Callable[[memoryview], _Key]) -> _Key:
        """The key, which is then no longer here; or raises the error."""
        if self.error is not None:
            raise self.error
        try:
            with memoryview(self._key.bytes) as whole, whole[: self._key_size.value] as key:
                return convert(key)
        finally:
            self._key.wipe()

    def wipe_key(self) -> None:
        self._key.wipe()

    def explain(self, interrupt: BaseException) -> None:
        """Says in the cause of what interrupted this call whether the old key still works."""
        if Status.OK in self.statuses:
            self.wipe_key()
            self.error = CancelledError(self.kind.lost)
            self.error.key_state = self.kind.lost_key_state
        elif not self.begun and not isinstance(interrupt, (MobivateError, RuntimeError)):
            self.error = self.not_begun()
        if self.error is not None and self.error is not interrupt:
            last = interrupt
            while last.__cause__ is not None and last.__cause__ is not self.error:
                last = last.__cause__
            last.__cause__ = self.error
        self.error = None  # Its traceback refers to this call: a cycle otherwise.


class _Memory:
    """Bytes that stay where they are, and can be wiped. A text ends with a NUL."""

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
            size = sum(
                1 + (character > "\x7f") + (character > "\u07ff") + (character > "\uffff")
                for character in text
            )
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


def _unchanged(error: MobivateError) -> MobivateError:
    error.key_state = KeyState.UNCHANGED
    return error


def _handles_signals() -> bool:
    """Whether Python handles signals in this thread: also where a greenlet of gevent's passes for another thread."""
    return threading.current_thread() is threading.main_thread() or _native_id() == os.getpid()


def _milliseconds(seconds: Optional[float]) -> Optional[str]:
    # Rounded up: a short time is not none at all.
    return None if seconds is None else str(math.ceil(seconds * 1000) if math.isfinite(seconds) else seconds)


def _to_str(key: memoryview) -> str:
    return str(key, "ascii")


def _start_thread(call: _Call, target: Callable[..., None], *arguments: Any) -> None:
    try:
        # Not a threading.Thread: a signal in the middle of its start() leaves half a thread behind.
        _start_new_thread(target, arguments)
    except RuntimeError as error:
        text = f"The call could not be started: {error}.{call.kind.unchanged}"
        call.error = _unchanged(NoMemoryError(text))
        raise call.error from error


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
