# SPDX-License-Identifier: MIT
"""Finding libmobivate."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from typing import Optional

import mobivate

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


def new_client(path: Optional[str] = None, **changes: Optional[str]) -> str:
    """Makes a client in a process of its own, with the package in `path`."""
    environment = {**os.environ, "PYTHONPATH": path or os.pathsep.join(sys.path)}
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
            r"^ImportError: cannot load libmobivate\. Tried /nowhere/libmobivate.so.1 \(from MOBIVATE_LIBRARY\): "
            rf".*No such file[^;]*\. {re.escape(INSTALL)}$",
        )
        found = new_client(MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=None)
        if found != "loaded":  # Here it is installed for all.
            beside = re.escape(str(pathlib.Path(mobivate.__file__).with_name("libmobivate.so.1")))
            self.assertRegex(
                found,
                r"^ImportError: cannot load libmobivate\. Tried MOBIVATE_LIBRARY: not set; "
                rf"{beside} \(beside the package\): .*No such file[^;]*; "
                rf"libmobivate\.so\.1 \(from the dynamic loader's search path\): .*No such file[^;]*\. "
                rf"{re.escape(INSTALL)}$",
            )

    def test_it_is_beside_the_package(self) -> None:
        folder = os.path.dirname(LIBRARY)
        with tempfile.TemporaryDirectory() as path:
            package = pathlib.Path(path) / "mobivate"
            shutil.copytree(pathlib.Path(mobivate.__file__).parent, package)
            beside = package / "libmobivate.so.1"
            shutil.copy(LIBRARY, beside)
            self.assertEqual(new_client(path, MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=None), "loaded")
            # This one has no memory for a client, so the answer tells which is taken.
            shutil.copy(os.path.join(STUBS, "1.99.99", "libmobivate.so.1"), beside)
            out_of_memory = "MemoryError: Out of memory: no client could be made."
            self.assertEqual(new_client(path, MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=folder), out_of_memory)
            self.assertEqual(new_client(path, MOBIVATE_LIBRARY=LIBRARY, LD_LIBRARY_PATH=None), "loaded")
            # One of another system is passed over, and named where there is no other.
            beside.write_text("of another system")
            self.assertEqual(new_client(path, MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=folder), "loaded")
            found = new_client(path, MOBIVATE_LIBRARY=None, LD_LIBRARY_PATH=None)
            if found != "loaded":
                self.assertRegex(
                    found, rf"{re.escape(str(beside))} \(beside the package\): .*: file too short;"
                )

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
