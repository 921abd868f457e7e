# SPDX-License-Identifier: MIT
"""The README's example, as written: only where the service is has to be told."""

from __future__ import annotations

import os
import pathlib
import subprocess
import unittest
from typing import Any, Optional

import standin

FOLDER = pathlib.Path(__file__).resolve().parents[1]
CODE = (FOLDER / "README.md").read_text().split("```python\n")[1].split("```")[0]
USERNAME = "first.last@example.com"


def run_example(
    password: str = "your-pass", output: Optional[str] = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    told = ", ".join(f"{name}={value!r}" for name, value in {**standin.OVER_HTTPS, **options}.items())
    code = CODE.replace("mobivate.Client()", f"mobivate.Client({told})").replace("your-pass", password)
    # With the package as the README's lines have installed it.
    command = [os.environ["MOBIVATE_README_PYTHON"], "-c", code]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with open(output or os.devnull, "w") as file:
        return subprocess.run(
            command,
            env=environment,
            stdout=file if output else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


class Readme(unittest.TestCase):
    def test_the_example(self) -> None:
        self.assertTrue((FOLDER / "examples/create_key.py").read_text().endswith("MIT\n" + CODE))
        self.assertIn("mobivate.Client()", CODE)
        standin.create_account(USERNAME, "your-pass")
        ran = run_example()
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(ran.stdout, standin.account(USERNAME, 1)["valid_key"] + "\n")

    def test_its_exit_codes(self) -> None:
        nowhere = f"https://{standin.FACTS['hosts']['refused']}"
        slow_down = {"status": 429, "body": {"code": 429, "message": "Slow down"}}
        cases: tuple[tuple[int, str, Any, dict[str, Any]], ...] = (
            (2, "The password is empty. The old key still works.", {}, {"password": ""}),
            (2, "The option timeout_ms must be", {}, {"timeout": 0}),
            (3, "(HTTP 401): Invalid Credentials. The old key still works.", {}, {"password": "wrong"}),
            (3, "Slow down. The old key still works.", slow_down, {}),
            (4, "The old key still works.", {}, {"base_url": nowhere}),
            (5, "The old key may be revoked", {"status": 500, "creates": True}, {}),
            (6, "", {}, {"output": "/dev/full"}),
        )
        for code, said, scenario, changes in cases:
            with self.subTest(code=code, said=said):
                standin.create_account(USERNAME, "your-pass", scenario)
                ran = run_example(**changes)
                self.assertEqual((ran.returncode, ran.stdout or ""), (code, ""), ran.stderr)
                self.assertIn(said, ran.stderr)


if __name__ == "__main__":
    unittest.main()
