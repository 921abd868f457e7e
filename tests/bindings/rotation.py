# SPDX-License-Identifier: MIT
"""Runs a program around what a binding's README says of rotating a key.

python3 tests/standin -- python3 -m tests.bindings.rotation COMMAND...

COMMAND rotates the key of MOBIVATE_USERNAME, with MOBIVATE_PASSWORD, at MOBIVATE_BASE_URL, which it trusts by MOBIVATE_CA_FILE. It prints
the key where it stores one, and then ends with 0.
"""

import os
import subprocess
import sys

from tests.support import standin

LOST = {"creates": True, "cut": {"after": 0, "how": "close"}}
# The scenario, how often the key is asked for and tested, and whether one is stored. No more than one is created.
CASES = {
    "created": ({}, 0, 1, True),
    "answer lost": (LOST, 1, 1, True),
    "request lost": ({"status": 500}, 1, 1, True),
    "lost, not settled": ({**LOST, "get": {"status": 500}}, 1, 0, False),
    "the key is refused": ({"test": {"status": 401, "body": {"code": 401, "message": "Invalid"}}}, 0, 1, False),
    "not created": ({"status": 429, "body": {"code": 429, "message": "Slow down"}}, 0, 0, False),
}


def run(command, number, case):
    scenario, gets, tests, stored = case
    username = f"rotated-{number}@example.com"
    standin.create_account(username, scenario=scenario)
    facts = standin.facts()
    environment = dict(
        os.environ,
        MOBIVATE_BASE_URL=facts["https"],
        MOBIVATE_CA_FILE=facts["ca_file"],
        MOBIVATE_USERNAME=username,
        MOBIVATE_PASSWORD=standin.PASSWORD,
    )
    finished = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=120)
    account = standin.account(username, requests=1, get_requests=gets, test_requests=tests)
    found = (
        finished.returncode == 0,
        finished.stdout,
        *(account[name] for name in ("requests", "get_requests", "test_requests")),
    )
    return found, (stored, account["valid_key"] + "\n" if stored else "", 1, gets, tests)


def main():
    fine = True
    for number, (name, case) in enumerate(CASES.items()):
        found, expected = run(sys.argv[1:], number, case)
        fine &= found == expected
        print(f"ok {name}" if found == expected else f"not ok {name}: {found}, not {expected}")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
