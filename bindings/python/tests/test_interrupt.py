# SPDX-License-Identifier: MIT
"""Ctrl-C and other signals during a call."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import unittest
from collections.abc import Callable
from types import FrameType
from typing import Any
from unittest import mock

import mobivate
import standin
from standin import PASSWORD, STALLS, new_account


class Signals(unittest.TestCase):
    """In the main thread, where Python handles them."""

    def when_called(self, username: str, action: Callable[[], None]) -> None:
        """Does something in another thread, when the stand-in has a request."""

        def wait_and_act() -> None:
            standin.account(username, 1)
            action()

        thread = threading.Thread(target=wait_and_act)
        thread.start()
        self.addCleanup(thread.join)

    def handle(self, number: signal.Signals, handler: Callable[[int, Any], None]) -> None:
        self.addCleanup(signal.signal, number, signal.signal(number, handler))

    def test_ctrl_c_ends_a_call(self) -> None:
        username = new_account(STALLS)
        with standin.client(timeout=600) as client:
            self.when_called(username, lambda: os.kill(os.getpid(), signal.SIGINT))
            with self.assertRaises(KeyboardInterrupt) as caught:
                client.create_key(username, PASSWORD)
            cause: Any = caught.exception.__cause__
            self.assertIsInstance(cause, mobivate.CancelledError)
            self.assertIs(cause.key_state, mobivate.KeyState.UNKNOWN)
            self.assertIn("The old key may be revoked", str(cause))
            # That call has ended, and no other.
            standin.create_account(username)
            self.assertEqual(len(client.create_key(username, PASSWORD)), 36)

    def test_ctrl_c_again_while_it_ends(self) -> None:
        username = new_account(STALLS)
        handled = []

        def interrupt(number: int, frame: Any) -> None:
            handled.append(number)
            if len(handled) < 5:
                os.kill(os.getpid(), signal.SIGINT)
            raise KeyboardInterrupt

        self.handle(signal.SIGINT, interrupt)
        with standin.client(timeout=600) as client:
            self.when_called(username, lambda: os.kill(os.getpid(), signal.SIGINT))
            with self.assertRaises(KeyboardInterrupt):
                client.create_key(username, PASSWORD)
            self.assertEqual(len(handled), 5)
            standin.create_account(username)
            client.create_key(username, PASSWORD)

    def test_ctrl_c_before_a_call_begins(self) -> None:
        with standin.client() as client:
            with mock.patch.object(client, "_claim", side_effect=KeyboardInterrupt):
                with self.assertRaises(KeyboardInterrupt) as caught:
                    client.create_key("user", PASSWORD)
        cause: Any = caught.exception.__cause__
        self.assertIs(cause.key_state, mobivate.KeyState.UNCHANGED)
        self.assertIn("before it began", str(cause))

    def test_any_exception_of_any_handler(self) -> None:
        class Alarm(Exception):
            pass

        def alarm(number: int, frame: Any) -> None:
            raise Alarm

        username = new_account(STALLS)
        self.handle(signal.SIGALRM, alarm)
        with standin.client(timeout=600) as client:
            self.when_called(username, lambda: os.kill(os.getpid(), signal.SIGALRM))
            with self.assertRaises(Alarm) as caught:
                client.create_key(username, PASSWORD)
            self.assertIsInstance(caught.exception.__cause__, mobivate.CancelledError)

    def test_a_handler_that_raises_nothing_disturbs_nothing(self) -> None:
        username = new_account({"delay_ms": {"before_answer": 200}})
        handled = threading.Event()
        self.handle(signal.SIGUSR1, lambda number, frame: handled.set())
        with standin.client() as client:
            self.when_called(username, lambda: os.kill(os.getpid(), signal.SIGUSR1))
            self.assertEqual(client.create_key(username, PASSWORD), standin.account(username)["valid_key"])
        self.assertTrue(handled.is_set())

    def test_a_handler_may_cancel_and_close(self) -> None:
        for action in (mobivate.Client.cancel, mobivate.Client.close):
            username = new_account(STALLS)
            with standin.client(timeout=600) as client:
                self.handle(signal.SIGUSR1, lambda number, frame: action(client))
                self.when_called(username, lambda: os.kill(os.getpid(), signal.SIGUSR1))
                with self.assertRaises(mobivate.CancelledError):
                    client.create_key(username, PASSWORD)

    def test_a_handler_that_calls_is_told_that_the_client_is_busy(self) -> None:
        username = new_account(STALLS)
        with standin.client(timeout=600) as client:
            self.handle(signal.SIGUSR1, lambda number, frame: print(client.create_key(username, PASSWORD)))
            self.when_called(username, lambda: os.kill(os.getpid(), signal.SIGUSR1))
            with self.assertRaises(mobivate.BusyError):
                client.create_key(username, PASSWORD)
        self.assertEqual(standin.account(username)["requests"], 1)

    def test_what_was_created_when_ctrl_c_came(self) -> None:
        username = new_account({"delay_ms": {"before_answer": 200}})
        with standin.client() as client:

            def interrupt(number: int, frame: Any) -> None:
                while client._call is not None:
                    pass  # It ends, and its key has not been handed over.
                raise KeyboardInterrupt

            self.handle(signal.SIGINT, interrupt)
            self.when_called(username, lambda: os.kill(os.getpid(), signal.SIGINT))
            with self.assertRaises(KeyboardInterrupt) as caught:
                client.create_key(username, PASSWORD)
        cause: Any = caught.exception.__cause__
        self.assertIs(cause.key_state, mobivate.KeyState.REPLACED)
        self.assertIn("The old key is revoked: ask for the new one", str(cause))

    def test_signals_in_every_moment(self) -> None:
        # They come ever later in the call, in every line of the binding's.
        username = new_account()

        class Interrupt(BaseException):
            pass

        armed = False

        def interrupt(number: int, frame: Any) -> None:
            nonlocal armed
            if armed:
                armed = False
                raise Interrupt

        self.handle(signal.SIGALRM, interrupt)
        interrupted = created = 0
        with mobivate.Client(**standin.OVER_HTTP) as client:
            for turn in range(600):
                try:
                    armed = True
                    signal.setitimer(signal.ITIMER_REAL, 1e-6 * (1 + turn * 2))
                    client.create_key(username, PASSWORD)
                    armed = False
                    created += 1
                except Interrupt:
                    interrupted += 1
                signal.setitimer(signal.ITIMER_REAL, 0)
            armed = False
            # Still usable, and nobody is left in it.
            self.assertEqual(client.create_key(username, PASSWORD), standin.account(username)["valid_key"])
            self.assertIsNone(client._call)
        self.assertGreater(interrupted, 0)


class Raised(BaseException):
    """What the tests below raise into a thread."""


def raise_into(thread: threading.Thread) -> None:
    ident, raised = ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Raised)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, raised) == 1


@unittest.skipUnless(sys.implementation.name == "cpython", "needs PyThreadState_SetAsyncExc")
class RaisedIntoAThread(unittest.TestCase):
    """As RQ's TimerDeathPenalty does: the exception comes as soon as the thread is back from the library."""

    def raised_during_a_call(self, scenario: dict[str, Any]) -> Any:
        """The cause of what is raised into a thread whose call the stand-in has."""
        username = new_account({"delay_ms": {"before_answer": 200}, **scenario})
        caught: list[BaseException] = []

        def call() -> None:
            try:
                client.create_key(username, PASSWORD)
            except BaseException as error:
                caught.append(error)

        with standin.client() as client:
            thread = threading.Thread(target=call)
            thread.start()
            standin.account(username, 1)
            raise_into(thread)
            thread.join()
            self.assertIsInstance(caught[0], Raised)
            # It is over.
            standin.create_account(username)
            self.assertEqual(len(client.create_key(username, PASSWORD)), 36)
        return caught[0].__cause__

    def test_while_a_key_is_created(self) -> None:
        cause = self.raised_during_a_call({})
        self.assertIsInstance(cause, mobivate.CancelledError)
        self.assertIs(cause.key_state, mobivate.KeyState.REPLACED)
        self.assertIn("The old key is revoked: ask for the new one", str(cause))

    def test_while_a_call_fails(self) -> None:
        cause = self.raised_during_a_call({"status": 500, "creates": True})
        self.assertIsInstance(cause, mobivate.ServerError)
        self.assertEqual((cause.http_status, cause.key_state), (500, mobivate.KeyState.UNKNOWN))
        cause = self.raised_during_a_call({"status": 402, "body": {"code": 402, "message": "No credit"}})
        self.assertIsInstance(cause, mobivate.RejectedError)
        self.assertEqual((cause.server_message, cause.key_state), ("No credit", mobivate.KeyState.UNCHANGED))

    def test_in_every_moment(self) -> None:
        username = new_account()
        explained: list[Any] = []
        wrong: list[str] = []
        key = standin.account(username)["valid_key"]
        gate, begun, done = threading.Lock(), threading.Event(), threading.Event()
        in_call = False

        def calls() -> None:
            nonlocal in_call, key
            while not done.is_set():
                try:
                    in_call = True
                    begun.set()
                    key = client.create_key(username, PASSWORD)
                    with gate:
                        in_call = False
                except Raised as error:
                    before, key = key, standin.account(username)["valid_key"]
                    frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
                    if "create_key" in frames:  # Else it came before the call, or behind it.
                        cause: Any = error.__cause__
                        explained.append(getattr(cause, "key_state", None))
                        if (explained[-1] is mobivate.KeyState.UNCHANGED) != (key == before):
                            wrong.append(f"{cause!r} in {frames}, but {before} became {key}")

        with mobivate.Client(**standin.OVER_HTTP) as client:
            thread = threading.Thread(target=calls)
            thread.start()
            try:
                for turn in range(600):
                    self.assertTrue(begun.wait(10))
                    begun.clear()
                    time.sleep(turn % 60 * 20e-6)
                    with gate:  # So that it comes while the thread is where it is awaited.
                        if in_call:
                            in_call = False
                            raise_into(thread)
            finally:
                done.set()
                thread.join()
            self.assertEqual(wrong, [])
            self.assertEqual(client.create_key(username, PASSWORD), standin.account(username)["valid_key"])
        self.assertTrue(explained)


@unittest.skipUnless(sys.implementation.name == "cpython", "needs events for each opcode")
class EveryOpcode(unittest.TestCase):
    """What the handler of a signal does before each opcode of the methods that hold the client's lock."""

    METHODS = {"_begin", "_claim", "_release", "_free", "cancel", "close", "set_option"}

    def interrupted(
        self,
        act: Callable[[mobivate.Client], object],
        handler: Callable[[mobivate.Client], object],
        ended: Callable[[mobivate.Client, str], None],
    ) -> None:
        number, reached = 0, True
        while reached:
            client = mobivate.Client(**standin.OVER_HTTP)
            count = 0

            def trace(frame: FrameType, event: str, argument: Any) -> Any:
                nonlocal count
                if frame.f_code.co_name not in self.METHODS or "mobivate" not in frame.f_code.co_filename:
                    return None
                frame.f_trace_opcodes = True
                if event == "opcode":
                    if count == number:
                        sys.settrace(None)
                        handler(client)
                    count += 1
                return trace

            outcome = "done"
            sys.settrace(trace)
            try:
                act(client)
            except (RuntimeError, mobivate.MobivateError) as error:
                outcome = f"{type(error).__name__}: {error}"
            finally:
                sys.settrace(None)
            reached = count > number
            if reached:
                with self.subTest(number):
                    ended(client, outcome)
            client.close()
            self.assertIsNone(client._handle)
            number += 1
        self.assertGreater(number, 10)

    def test_a_call_during_which_a_handler_closes(self) -> None:
        username = new_account()
        ends = []

        def ended(client: mobivate.Client, outcome: str) -> None:
            ends.append(outcome.partition(":")[0])
            self.assertIn(ends[-1], ("RuntimeError", "CancelledError"))

        self.interrupted(lambda client: client.create_key(username, PASSWORD), mobivate.Client.close, ended)
        self.assertEqual(set(ends), {"RuntimeError", "CancelledError"})
        self.assertEqual(standin.account(username)["requests"], 1)  # the last turn, past the last opcode

    def test_a_setting_during_which_a_handler_closes(self) -> None:
        def ended(client: mobivate.Client, outcome: str) -> None:
            self.assertRegex(
                outcome, "^(RuntimeError: The client is closed|InvalidArgumentError: The option timeout_ms)"
            )

        self.interrupted(lambda client: client.set_option("timeout_ms", "0"), mobivate.Client.close, ended)

    def test_closing_or_cancelling_during_which_a_handler_closes(self) -> None:
        def ended(client: mobivate.Client, outcome: str) -> None:
            self.assertEqual(outcome, "done")

        for act in (mobivate.Client.close, mobivate.Client.cancel):
            self.interrupted(act, mobivate.Client.close, ended)

    def test_a_call_during_which_a_handler_cancels(self) -> None:
        username = new_account()

        def ended(client: mobivate.Client, outcome: str) -> None:
            self.assertEqual(outcome.partition(":")[0], "CancelledError")

        self.interrupted(lambda client: client.create_key(username, PASSWORD), mobivate.Client.cancel, ended)
        self.assertEqual(standin.account(username)["requests"], 1)  # the last turn, past the last opcode


class Patched(unittest.TestCase):
    """Where gevent or eventlet have replaced threads, and all of them share one of the system's."""

    GEVENT = """
import gevent.monkey; gevent.monkey.patch_all()
import gevent, gevent.event
spawn, sleep = gevent.spawn, gevent.sleep
in_a_thread = lambda *call: gevent.get_hub().threadpool.apply(call[0], call[1:])
"""
    EVENTLET = """
import eventlet; eventlet.monkey_patch()
import eventlet.tpool
spawn, sleep, in_a_thread = eventlet.spawn, eventlet.sleep, eventlet.tpool.execute
"""

    def run_patched(self, patch: str, program: str, scenario: object, interrupt: bool = False) -> str:
        module = patch.split("import ", 1)[1].split(".")[0].split(";")[0]
        if importlib.util.find_spec(module) is None:
            self.skipTest(f"{module} not found (Debian: python3-{module})")
        username = new_account(scenario)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", patch + "import sys, mobivate, standin\n" + program, username]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            if interrupt:
                standin.account(username, 1)
                process.send_signal(signal.SIGINT)
            return process.communicate(timeout=60)[0].strip()

    def test_ctrl_c_in_a_greenlet(self) -> None:
        program = """
def call():
    try:
        client.create_key(sys.argv[1], standin.PASSWORD)
    except KeyboardInterrupt as error:
        print(type(error.__cause__).__name__, error.__cause__.key_state.name)
with standin.client(timeout=20) as client:
    waiting = spawn(call)
    while not waiting.dead:
        sleep(0)
    with_key = standin.client()
    standin.create_account(sys.argv[1])
    print(len(with_key.create_key(sys.argv[1], standin.PASSWORD)))
    with_key.close()
"""
        for patch in (self.GEVENT, self.EVENTLET):
            with self.subTest(patch):
                ended = self.run_patched(patch, program, STALLS, interrupt=True)
                self.assertEqual(ended, "CancelledError UNKNOWN\n36")

    def test_a_call_in_a_thread_of_the_pool(self) -> None:
        # As the README says: the others run on.
        program = """
turns = 0
def turn():
    global turns
    while True:
        turns += 1
        sleep(0.001)
spawn(turn)
with standin.client() as client:
    key = in_a_thread(client.create_key, sys.argv[1], standin.PASSWORD)
print(len(key), turns > 10)
"""
        for patch in (self.GEVENT, self.EVENTLET):
            with self.subTest(patch):
                scenario = {"delay_ms": {"before_answer": 300}}
                self.assertEqual(self.run_patched(patch, program, scenario), "36 True")


class Process(unittest.TestCase):
    def test_a_process_that_is_interrupted(self) -> None:
        username = new_account(STALLS)
        program = """
import sys, standin
with standin.client(timeout=600) as client:
    client.create_key(sys.argv[1], standin.PASSWORD)
"""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(
            [sys.executable, "-c", program, username], env=environment, stderr=subprocess.PIPE, text=True
        ) as process:
            standin.account(username, 1)
            process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertTrue(errors.endswith("\nKeyboardInterrupt\n"), errors)
        # The traceback says whether the old key still works.
        self.assertRegex(errors, r"mobivate\.CancelledError: .*The old key may be revoked")
        self.assertNotIn(PASSWORD, errors)


if __name__ == "__main__":
    unittest.main()
