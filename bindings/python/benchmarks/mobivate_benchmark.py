# SPDX-License-Identifier: MIT
"""Creates COUNT keys, one after the other. ./programs says what is in the environment."""

from __future__ import annotations

import os
import sys

import mobivate


def read_password() -> bytearray:
    """The file in memory that can be wiped, read without a buffer of Python's own."""
    path = os.environ["MOBIVATE_PASSWORD_FILE"]
    password = bytearray(os.path.getsize(path))
    with open(path, "rb", buffering=0) as file:
        file.readinto(password)
    return password


def wipe(secret: bytearray) -> None:
    secret[:] = bytes(len(secret))


def pause(what: str) -> None:
    if os.environ.get("MOBIVATE_PROGRAM_PAUSE") == "1":
        print(what, flush=True)
        sys.stdin.readline()


def main(count: int) -> None:
    username = os.environ["MOBIVATE_USERNAME"]
    with mobivate.Client(
        base_url=os.environ["MOBIVATE_BASE_URL"], ca_file=os.environ["MOBIVATE_CA_FILE"], proxy=""
    ) as client:
        password = read_password()
        if os.environ.get("MOBIVATE_PROGRAM_TEXT") == "1":
            text = password.decode()
            for _ in range(count):
                client.create_key(username, text)
        else:
            for _ in range(count):
                wipe(client.create_key_bytes(username, password))
            wipe(password)
        print("created", count, flush=True)
        pause("kept")
    pause("freed")


main(int(sys.argv[1]))
