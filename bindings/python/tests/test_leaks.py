# SPDX-License-Identifier: MIT
"""Ten thousand calls leave no memory and no descriptor behind."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import sys
import unittest

import mobivate
import standin
from standin import PASSWORD

USUAL = "leaks-python@example.com"
LONG = "leaks-long-python@example.com"


class MallocState(ctypes.Structure):
    """`struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


def malloc_bytes() -> int:
    mallinfo2 = ctypes.CDLL("libc.so.6").mallinfo2
    mallinfo2.restype = MallocState
    state = mallinfo2()
    return int(state.uordblks) + int(state.hblkhd)


def sizes() -> dict[str, int]:
    with open("/proc/self/status", encoding="utf-8", errors="surrogateescape") as file:
        # Anonymous pages alone: those of files come and go with what else runs.
        resident = next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon:"))
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "blocks": sys.getallocatedblocks(),
        "malloc": malloc_bytes(),
        "resident": resident,
    }


async def hundred_calls() -> None:
    """Calls on a client of their own: created, refused, cancelled, with a long key, and closed meanwhile."""
    with mobivate.Client(**standin.OVER_HTTP) as client:
        for turn in range(100):
            if turn % 10 == 5:
                assert len(await client.create_key_async(USUAL, PASSWORD)) == 36
            elif turn % 10 == 6:
                task = asyncio.create_task(client.create_key_async(USUAL, PASSWORD))
                await asyncio.sleep(0)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            elif turn % 10 == 7:
                assert len(client.create_key_bytes(LONG, PASSWORD)) == 4096
            elif turn % 10 == 8:
                with contextlib.suppress(mobivate.CredentialsError):
                    client.create_key(USUAL, "wrong")
            else:
                assert len(client.create_key(USUAL, PASSWORD)) == 36
    client = mobivate.Client(**standin.OVER_HTTP)
    task = asyncio.create_task(client.create_key_async(USUAL, PASSWORD))
    await asyncio.sleep(0)
    client.close()
    with contextlib.suppress(mobivate.CancelledError):
        await task
    del task  # Its error's traceback refers to this frame.


@unittest.skipUnless(sys.implementation.name == "cpython", "counts what CPython allocates")
class Leaks(unittest.TestCase):
    def test_ten_thousand_calls(self) -> None:
        standin.create_account(USUAL)
        standin.create_account(LONG, scenario={"key": "k" * 4096})

        async def calls(hundreds: int) -> dict[str, int]:
            for _ in range(hundreds):
                await hundred_calls()
            return sizes()

        async def main() -> tuple[dict[str, int], dict[str, int]]:
            return await calls(30), await calls(70)

        # What is left is nothing that the cycle collector would have to find.
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        before, after = asyncio.run(main())
        print(f"\nbefore: {before}\nafter:  {after}")
        # In blocks and bytes: not one block, nor 60 bytes, of each of the 7000 calls. Pages come in the allocators' steps: not
        # half of one of each.
        allowed = {"descriptors": 1, "blocks": 700, "malloc": 400 * 1024, "resident": 7000 * 2048}
        for name, most in allowed.items():
            self.assertLess(after[name] - before[name], most, name)


if __name__ == "__main__":
    unittest.main()
