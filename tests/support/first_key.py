# SPDX-License-Identifier: MIT
"""Creates a key with the tool, and shows what became of the old one: python3 tests/standin -- python3 -m tests.support.first_key TOOL"""

import subprocess
import sys
import tempfile

from tests.support import standin

TOOL = sys.argv[1]
STANDIN = standin.facts()
USERNAME, PASSWORD = "first.last@example.com", "correct horse battery staple"


def create_key(password):
    """Runs the tool as a person would, and shows what it says."""
    with tempfile.NamedTemporaryFile("w") as file:  # readable by its owner alone
        file.write(password + "\n")
        file.flush()
        command = [
            TOOL,
            "create-key",
            "--username",
            USERNAME,
            "--password-file",
            file.name,
            "--base-url",
            STANDIN["https"],
            "--ca-file",
            STANDIN["ca_file"],
        ]
        print("$ mbv " + " ".join(command[1:4]) + " --password-file ... --base-url " + STANDIN["https"] + " ...")
        finished = subprocess.run(command, capture_output=True, text=True)
    print(finished.stdout + finished.stderr, end="")
    print(f"(exit code {finished.returncode})\n")
    return finished.returncode, finished.stdout.strip()


def show(name, key, expected):
    status, answer = standin.test_key(key)
    print(f"{name}: {status} {answer['message']}")
    return status == expected


def main():
    old_key = standin.create_account(USERNAME, PASSWORD)["valid_key"]
    created, new_key = create_key(PASSWORD)
    fine = [created == 0, show("the new key", new_key, 200), show("the old key", old_key, 401)]
    print()
    refused, nothing = create_key("not the password")
    fine += [refused == 3, nothing == "", show("the key from before", new_key, 200)]
    sys.exit(0 if all(fine) else "this is not what should have happened")


if __name__ == "__main__":
    main()
