# SPDX-License-Identifier: MIT
"""Finding libmobivate."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterable
from typing import Optional

from mobivate import _library

LIBRARY = os.environ["MOBIVATE_LIBRARY"]
INSTALL = "install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY."
PROGRAM = """
import mobivate
try:
    mobivate.Client().close()
    print("loaded")
except ImportError as error:
    print("ImportError:", error)
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
    def compile(self, lines: Iterable[str]) -> str:
        """A library made of these lines of C."""
        if not shutil.which("cc"):
            self.skipTest("there is no C compiler")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = os.path.join(folder.name, "libmobivate.so.1")
        command = ["cc", "-shared", "-fPIC", "-xc", "-", "-o", file]
        subprocess.run(command, input="\n".join(lines), text=True, check=True)
        return file

    @staticmethod
    def stub(version: str, number: int) -> list[str]:
        others = [name for name in _library.DECLARATIONS if not name.startswith("mbv_version")]
        return [
            f'const char *mbv_version(void) {{ return "{version}"; }}',
            f"int mbv_version_number(void) {{ return {number}; }}",
            "void *mbv_new(void) { static int client; return &client; }",
            *(f"void {name}(void) {{}}" for name in others if name != "mbv_new"),
        ]

    def test_the_environment_names_it(self) -> None:
        self.assertEqual(new_client(MOBIVATE_LIBRARY=LIBRARY), "loaded")

    def test_the_loader_finds_it(self) -> None:
        folder = os.path.dirname(LIBRARY)
        self.assertEqual(new_client(MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=folder), "loaded")
        self.assertEqual(new_client(MOBIVATE_LIBRARY="", LD_LIBRARY_PATH=folder), "loaded")

    def test_it_is_missing(self) -> None:
        self.assertRegex(
            new_client(MOBIVATE_LIBRARY="/nowhere/libmobivate.so.1"),
            "^ImportError: /nowhere/libmobivate.so.1, which MOBIVATE_LIBRARY names, could not be loaded "
            r"\(.*No such file.*\); " + re.escape(INSTALL) + "$",
        )
        found = new_client(MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=None)
        if found != "loaded":  # Here it is installed for all.
            self.assertRegex(
                found, "^ImportError: libmobivate.so.1, on the dynamic loader's search path, could not"
            )

    def test_it_is_something_else(self) -> None:
        file = self.compile(["int something_else;"])
        self.assertRegex(
            new_client(MOBIVATE_LIBRARY=file),
            f"^ImportError: {re.escape(file)}, which MOBIVATE_LIBRARY names, is not libmobivate 1.x "
            r"\(.*mbv_new.*\); " + re.escape(INSTALL) + "$",
        )

    def test_its_version(self) -> None:
        for version, number in (("0.9.9", 909), ("2.0.0", 20000)):
            file = self.compile(self.stub(version, number))
            self.assertEqual(
                new_client(MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=os.path.dirname(file)),
                "ImportError: libmobivate.so.1, on the dynamic loader's search path, has version "
                f"{version}, and 1.0.0 or newer, and below 2, is needed; {INSTALL}",
            )
        file = self.compile(self.stub("1.99.99", 19999))
        self.assertEqual(new_client(MOBIVATE_LIBRARY=file), "loaded")


if __name__ == "__main__":
    unittest.main()
