# SPDX-License-Identifier: MIT
"""Calls in asyncio."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import unittest
from typing import Any

import mobivate
import standin
from standin import PASSWORD, STALLS, new_account


async def has_requests(username: str, requests: int) -> None:
    await asyncio.to_thread(standin.account, username, requests)


class Async(unittest.IsolatedAsyncioTestCase):
    def assert_explained(self, error: BaseException, state: mobivate.KeyState) -> None:
        """An error whose cause says whether the old key still works."""
        cause: Any = error.__cause__
        self.assertIsInstance(cause, mobivate.CancelledError)
        self.assertIs(cause.key_state, state)

    async def test_a_key(self) -> None:
        username = new_account()
        with standin.client() as client:
            self.assertEqual(
                await client.create_key_async(username, PASSWORD), standin.account(username)["valid_key"]
            )
            key = await client.create_key_bytes_async(username, bytearray(PASSWORD.encode()))
            self.assertEqual(key.decode(), standin.account(username)["valid_key"])
            with self.assertRaises(mobivate.CredentialsError):
                await client.create_key_async(username, "wrong")

    async def test_a_hundred_calls_at_once(self) -> None:
        username = new_account({"delay_ms": {"before_answer": 20}})
        clients = [mobivate.Client(**standin.OVER_HTTP) for _ in range(100)]
        keys = await asyncio.gather(*(client.create_key_async(username, PASSWORD) for client in clients))
        for client in clients:
            client.close()
        truth = standin.account(username)
        self.assertEqual((len(set(keys)), truth["requests"]), (100, 100))

    async def test_the_loop_goes_on_and_a_task_can_be_cancelled(self) -> None:
        username = new_account(STALLS)
        with standin.client(timeout=600) as client:
            task = asyncio.create_task(client.create_key_async(username, PASSWORD))
            await has_requests(username, 1)
            for _ in range(1000):
                await asyncio.sleep(0)
            self.assertFalse(task.done())
            task.cancel()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError) as caught:
                await task
            self.assertTrue(task.cancelled())
            self.assert_explained(innermost(caught.exception), mobivate.KeyState.UNKNOWN)
            # It has ended: the next call is not turned away, nor is it cancelled.
            standin.create_account(username)
            self.assertEqual(len(await client.create_key_async(username, PASSWORD)), 36)

    async def test_cancelled_twice_while_it_ends(self) -> None:
        username = new_account(STALLS)
        with standin.client(timeout=600) as client:
            task = asyncio.create_task(client.create_key_async(username, PASSWORD))
            await has_requests(username, 1)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            standin.create_account(username)
            await client.create_key_async(username, PASSWORD)

    async def test_cancelled_before_it_began(self) -> None:
        username = new_account()
        with standin.client() as client:
            task = asyncio.create_task(client.create_key_async(username, PASSWORD))
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertEqual(standin.account(username)["requests"], 0)
            await client.create_key_async(username, PASSWORD)

    async def test_a_time_limit(self) -> None:
        username = new_account(STALLS)
        with standin.client(timeout=600) as client:
            with self.assertRaises(asyncio.TimeoutError) as caught:
                await asyncio.wait_for(client.create_key_async(username, PASSWORD), 0.3)
            self.assert_explained(innermost(caught.exception), mobivate.KeyState.UNKNOWN)

    async def test_cancelled_in_every_moment(self) -> None:
        outcomes = {"created": 0, "cancelled": 0}
        with mobivate.Client(**standin.OVER_HTTP) as client:
            for turn in range(150):
                # The service may carry a cancelled call out late: not for the account of the next one.
                username = new_account()
                task = asyncio.create_task(client.create_key_async(username, PASSWORD))
                for _ in range(turn % 15):
                    await asyncio.sleep(0)
                if turn % 15 == 14:
                    await asyncio.wait([task])
                task.cancel()
                try:
                    self.assertEqual(await task, standin.account(username)["valid_key"])
                    outcomes["created"] += 1
                except asyncio.CancelledError:
                    outcomes["cancelled"] += 1
            await client.create_key_async(username, PASSWORD)
        self.assertEqual(outcomes["created"] + outcomes["cancelled"], 150)
        self.assertGreater(outcomes["created"], 0)
        self.assertGreater(outcomes["cancelled"], 0)

    async def test_what_was_created_when_it_was_cancelled(self) -> None:
        username = new_account()
        with mobivate.Client(**standin.OVER_HTTP) as client:
            task = asyncio.create_task(client.create_key_async(username, PASSWORD))
            await asyncio.sleep(0)
            # The loop does not hear of the end of the call: this does not let it.
            standin.account(username, 1)
            while client._call is not None:
                pass
            task.cancel()
            with self.assertRaises(asyncio.CancelledError) as caught:
                await task
        cause = innermost(caught.exception)
        self.assert_explained(cause, mobivate.KeyState.REPLACED)
        self.assertIn("The old key is revoked: ask for the new one", str(cause.__cause__))

    async def test_one_call_at_a_time(self) -> None:
        username = new_account(STALLS)
        with standin.client(timeout=600) as client:
            task = asyncio.create_task(client.create_key_async(username, PASSWORD))
            await asyncio.sleep(0)  # At once, not from its first request on.
            with self.assertRaises(mobivate.BusyError):
                await client.create_key_async(username, PASSWORD)
            await has_requests(username, 1)
            client.cancel()
            with self.assertRaises(mobivate.CancelledError):
                await task

    async def test_closing_during_a_call_ends_it(self) -> None:
        username = new_account(STALLS)
        client = standin.client(timeout=600)
        task = asyncio.create_task(client.create_key_async(username, PASSWORD))
        await has_requests(username, 1)
        client.close()
        with self.assertRaises(mobivate.CancelledError):
            await task
        with self.assertRaisesRegex(RuntimeError, "closed"):
            await client.create_key_async(username, PASSWORD)


class Abandoned(unittest.TestCase):
    def run_to_the_end(self, program: str) -> tuple[int, str]:
        username = new_account(STALLS)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        program = "import asyncio, os, sys, standin\nusername = sys.argv[1]\n" + program
        done = subprocess.run(
            [sys.executable, "-c", program, username],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout or done.stderr

    def test_a_loop_that_is_left_and_closed(self) -> None:
        ended = self.run_to_the_end(
            """
client = standin.client(timeout=600)
loop = asyncio.new_event_loop()
async def main():
    global task
    task = loop.create_task(client.create_key_async(username, standin.PASSWORD))
    await asyncio.to_thread(standin.account, username, 1)
loop.run_until_complete(main())
loop.close()
print("left")
sys.exit(23)
"""
        )
        self.assertEqual(ended, (23, "left\n"))

    def test_a_loop_that_ends_cancels_its_tasks(self) -> None:
        ended = self.run_to_the_end(
            """
client = standin.client(timeout=600)
async def main():
    global task
    task = asyncio.create_task(client.create_key_async(username, standin.PASSWORD))
    await asyncio.to_thread(standin.account, username, 1)
asyncio.run(main())
standin.create_account(username)
print(task.cancelled(), len(client.create_key(username, standin.PASSWORD)))
"""
        )
        self.assertEqual(ended, (0, "True 36\n"))


def innermost(error: BaseException) -> BaseException:
    """The last of a chain of causes but the one of this library."""
    while True:
        below = error.__cause__ or error.__context__
        if below is None or isinstance(below, mobivate.MobivateError):
            return error
        error = below


if __name__ == "__main__":
    unittest.main()
