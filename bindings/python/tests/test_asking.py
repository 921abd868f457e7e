# SPDX-License-Identifier: MIT
"""Asking for the key, testing one, and the README's rotation."""

from __future__ import annotations

import asyncio
import os
import re
import threading
import unittest
import unittest.mock
from typing import Any

import mobivate
import standin
from standin import PASSWORD, STALLS, new_account


class Asking(unittest.TestCase):
    def test_every_form(self) -> None:
        username = new_account()
        key = standin.account(username)["valid_key"]
        with standin.client() as client:
            self.assertEqual(client.get_key(username.encode(), bytearray(PASSWORD.encode())), key)
            in_bytes = client.get_key_bytes(username, PASSWORD)
            self.assertIsInstance(in_bytes, bytearray)
            self.assertEqual(in_bytes.decode(), key)
            for text in (key, key.encode(), in_bytes, memoryview(in_bytes)):
                self.assertIs(client.test_key(text), True)
            self.assertIs(client.test_key(key[:-1]), False)
            with self.assertRaisesRegex(TypeError, "^The key must be a str or a bytes-like object, not int"):
                client.test_key(42)  # type: ignore[arg-type]
        self.assertEqual(standin.account(username)["valid_key"], key)

    def test_in_asyncio(self) -> None:
        username = new_account()
        key = standin.account(username)["valid_key"]

        async def main() -> None:
            with standin.client() as client:
                self.assertEqual(await client.get_key_async(username, PASSWORD), key)
                self.assertEqual(bytes(await client.get_key_bytes_async(username, PASSWORD)), key.encode())
                self.assertIs(await client.test_key_async(key), True)
                self.assertIs(await client.test_key_async("another"), False)

        asyncio.run(main())

    def test_cancelled_tasks(self) -> None:
        username = new_account({"get": STALLS, "test": STALLS})

        async def main() -> None:
            with standin.client(timeout=600) as client:
                for what, ask in (
                    ("get_requests", client.get_key_async(username, PASSWORD)),
                    ("test_requests", client.test_key_async(standin.account(username)["valid_key"])),
                ):
                    task: asyncio.Task[Any] = asyncio.create_task(ask)
                    while not standin.account(username)[what]:
                        await asyncio.sleep(0)
                    task.cancel()
                    with self.assertRaises(asyncio.CancelledError) as caught:
                        await task
                    cause: Any = caught.exception
                    while not isinstance(cause, mobivate.MobivateError):
                        cause = cause.__cause__ or cause.__context__
                    self.assertIs(cause.key_state, mobivate.KeyState.UNCHANGED)
                    self.assertNotIn("old key", str(cause))

        asyncio.run(main())

    def test_closing_during_a_call(self) -> None:
        username = new_account({"get": STALLS})
        caught: list[mobivate.MobivateError] = []
        client = standin.client(timeout=600)

        def ask() -> None:
            try:
                client.get_key(username, PASSWORD)
            except mobivate.MobivateError as error:
                caught.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while not standin.account(username)["get_requests"]:
            pass
        client.close()
        thread.join()
        self.assertIsInstance(caught[0], mobivate.CancelledError)
        self.assertIs(caught[0].key_state, mobivate.KeyState.UNCHANGED)

    def test_the_answer_was_there_when_it_was_interrupted(self) -> None:
        username = new_account()
        with standin.client() as client, self.assertRaises(KeyboardInterrupt) as caught:

            def interrupt(_key: memoryview) -> bytes:
                raise KeyboardInterrupt

            with unittest.mock.patch("mobivate._client._to_str", interrupt):
                client.get_key(username, PASSWORD)
        cause: Any = caught.exception.__cause__
        self.assertIs(cause.key_state, mobivate.KeyState.UNCHANGED)
        self.assertNotIn("old key", str(cause))


class Rotating(unittest.TestCase):
    """The README's `rotate`, as it stands."""

    def setUp(self) -> None:
        readme = os.path.join(os.environ["MOBIVATE_ROOT"], "bindings/python/README.md")
        with open(readme, encoding="utf-8") as file:
            found = re.search(r"\*\*Rotating a key\.\*\*.*?```python\n(.*?)```", file.read(), re.DOTALL)
        assert found
        names: dict[str, Any] = {"mobivate": mobivate}
        exec(found[1], names)
        self.rotate = names["rotate"]

    def rotated(self, scenario: object, password: str = PASSWORD) -> tuple[list[str], Any]:
        username = new_account(scenario)
        stored: list[str] = []
        with standin.client() as client:
            try:
                self.rotate(client, username, password, stored.append)
            finally:
                truth = standin.account(username)
        return stored, truth

    def test_created(self) -> None:
        stored, truth = self.rotated({})
        self.assertEqual((stored, truth["requests"]), ([truth["valid_key"]], 1))

    def test_unknown(self) -> None:
        stored, truth = self.rotated({"creates": True, "cut": {"after": 0, "how": "close"}})
        self.assertEqual((stored, truth["requests"]), ([truth["valid_key"]], 1))
        self.assertEqual((truth["get_requests"], truth["test_requests"]), (1, 1))

    def test_refused(self) -> None:
        with self.assertRaises(mobivate.CredentialsError):
            self.rotated({}, "wrong")


if __name__ == "__main__":
    unittest.main()
