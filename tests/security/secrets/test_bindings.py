# SPDX-License-Identifier: MIT
"""Scans a paused program of each language for copies of the password and the key, from outside.

python3 tests/standin -- python3 -m tests.security.secrets.test_bindings BUILD-DIR [LANGUAGE...]

With secrets in memory that the language can wipe there must be none. What the language's own strings leave is told in the table,
and is the control: there the scan has to find something.
"""

import hashlib
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent

from tests.bindings.run_binding import ROOT, programs
from tests.security.secrets.scan import Needle, scan

STANDIN = json.loads(os.environ["MOBIVATE_STANDIN"])
CALLS = 3


def create_account(username, password):
    """Returns the key that the account gets: the stand-in derives it from the password."""
    body = {"username": username, "password": password, "scenario": {"key_from_password": True}}
    request = urllib.request.Request(STANDIN["http"] + "/standin/accounts", method="POST", data=json.dumps(body).encode())
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()
    digits = hashlib.sha256(password.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def count(command, environment, text, name):
    """What is found of [password, key] at [kept, freed]: copies and fragments."""
    password = secrets.token_hex(12)
    username = f"scan-{name}-{int(text)}@example.com"
    key = create_account(username, password)
    needles = [Needle("password", password.encode()), Needle("key", key.encode())]
    with tempfile.NamedTemporaryFile() as file:
        file.write(password.encode())
        file.flush()
        process = subprocess.Popen([*command, str(CALLS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=dict(
            environment, MOBIVATE_BASE_URL=STANDIN["https"], MOBIVATE_CA_FILE=STANDIN["ca_file"], MOBIVATE_USERNAME=username,
            MOBIVATE_PASSWORD_FILE=file.name, MOBIVATE_PROGRAM_PAUSE="1", MOBIVATE_PROGRAM_TEXT="1" if text else "0"))
        lines = []
        found = []
        try:
            for expected in (f"created {CALLS}", "kept", "freed"):
                lines.append(read_line(process))
                if lines[-1] != expected:
                    raise AssertionError(f"{name}: {expected!r} was to come, and not {lines}")
                if expected.startswith("created"):
                    continue
                found.append(scan(process.pid, needles))
                process.stdin.write(b"\n")
        finally:
            process.stdin.close()
            process.stdout.close()
            if process.wait(timeout=60) != 0:
                raise AssertionError(f"{name} ended with {process.returncode} after {lines}")
    return found


def read_line(process):
    line = b""
    while not line.endswith(b"\n"):
        part = process.stdout.read(1)
        if not part:
            break
        line += part
    return line.decode().strip()


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    languages = sys.argv[2:] or sorted(script.parent.name for script in ROOT.glob("bindings/*/programs"))
    failed = False
    rows = []
    for language in languages:
        commands = programs(language, build)
        if commands is None:
            rows.append((language, "skipped: its tools are missing"))
            continue
        for text in (False, True):
            for moment, found in zip(("kept", "freed"), count(commands[0]["mobivate"], commands[1], text, language)):
                numbers = [found[one][kind] for kind in ("copies", "fragments") for one in ("password", "key")]
                rows.append((language, "strings" if text else "bytes", moment, *numbers))
                if not text and any(numbers):
                    failed = True
                    print(f"{language}, {moment}: {json.dumps({one: found[one]['places'] for one in found}, indent=1)}")
    print(f"\n{'language':<12} {'secrets in':<12} {'moment':<8} {'password':>8} {'key':>4}   {'fragments of them':>18}")
    for row in rows:
        print(f"{row[0]:<12} {row[1]:<12} " + (f"{row[2]:<8} {row[3]:>8} {row[4]:>4}   {row[5]:>9} {row[6]:>8}" if len(row) > 2 else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
