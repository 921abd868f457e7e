# SPDX-License-Identifier: MIT
"""Ctrl-C and other signals during a call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import unittest
from collections.abc import Callable
from types import FrameType
from typing import Any

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
        self.assertIn("The old key is revoked: create a key again", str(cause))

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
        # What became of the old key is seen by whoever sees the traceback.
        self.assertRegex(errors, r"mobivate\.CancelledError: .*The old key may be revoked")
        self.assertNotIn(PASSWORD, errors)


if __name__ == "__main__":
    unittest.main()
