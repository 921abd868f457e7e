# SPDX-License-Identifier: MIT
"""What this package says of libmobivate is what its header says."""

from __future__ import annotations

import ctypes
import inspect
import json
import os
import unittest
from typing import Any

import mobivate
from mobivate import _library

with open(os.environ["MOBIVATE_HEADER"], encoding="utf-8") as file:
    HEADER = json.load(file)

TYPES: dict[str, Any] = {
    "void": None,
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "size_t": ctypes.c_size_t,
    "size_t *": ctypes.POINTER(ctypes.c_size_t),
    "char *": ctypes.c_char_p,
    "const char *": ctypes.c_char_p,
    "mbv_client *": ctypes.c_void_p,
    "const mbv_client *": ctypes.c_void_p,
}


class Declarations(unittest.TestCase):
    def test_the_functions(self) -> None:
        for name, (result, parameters) in _library.DECLARATIONS.items():
            with self.subTest(name):
                header = HEADER["functions"][name]
                self.assertIs(result, TYPES[header["returns"]])
                self.assertEqual(parameters, [TYPES[parameter] for parameter in header["parameters"]])

    def test_the_loaded_functions(self) -> None:
        library = _library.load()
        for name, (result, parameters) in _library.DECLARATIONS.items():
            function = getattr(library, name)
            self.assertEqual((function.restype, function.argtypes), (result, parameters), name)

    def test_what_is_not_declared(self) -> None:
        # A large buffer makes the one needless, and the names of Status and errors' own texts the others.
        others = set(HEADER["functions"]) - set(_library.DECLARATIONS)
        self.assertEqual(others, {"mbv_take_key", "mbv_status_name", "mbv_status_message"})
        self.assertGreaterEqual(_library.KEY_CAPACITY, HEADER["constants"]["MBV_KEY_CAPACITY"])

    def test_the_values(self) -> None:
        statuses = {f"MBV_ERR_{status.name}": status.value for status in mobivate.Status}
        statuses["MBV_OK"] = statuses.pop("MBV_ERR_OK")
        self.assertEqual(statuses, HEADER["status"])
        states = {f"MBV_KEY_{state.name}": state.value for state in mobivate.KeyState}
        self.assertEqual(states, HEADER["key_states"])

    def test_the_options(self) -> None:
        # Each parameter sets the option of its name, or of its name in milliseconds.
        values = {
            "base_url": "https://example.com",
            "ca_file": os.environ["MOBIVATE_HEADER"],
            "ca_dir": os.path.dirname(os.environ["MOBIVATE_HEADER"]),
            "proxy": "",
            "user_agent": "test/1",
        }
        names = [name for name in inspect.signature(mobivate.Client).parameters]
        self.assertEqual(len(names), 7)
        with mobivate.Client() as client:
            for name in names:
                if name in values:
                    client.set_option(name, values[name])
                else:
                    client.set_option(name + "_ms", "1000")


if __name__ == "__main__":
    unittest.main()
