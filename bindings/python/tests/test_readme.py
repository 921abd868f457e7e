# SPDX-License-Identifier: MIT
"""The README's example, as written: only where the service is has to be told."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import unittest

import standin

FOLDER = pathlib.Path(__file__).resolve().parents[1]


class Readme(unittest.TestCase):
    def run_example(self, code: str) -> subprocess.CompletedProcess[str]:
        options = ", ".join(f"{name}={value!r}" for name, value in standin.OVER_HTTPS.items())
        told = f"mobivate.Client({options})"
        self.assertIn("mobivate.Client()", code)
        code = code.replace("mobivate.Client()", told)
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)

    def test_the_example(self) -> None:
        code = (FOLDER / "README.md").read_text().split("```python\n")[1].split("```")[0]
        self.assertTrue((FOLDER / "examples/create_key.py").read_text().endswith(code))
        standin.create_account("first.last@example.com", "your-pass")
        ran = self.run_example(code)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(ran.stdout.strip(), standin.account("first.last@example.com", 1)["valid_key"])
        ran = self.run_example(code.replace("your-pass", "wrong-pass"))
        self.assertEqual((ran.returncode, ran.stdout), (1, ""))
        self.assertIn("The old key still works.", ran.stderr)


if __name__ == "__main__":
    unittest.main()
