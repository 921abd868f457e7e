# SPDX-License-Identifier: MIT
"""The agent of the conformance cases: tests/bindings/README.md says what it is told."""

from __future__ import annotations

import concurrent.futures
import os
import platform
import sys
from typing import Callable

import mobivate

clients: dict[str, mobivate.Client] = {}
calls: dict[str, concurrent.futures.Future[str]] = {}
kept: list[str] = []
threads = concurrent.futures.ThreadPoolExecutor()


def text(field: str) -> str:
    return "" if field == "-" else bytes.fromhex(field).decode()


def field(text: str) -> str:
    return text.encode().hex() or "-"


def outcome(call: Callable[[], object], key_state: str = "unchanged") -> str:
    try:
        key = call()
    except mobivate.MobivateError as error:
        retry_after_ms = -1 if error.retry_after is None else round(error.retry_after * 1000)
        message = field(error.server_message or "")
        return (
            f"MBV_ERR_{error.status.name} {error.key_state.name.lower()} {error.http_status or 0}"
            f" {error.server_code or 0} {message} {retry_after_ms} {field(str(error))} -"
        )
    except RuntimeError as error:
        return "closed" if str(error) == "The client is closed." else f"error {field(repr(error))}"
    except Exception as error:
        return f"error {field(repr(error))}"
    if key is False:
        return "MBV_ERR_CREDENTIALS unchanged 0 0 - -1 - -"
    return f"MBV_OK {key_state} 0 0 - -1 - {field(key) if isinstance(key, str) else '-'}"


def new(number: str, options: list[str]) -> None:
    values = dict(zip(options[::2], options[1::2]))
    clients[number] = mobivate.Client(base_url=values.pop("base_url"), proxy=values.pop("proxy"))
    for name, value in values.items():
        clients[number].set_option(name, value)


def repeat(client: mobivate.Client, count: int, kind: str, secrets_in: str, username: str, path: str) -> None:
    # Without a buffer of Python's own.
    secret = bytearray(os.path.getsize(path))
    with open(path, "rb", buffering=0) as file:
        file.readinto(secret)
    in_text = secrets_in == "text"
    given: str | bytearray = secret.decode() if in_text else secret
    for _ in range(count):
        if kind == "test":
            if not client.test_key(given):
                raise ValueError("the key is refused")
        elif in_text:
            kept.append(getattr(client, f"{kind}_key")(username, given))
        else:
            key = getattr(client, f"{kind}_key_bytes")(username, given)
            key[:] = bytes(len(key))
    if in_text:
        kept.append(str(given))
    secret[:] = bytes(len(secret))


def answer(command: str, number: str, fields: list[str]) -> str:
    if command == "runtime":
        return field(f"Python {platform.python_version()}")
    if command == "new":
        return outcome(lambda: new(number, [text(each) for each in fields]))
    if command == "wait":
        return outcome(calls.pop(number).result, "replaced")
    client = clients[number]
    if command == "set":
        return outcome(lambda: client.set_option(text(fields[0]), text(fields[1])))
    if command == "create":
        return outcome(lambda: client.create_key(text(fields[0]), text(fields[1])), "replaced")
    if command == "get":
        return outcome(lambda: client.get_key(text(fields[0]), text(fields[1])))
    if command == "test":
        return outcome(lambda: client.test_key(text(fields[0])))
    if command == "start":
        calls[number] = threads.submit(client.create_key, text(fields[0]), text(fields[1]))
    elif command == "repeat":
        repeat(client, int(fields[0]), fields[1], fields[2], text(fields[3]), text(fields[4]))
    elif command in ("cancel", "uncancel", "close"):
        getattr(client, command)()
    else:
        return f"error {field(f'there is no command {command!r}')}"
    return "ok"


for line in sys.stdin:
    command, number, *fields = [*line.split(), ""][: max(2, len(line.split()))]
    print("ok" if command == "quit" else answer(command, number, fields), flush=True)
    if command == "quit":
        break
threads.shutdown()
