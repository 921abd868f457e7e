# SPDX-License-Identifier: MIT
"""Calls, options, errors, threads and lifetime."""

from __future__ import annotations

import array
import asyncio
import concurrent.futures
import copy
import gc
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import unittest
import warnings
import weakref
from typing import Any
from unittest import mock

import mobivate
import standin
from mobivate import _client
from standin import PASSWORD, STALLS, new_account


class Texts(unittest.TestCase):
    """User names and passwords are strings or bytes, and nothing else."""

    def test_bytes_of_every_kind(self) -> None:
        username = new_account()
        inside = memoryview(f"..{PASSWORD}..".encode())[2:-2]
        octets = array.array("B", PASSWORD.encode())
        with standin.client() as client:
            passwords: tuple[Any, ...] = (PASSWORD.encode(), bytearray(PASSWORD.encode()), inside, octets)
            for password in passwords:
                key = client.create_key(memoryview(username.encode()), password)
                self.assertEqual(key, standin.account(username)["valid_key"])
        self.assertEqual(inside.tobytes().decode(), PASSWORD)

    def test_a_key_in_bytes(self) -> None:
        username = new_account()
        with standin.client() as client:
            key = client.create_key_bytes(username, PASSWORD)
        self.assertIsInstance(key, bytearray)
        self.assertEqual(key.decode(), standin.account(username)["valid_key"])

    def test_no_text(self) -> None:
        with standin.client() as client:
            no_texts: tuple[Any, ...] = (42, None, ["a"])
            for no_text in no_texts:
                with self.assertRaisesRegex(
                    TypeError, "^The password must be a str or a bytes-like object, not"
                ):
                    client.create_key("user", no_text)
                with self.assertRaisesRegex(TypeError, "^The user name must be"):
                    client.create_key(no_text, PASSWORD)

    def test_half_a_surrogate_pair(self) -> None:
        # As os.environ has it for what is not UTF-8.
        with standin.client() as client, self.assertRaises(mobivate.InvalidArgumentError) as caught:
            client.create_key("user", "grüß\udce9")
        self.assertEqual(
            str(caught.exception), "The password is not UTF-8 at byte 6. The old key still works."
        )

    def test_a_bytearray_may_change_during_the_call(self) -> None:
        username = new_account({**STALLS, "key_from_password": True})
        password = bytearray(PASSWORD.encode())
        with standin.client() as client:
            thread = threading.Thread(target=ended_by_cancel, args=(self, client, username, password))
            thread.start()
            standin.account(username, 1)
            password.clear()  # It is not held: BufferError otherwise.
            client.cancel()
            thread.join()


def ended_by_cancel(
    test: unittest.TestCase, client: mobivate.Client, username: str, password: bytes | bytearray
) -> None:
    with test.assertRaises(mobivate.CancelledError):
        client.create_key(username, password)


def over_json(error: mobivate.MobivateError) -> Any:
    """An error as Celery's backend hands it on in JSON: its class and its arguments."""
    kind = type(error)
    text = json.dumps([kind.__module__, kind.__name__, error.args])
    module, name, arguments = json.loads(text)
    return getattr(sys.modules[module], name)(*arguments)


def raise_again(pickled: bytes) -> None:
    raise pickle.loads(pickled)


class Options(unittest.TestCase):
    def test_what_cannot_be_used_is_named(self) -> None:
        refused: tuple[tuple[dict[str, Any], str], ...] = (
            ({"base_url": "http://example.com"}, "The option base_url must begin with https://"),
            ({"timeout": 0}, "The option timeout_ms must be a whole number"),
            ({"timeout": float("inf")}, "The option timeout_ms must be a whole number"),
            ({"connect_timeout": -1}, "The option connect_timeout_ms must be a whole number"),
            ({"ca_file": "a\0b"}, "The option 'ca_file' contains a NUL."),
            ({"ca_file": "/nowhere/\udce9.pem"}, "ca_file"),
        )
        for options, wrong in refused:
            with self.subTest(options), self.assertRaisesRegex(ValueError, wrong) as caught:
                mobivate.Client(**options)
            self.assertIsInstance(caught.exception, mobivate.InvalidArgumentError)
        with self.assertRaises(TypeError):
            mobivate.Client(retries=3)  # type: ignore[call-arg]
        with standin.client() as client:
            with self.assertRaisesRegex(ValueError, 'There is no option "retries"'):
                client.set_option("retries", "3")

    def test_they_are_used(self) -> None:
        with standin.client(
            base_url=f"https://{standin.FACTS['hosts']['silent']}", connect_timeout=0.1
        ) as client:
            with self.assertRaisesRegex(TimeoutError, r"connect_timeout_ms \(100 ms\)") as caught:
                client.create_key("user", PASSWORD)
            self.assertIsInstance(caught.exception, mobivate.TimeoutError)
            # Rounded up, where it would be no time at all.
            client.set_option("connect_timeout_ms", "10000")
        with standin.client(base_url=f"https://{standin.FACTS['hosts']['silent']}", timeout=1e-9) as client:
            with self.assertRaisesRegex(mobivate.TimeoutError, r"timeout_ms \(1 ms\)"):
                client.create_key("user", PASSWORD)

    def test_paths(self) -> None:
        class Path:
            def __init__(self, path: str) -> None:
                self.path = path

            def __fspath__(self) -> str:
                return self.path

        by_file: dict[str, Any] = {"ca_file": Path(standin.FACTS["ca_file"])}
        by_directory: dict[str, Any] = {"ca_file": None, "ca_dir": Path(standin.FACTS["ca_dir"])}
        for options in (by_file, by_directory):
            with standin.client(**options, user_agent="test/1") as client:
                self.assertEqual(len(client.create_key(new_account(), PASSWORD)), 36)


class Errors(unittest.TestCase):
    def failure(self, scenario: object, password: str = PASSWORD) -> mobivate.MobivateError:
        with standin.client() as client, self.assertRaises(mobivate.MobivateError) as caught:
            client.create_key(new_account(scenario), password)
        return caught.exception

    def test_what_an_error_carries(self) -> None:
        error = self.failure(
            {
                "status": 429,
                "headers": [["Retry-After", "7"]],
                "body": {"code": 4290, "message": "Slow down, 0,00 €"},
            }
        )
        self.assertIs(type(error), mobivate.RateLimitedError)
        for copied in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
            self.assertIs(type(copied), mobivate.RateLimitedError)
            self.assertEqual(
                (
                    copied.status,
                    copied.key_state,
                    copied.http_status,
                    copied.server_code,
                    copied.server_message,
                    copied.retry_after,
                ),
                (
                    mobivate.Status.RATE_LIMITED,
                    mobivate.KeyState.UNCHANGED,
                    429,
                    4290,
                    "Slow down, 0,00 €",
                    7.0,
                ),
            )
            self.assertIn("The old key still works.", str(copied))

    def test_a_key_state_on_its_way(self) -> None:
        error = self.failure({"creates": True, "cut": {"after": 0, "how": "close"}})
        with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            from_a_process = pool.submit(raise_again, pickle.dumps(error)).exception()
        for copied in (copy.copy(error), copy.deepcopy(error), from_a_process, over_json(error)):
            self.assertIs(type(copied), mobivate.TransportError)
            self.assertIs(copied.key_state, mobivate.KeyState.UNKNOWN)
            self.assertEqual(str(copied), str(error))

    def test_a_key_state_that_was_lost(self) -> None:
        # It is unchanged only where nothing else can be.
        surely = {"InvalidArgumentError", "ResolveError", "ConnectError", "TLSError"}
        for name in mobivate.__all__:
            if name.endswith("Error"):
                expected = mobivate.KeyState.UNCHANGED if name in surely else mobivate.KeyState.UNKNOWN
                with self.subTest(name):
                    self.assertIs(over_json(getattr(mobivate, name)("text")).key_state, expected)

    def test_an_option_that_is_refused_leaves_the_key(self) -> None:
        with self.assertRaises(mobivate.InvalidArgumentError) as caught:
            mobivate.Client(timeout=0)
        self.assertIs(caught.exception.key_state, mobivate.KeyState.UNCHANGED)

    def test_what_an_error_does_not_carry_is_none(self) -> None:
        error = self.failure({"creates": True, "cut": {"after": 0, "how": "close"}})
        self.assertIs(type(error), mobivate.TransportError)
        self.assertIs(error.key_state, mobivate.KeyState.UNKNOWN)
        for member in (error.http_status, error.server_code, error.server_message, error.retry_after):
            self.assertIsNone(member)

    def test_a_retry_at_once_is_not_none(self) -> None:
        error = self.failure({"status": 429, "headers": [["Retry-After", "0"]]})
        self.assertEqual(error.retry_after, 0.0)
        self.assertIsNotNone(error.retry_after)

    def test_every_class_has_its_status(self) -> None:
        classes = {
            name: value
            for name, value in vars(mobivate).items()
            if isinstance(value, type) and issubclass(value, mobivate.MobivateError)
        }
        del classes["MobivateError"]
        names = {name.replace("Error", "").lower() for name in classes}
        statuses = {status.name.replace("_", "").lower() for status in mobivate.Status}
        self.assertEqual(names, statuses - {"ok", "buffertoosmall"})
        for name, error_class in classes.items():
            self.assertEqual(error_class.status.name.replace("_", "") + "ERROR", name.upper())
            self.assertEqual(repr(error_class), f"<class 'mobivate.{name}'>")
            self.assertEqual(str(pickle.loads(pickle.dumps(error_class("text")))), "text")

    def test_an_error_is_no_cycle(self) -> None:
        gc.disable()
        self.addCleanup(gc.enable)
        with standin.client() as client:
            try:
                client.create_key(new_account(), "wrong")
            except mobivate.CredentialsError as error:
                reference = weakref.ref(error)
        self.assertIsNone(reference() if sys.implementation.name == "cpython" else None)

    def test_a_thread_that_cannot_be_started(self) -> None:
        # In a process of its own, with little memory.
        program = """
import resource, threading, mobivate
with mobivate.Client() as client:
    resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
    threading.stack_size(2**31)
    for _ in range(2):
        try:
            client.create_key("user", "password")
        except mobivate.NoMemoryError as error:
            print(error.key_state.name, type(error.__cause__).__name__, error)
"""
        line = (
            "UNCHANGED RuntimeError The call could not be started: can't start new thread. "
            "The old key still works.\n"
        )
        output = subprocess.run(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True
        )
        self.assertEqual(output.stdout, line * 2)


class Threads(unittest.TestCase):
    def test_other_threads_run_on_during_a_call(self) -> None:
        # The call ends only when this thread has done something.
        username = new_account(STALLS)
        with standin.client(timeout=600) as client:

            def cancel() -> None:
                standin.account(username, 1)
                client.cancel()

            thread = threading.Thread(target=cancel)
            thread.start()
            with self.assertRaises(mobivate.CancelledError) as caught:
                client.create_key(username, PASSWORD)
            thread.join()
            self.assertIs(caught.exception.key_state, mobivate.KeyState.UNKNOWN)

    def test_one_call_at_a_time(self) -> None:
        username = new_account(STALLS)
        # The client is closed first, which ends its call, whatever has failed.
        with concurrent.futures.ThreadPoolExecutor() as pool, standin.client(timeout=600) as client:
            first = pool.submit(client.create_key, username, PASSWORD)
            standin.account(username, 1)
            with self.assertRaisesRegex(mobivate.BusyError, "another thread") as caught:
                client.create_key(username, PASSWORD)
            self.assertIs(caught.exception.key_state, mobivate.KeyState.UNKNOWN)
            # The words of the library, which is the one to be asked here.
            self.assertEqual(
                client._text(client._library.mbv_error_message).split(".")[0],
                str(caught.exception).split(".")[0],
            )
            with self.assertRaises(mobivate.BusyError):
                client.set_option("timeout_ms", "1")
            client.cancel()
            self.assertIsInstance(first.exception(), mobivate.CancelledError)

    def test_many_threads_and_one_client(self) -> None:
        username = new_account()
        with standin.client(**standin.OVER_HTTP) as client, concurrent.futures.ThreadPoolExecutor(8) as pool:

            def call() -> str | None:
                try:
                    return client.create_key(username, PASSWORD)
                except mobivate.BusyError:
                    return None

            keys = [key for key in pool.map(lambda _: call(), range(400)) if key]
        truth = standin.account(username)
        self.assertEqual(len(set(keys)), truth["requests"])
        self.assertIn(truth["valid_key"], keys)

    def test_two_hundred_clients_at_once(self) -> None:
        username = new_account({"delay_ms": {"before_answer": 20}})

        def call() -> str:
            with mobivate.Client(**standin.OVER_HTTP) as client:
                return client.create_key(username, PASSWORD)

        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            keys = [future.result() for future in [pool.submit(call) for _ in range(200)]]
        truth = standin.account(username)
        self.assertEqual((len(set(keys)), truth["requests"]), (200, 200))
        self.assertIn(truth["valid_key"], keys)


class Secrets(unittest.TestCase):
    def test_nothing_shows_them(self) -> None:
        username = new_account({"status": 403, "body": {"code": 403, "message": "{password} is wrong"}})
        with standin.client() as client, self.assertRaises(mobivate.RejectedError) as caught:
            client.create_key(username, PASSWORD)
        standin.create_account(username)
        with standin.client() as client:
            key = client.create_key(username, PASSWORD)
            shown = "".join(
                f"{instance} {instance!r} {vars(instance)}" for instance in (client, caught.exception)
            )
        self.assertIn("*** is wrong", shown)
        self.assertNotIn(PASSWORD, shown)
        self.assertNotIn(key, shown)

    def test_every_copy_is_wiped(self) -> None:
        # However a call ends, and where it never begins.
        calls: list[Any] = []
        whole = _client._Call.__init__

        def keep(call: Any, *texts: Any) -> None:
            whole(call, *texts)
            calls.append(call)
            self.assertEqual(call._texts[-1].bytes, PASSWORD.encode() + b"\0")

        username, stalled = new_account(), new_account(STALLS)
        with mock.patch.object(_client._Call, "__init__", keep), standin.client(timeout=600) as client:
            client.create_key(username, PASSWORD)
            with concurrent.futures.ThreadPoolExecutor() as pool:
                first = pool.submit(client.create_key, stalled, PASSWORD)
                standin.account(stalled, 1)
                with self.assertRaises(mobivate.BusyError):
                    client.create_key(username, PASSWORD)
                with self.assertRaises(mobivate.BusyError):
                    asyncio.run(client.create_key_async(username, PASSWORD))
                client.cancel()
                self.assertIsInstance(first.exception(), mobivate.CancelledError)
            client.uncancel()
            client.get_key(username, PASSWORD)
            self.assertFalse(client.test_key(PASSWORD))
            asyncio.run(client.get_key_bytes_async(username, PASSWORD))
            client.close()
            with self.assertRaises(RuntimeError):
                client.create_key(username, PASSWORD)
            with self.assertRaises(RuntimeError):
                client.test_key(PASSWORD)
        self.assertEqual(len(calls), 9)
        for number, call in enumerate(calls):
            with self.subTest(number):
                for memory in (*call._texts, call._key):
                    self.assertEqual(memory.bytes, bytes(len(memory.bytes)))


class Lifetime(unittest.TestCase):
    def test_a_closed_client(self) -> None:
        username = new_account()
        client = standin.client()
        with client as same:
            self.assertIs(same, client)
            client.create_key(username, PASSWORD)
        client.close()
        client.cancel()
        client.uncancel()
        with self.assertRaisesRegex(RuntimeError, r"^The client is closed\.$"):
            client.create_key(username, PASSWORD)
        with self.assertRaisesRegex(RuntimeError, r"^The client is closed\.$"):
            client.set_option("timeout_ms", "1")
        self.assertEqual(standin.account(username)["requests"], 1)

    def test_closing_during_a_call_ends_it(self) -> None:
        username = new_account(STALLS)
        client = standin.client(timeout=600)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            call = pool.submit(client.create_key, username, PASSWORD)
            standin.account(username, 1)
            client.close()
            client.close()
            client.cancel()
            error = call.exception()
        self.assertIsInstance(error, mobivate.CancelledError)
        with self.assertRaisesRegex(RuntimeError, "closed"):
            client.create_key(username, PASSWORD)

    def test_closing_in_every_moment_of_a_call(self) -> None:
        username = new_account()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            for _ in range(200):
                client = mobivate.Client(**standin.OVER_HTTP)
                call = pool.submit(client.create_key, username, PASSWORD)
                client.close()
                error = call.exception()
                if not isinstance(error, (mobivate.CancelledError, type(None))):
                    self.assertEqual(repr(error), "RuntimeError('The client is closed.')")

    def test_a_forgotten_client_is_closed(self) -> None:
        gc.collect()  # What other tests have forgotten.
        before = len(os.listdir("/proc/self/fd"))
        client = standin.client()
        client.create_key(new_account(), PASSWORD)
        self.assertGreater(len(os.listdir("/proc/self/fd")), before)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del client
            gc.collect()
        self.assertEqual([warning.category for warning in caught], [ResourceWarning])
        self.assertRegex(str(caught[0].message), "^unclosed <mobivate.Client object")
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)

    def test_a_client_is_held_by_its_call(self) -> None:
        username = new_account({"delay_ms": {"before_answer": 100}})
        with concurrent.futures.ThreadPoolExecutor() as pool, warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            call = pool.submit(mobivate.Client(**standin.OVER_HTTP).create_key, username, PASSWORD)
            gc.collect()
            self.assertEqual(call.result(), standin.account(username)["valid_key"])

    def test_a_client_cannot_be_copied(self) -> None:
        with standin.client() as client:
            for copied in (copy.copy, copy.deepcopy, pickle.dumps):
                with self.assertRaisesRegex(TypeError, "cannot be copied"):
                    copied(client)  # type: ignore[operator]

    def test_after_a_fork_both_go_on(self) -> None:
        username = new_account()
        with standin.client() as client:
            client.create_key(username, PASSWORD)
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    client.create_key(username, PASSWORD)
                    client.close()
                    status = 0
                finally:
                    os._exit(status)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertEqual(client.create_key(username, PASSWORD), standin.account(username)["valid_key"])
        self.assertEqual(standin.account(username)["requests"], 3)

    def test_a_process_that_exits_ends_its_calls(self) -> None:
        username = new_account(STALLS)
        program = """
import sys, threading, mobivate, standin
# Python aborts where it ends while a daemon thread writes to standard error.
threading.excepthook = lambda _: None
client = standin.client(timeout=600)
threading.Thread(target=client.create_key, args=(sys.argv[1], standin.PASSWORD), daemon=True).start()
standin.account(sys.argv[1], 1)
sys.exit(23)
"""
        done = subprocess.run(
            [sys.executable, "-c", program, username],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=subprocess.DEVNULL,
            timeout=60,
        )
        self.assertEqual(done.returncode, 23)


if __name__ == "__main__":
    unittest.main()
