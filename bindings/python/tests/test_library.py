# SPDX-License-Identifier: MIT
"""Finding libmobivate."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unittest
from typing import Optional

LIBRARY = os.environ["MOBIVATE_LIBRARY"]
STUBS = os.environ["MOBIVATE_STUBS"]
INSTALL = "Install libmobivate 1.1 or newer, or set MOBIVATE_LIBRARY to its file."
PROGRAM = """
import mobivate
try:
    mobivate.Client().close()
    print("loaded")
except (ImportError, MemoryError) as error:
    print(f"{type(error).__name__}: {error}")
"""


def new_client(**changes: Optional[str]) -> str:
    """Makes a client in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for name, value in changes.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()


class Library(unittest.TestCase):
    def test_the_environment_names_it(self) -> None:
        self.assertEqual(new_client(MOBIVATE_LIBRARY=LIBRARY), "loaded")

    def test_the_loader_finds_it(self) -> None:
        folder = os.path.dirname(LIBRARY)
        self.assertEqual(new_client(MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=folder), "loaded")
        self.assertEqual(new_client(MOBIVATE_LIBRARY="", LD_LIBRARY_PATH=folder), "loaded")

    def test_it_is_missing(self) -> None:
        self.assertRegex(
            new_client(MOBIVATE_LIBRARY="/nowhere/libmobivate.so.1"),
            r"^ImportError: cannot load /nowhere/libmobivate.so.1 \(from MOBIVATE_LIBRARY\): .*No such file.*\. "
            + re.escape(INSTALL)
            + "$",
        )
        found = new_client(MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=None)
        if found != "loaded":  # Here it is installed for all.
            self.assertIn("cannot load libmobivate.so.1 (from the dynamic loader's search path): ", found)

    def test_it_is_something_else(self) -> None:
        self.assertRegex(
            new_client(MOBIVATE_LIBRARY="libm.so.6"),
            rf"^ImportError: libm.so.6 \(from MOBIVATE_LIBRARY\) is not libmobivate 1.x: .*mbv_version_number\. {INSTALL}$",
        )

    def test_its_version(self) -> None:
        for version in ("0.9.0", "1.0.0", "2.0.0"):
            self.assertEqual(
                new_client(MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=os.path.join(STUBS, version)),
                f"ImportError: found libmobivate {version} as libmobivate.so.1 (from the dynamic loader's search "
                f"path); this package needs >= 1.1.0, < 2. {INSTALL}",
            )
        # This one is taken, and has no memory for a client.
        newer = os.path.join(STUBS, "1.99.99", "libmobivate.so.1")
        self.assertEqual(
            new_client(MOBIVATE_LIBRARY=newer), "MemoryError: Out of memory: no client could be made."
        )


if __name__ == "__main__":
    unittest.main()
