# SPDX-License-Identifier: MIT
"""Scans an agent of each language, between two commands, for copies of the password and the key, from outside.

python3 tests/standin -- python3 -m tests.security.secrets.test_bindings BUILD-DIR [LANGUAGE...]

With secrets in memory that the language can wipe there must be none. What the language's own strings leave is told in the table,
and is the control: there the scan has to find something.
"""

import hashlib
import json
import pathlib
import secrets
import sys
import tempfile

from tests.bindings.agent import Agent, Unsupported
from tests.bindings.run_binding import LANGUAGES, programs
from tests.security.secrets.scan import Needle, scan
from tests.support import standin

CALLS = 3


def create_account(username, password):
    """Returns the key that the account gets: the stand-in derives it from the password."""
    standin.create_account(username, password, {"key_from_password": True})
    digits = hashlib.sha256(password.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def count(command, environment, secrets_in, language):
    """What is found of [password, key] at {kept, freed}: copies and fragments."""
    password = secrets.token_hex(12)
    username = f"scan-{language}-{secrets_in}@example.com"
    key = create_account(username, password)
    # Some languages keep their strings in UTF-16.
    needles = [
        Needle(name, text.encode(encoding), character)
        for name, text in (("password", password), ("key", key))
        for encoding, character in (("utf-8", 1), ("utf-16-le", 2))
    ]
    options = {"base_url": standin.facts()["https"], "ca_file": standin.facts()["ca_file"], "proxy": ""}
    found = {}
    with tempfile.NamedTemporaryFile() as file, Agent(command, environment) as agent:
        file.write(password.encode())
        file.flush()
        assert agent.new(0, options).status == "MBV_OK"
        agent.repeat(0, CALLS, secrets_in, username, file.name)
        assert standin.account(username)["replaced"] == CALLS, f"{language} made no {CALLS} calls"
        found["kept"] = scan(agent.process.pid, needles)
        try:
            agent.close(0)
            found["freed"] = scan(agent.process.pid, needles)
        except Unsupported:
            pass
    return found


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    languages = sys.argv[2:] or LANGUAGES
    failed = False
    rows = []
    for language in languages:
        commands = programs(language, build)
        if commands is None:
            rows.append((language, "skipped: its tools are missing"))
            continue
        for secrets_in in ("bytes", "text"):
            for moment, found in count(commands[0]["agent"], commands[1], secrets_in, language).items():
                numbers = [found[one][kind] for kind in ("copies", "fragments") for one in ("password", "key")]
                rows.append((language, secrets_in, moment, *numbers))
                if secrets_in == "bytes" and any(numbers):
                    failed = True
                    print(f"{language}, {moment}: {json.dumps({one: found[one]['places'] for one in found}, indent=1)}")
                elif secrets_in == "text" and moment == "kept" and not all(numbers[:2]):
                    failed = True
                    print(f"{language}: the scan did not find the strings that the agent keeps")
    print(f"\n{'language':<12} {'secrets in':<12} {'moment':<8} {'password':>8} {'key':>4}   {'fragments of them':>18}")
    for row in rows:
        print(
            f"{row[0]:<12} {row[1]:<12} "
            + (f"{row[2]:<8} {row[3]:>8} {row[4]:>4}   {row[5]:>9} {row[6]:>8}" if len(row) > 2 else "")
        )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
