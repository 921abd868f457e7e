# SPDX-License-Identifier: MIT
"""Runs the example of a binding's README as its reader would, once for each exit code that it promises.

python3 tests/standin -- python3 -m tests.bindings.example LANGUAGE FENCE FILE FIND REPLACE [--folder DIR] [--build COMMAND] RUN

The example is the README's first block of FENCE, and that of bindings/LANGUAGE/examples/FILE. It is written to DIR/FILE as it stands,
but for FIND, the one expression that makes the client: REPLACE sets base_url, ca_file and proxy (none) from MOBIVATE_BASE_URL and
MOBIVATE_CA_FILE. BUILD and RUN are shell commands, and DIR is where they run.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

from tests.bindings import readme
from tests.support import standin

LOST = {"creates": True, "cut": {"after": 0, "how": "reset"}}
USERNAME, PASSWORD = "first.last@example.com", "your-pass"


def replace_once(text, old, new):
    if text.count(old) != 1:
        raise AssertionError(f"the example has {old!r} {text.count(old)} times, not once")
    return text.replace(old, new)


class Example:
    def __init__(self, arguments):
        self.arguments = arguments
        self.path = arguments.folder / pathlib.Path(arguments.file).name
        self.text = readme.block(arguments.language, arguments.fence)
        file = readme.ROOT / "bindings" / arguments.language / "examples" / arguments.file
        lines = [line for line in file.read_text().splitlines(True) if "SPDX-License-Identifier" not in line]
        if "".join(lines) != self.text:
            raise AssertionError(f"{file} is not the README's example")

    def build(self, password):
        text = replace_once(self.text, self.arguments.find, self.arguments.replace)
        self.path.write_text(replace_once(text, PASSWORD, password))
        if self.arguments.build:
            subprocess.run(["sh", "-c", self.arguments.build], cwd=self.arguments.folder, check=True)

    def run(self, name, expected, output, words, requests=1, base_url=None, password=PASSWORD, scenario=None, stdout=None):
        """Runs it with an account of its own, and compares the exit code, both outputs and what the service knows."""
        standin.create_account(USERNAME, password, scenario)
        environment = dict(
            os.environ, MOBIVATE_BASE_URL=base_url or standin.facts()["https"], MOBIVATE_CA_FILE=standin.facts()["ca_file"]
        )
        finished = subprocess.run(
            ["sh", "-c", self.arguments.run],
            cwd=self.arguments.folder,
            env=environment,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            stdout=stdout or subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        account = standin.account(USERNAME)
        said, told = ((text or "").replace(account["valid_key"], "KEY") for text in (finished.stdout, finished.stderr))
        found = (finished.returncode, account["requests"], said)
        fine = found == (expected, requests, output) and words in told
        print(f"{'ok' if fine else 'not ok'} {name}: {found} {told.strip()}")
        return fine

    def run_all(self):
        self.build(PASSWORD)
        with open("/dev/full", "wb") as full:
            fine = [
                self.run("created", 0, "KEY\n", ""),
                self.run("refused", 3, "", "The old key still works", password="another"),
                self.run(
                    "not sent", 4, "", "The old key still works", 0, base_url="https://" + standin.facts()["hosts"]["refused"]
                ),
                self.run("slowed down", 3, "", "The old key still works", scenario={"status": 429, "body": {"code": 429}}),
                self.run("refused on the way", 5, "", "The old key may be revoked", scenario={"status": 401}),
                self.run("answer lost", 5, "", "The old key may be revoked", scenario=LOST),
                self.run("unknown", 5, "", "The old key may be revoked", scenario={"status": 500, "creates": True}),
                self.run("not delivered", 6, "", "KEY", stdout=full),
            ]
        self.build("")
        return all([*fine, self.run("wrong input", 2, "", "The old key still works", 0)])


def main():
    parser = argparse.ArgumentParser(description="Run the example of a binding's README.")
    for name in ("language", "fence", "file", "find", "replace"):
        parser.add_argument(name)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--build")
    parser.add_argument("run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        arguments.folder = arguments.folder or pathlib.Path(folder)
        sys.exit(0 if Example(arguments).run_all() else 1)


if __name__ == "__main__":
    main()
