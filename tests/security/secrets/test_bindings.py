# SPDX-License-Identifier: MIT
"""Scans an agent of each language, between two commands, for copies of the password and the key, from outside.

python3 tests/standin -- python3 -m tests.security.secrets.test_bindings BUILD-DIR [LANGUAGE...]

A key is created, got or tested. With secrets in memory that the language can wipe there must be no copy. What the language's own strings
leave is told in the table, and is the control: there the scan has to find something.
"""

import json
import pathlib
import secrets
import sys
import tempfile

from tests.bindings.agent import Agent, Unsupported
from tests.bindings.run_binding import LANGUAGES, programs
from tests.security.secrets.scan import Needle, scan, shaped_as_key
from tests.support import standin

CALLS = 3
# What counts the calls that the stand-in has answered.
KINDS = {"create": "replaced", "get": "get_requests", "test": "test_requests"}


def count(command, environment, kind, secrets_in, language):
    """What is found of each secret at {kept, freed}: copies and fragments."""
    password = secrets.token_hex(12)
    username = f"scan-{language}-{kind}-{secrets_in}@example.com"
    before = standin.create_account(username, password, {"key_from_password": True} if kind == "create" else {})
    key = shaped_as_key(password) if kind == "create" else before["valid_key"]
    held = {"key": key} if kind == "test" else {"password": password, "key": key}
    # Some languages keep their strings in UTF-16.
    needles = [
        Needle(name, text.encode(encoding), character)
        for name, text in held.items()
        for encoding, character in (("utf-8", 1), ("utf-16-le", 2))
    ]
    options = {"base_url": standin.facts()["https"], "ca_file": standin.facts()["ca_file"], "proxy": ""}
    found = {}
    with tempfile.NamedTemporaryFile() as file, Agent(command, environment) as agent:
        file.write((key if kind == "test" else password).encode())
        file.flush()
        assert agent.new(0, options).status == "MBV_OK"
        agent.repeat(0, CALLS, kind, secrets_in, username, file.name)
        assert standin.account(username)[KINDS[kind]] - before[KINDS[kind]] == CALLS, f"{language} made no {CALLS} calls"
        found["kept"] = scan(agent.process.pid, needles)
        try:
            agent.close(0)
            found["freed"] = scan(agent.process.pid, needles)
        except Unsupported:
            pass
    return found


def judge(what, secrets_in, moment, found):
    """What is wrong with what was found; None where it is as promised."""
    if secrets_in == "bytes" and any(result["copies"] or result["fragments"] for result in found.values()):
        places = {name: result["places"] for name, result in found.items()}
        return f"{what}, {moment}: {json.dumps(places, indent=1)}"
    if secrets_in == "text" and moment == "kept" and not all(result["copies"] for result in found.values()):
        return f"{what}: the scan did not find the strings that the agent keeps"
    return None


def show(*cells):
    print("".join(cell.ljust(12) for cell in cells), flush=True)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    languages = sys.argv[2:] or LANGUAGES
    problems = []
    show("language", "call", "secrets in", "moment", "password", "key", "fragments", "of them")
    for language in languages:
        commands = programs(language, build)
        if commands is None:
            show(language, "skipped: its tools are missing")
            continue
        for kind, secrets_in in ((kind, secrets_in) for kind in KINDS for secrets_in in ("bytes", "text")):
            for moment, found in count(commands[0]["agent"], commands[1], kind, secrets_in, language).items():
                cells = [
                    str(found[name][what]) if name in found else "-"
                    for what in ("copies", "fragments")
                    for name in ("password", "key")
                ]
                show(language, kind, secrets_in, moment, *cells)
                problems.append(judge(f"{language}, {kind}", secrets_in, moment, found))
    problems = [problem for problem in problems if problem is not None]
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
