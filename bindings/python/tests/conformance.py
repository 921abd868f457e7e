# SPDX-License-Identifier: MIT
"""Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean."""

from __future__ import annotations

import concurrent.futures
import json
import os
import sys
from typing import Any, Optional

import mobivate
import standin

IN_WORDS = ("The old key still works.", "The old key is revoked.", "The old key may be revoked")


class Mismatch(Exception):
    """What came out is not what must."""


class Outcome:
    """How one call ended."""

    def __init__(self, key: Optional[str], error: Optional[Exception]) -> None:
        self.key = key
        self.error = error

    @classmethod
    def of(cls, client: mobivate.Client, username: str, password: str) -> Outcome:
        try:
            return cls(client.create_key(username, password), None)
        except Exception as error:
            return cls(None, error)

    def value(self, name: str) -> object:
        """A member of a step's `expect`."""
        if name == "key_size":
            return len(self.key or "")
        error = self.error
        if error is None:
            return {"status": "MBV_OK", "key_state": "replaced"}[name]
        if not isinstance(error, mobivate.MobivateError):
            raise Mismatch(f"{error!r} is no MobivateError")
        if name == "status":
            return f"MBV_ERR_{error.status.name}"
        if name == "key_state":
            return error.key_state.name.lower()
        if name == "retry_after_ms":
            return -1 if error.retry_after is None else round(error.retry_after * 1000)
        absent = "" if name == "server_message" else 0
        value = getattr(error, name)
        return absent if value is None else value


def text_of(rule: Any) -> str:
    """A text, or {"repeat": [TEXT, COUNT]}."""
    if isinstance(rule, str):
        return rule
    text, count = rule["repeat"]
    return str(text) * int(count)


def base_url(rule: str) -> str:
    group, _, member = rule.partition(".")
    if group == "hosts":
        return "https://" + str(standin.FACTS["hosts"][member])
    if group == "tls_faults":
        return str(standin.FACTS["tls_faults"][member])
    return str(standin.FACTS.get(rule, rule))


class Case:
    """A case on its way through its steps."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        self.password = text_of(case.get("password", standin.PASSWORD))
        self.username = f"{case['name']}-python@example.com"
        self.pool = concurrent.futures.ThreadPoolExecutor()

    def new_client(self) -> mobivate.Client:
        client = mobivate.Client(base_url=base_url(self.case.get("base_url", "https")), proxy="")
        if self.case.get("ca_file", True):
            client.set_option("ca_file", standin.FACTS["ca_file"])
        for name, value in self.case.get("options", {}).items():
            client.set_option(name, value)
        return client

    def run(self) -> None:
        old_key = None
        if "username" in self.case:
            self.username = text_of(self.case["username"])
        else:
            created = standin.create_account(self.username, self.password, self.case.get("scenario"))
            old_key = created["valid_key"]
        with self.pool, self.new_client() as client:
            for number, step in enumerate(self.case["steps"], 1):
                for _ in range(step.get("repeat", 1)):
                    try:
                        self.step(client, step, old_key)
                    except Mismatch as error:
                        raise Mismatch(f"step {number}: {error}") from error
                    if old_key is not None:
                        old_key = standin.account(self.username)["valid_key"]

    def step(self, client: mobivate.Client, step: dict[str, Any], old_key: Optional[str]) -> None:
        expected = step.get("expect", {})
        do = step["do"]
        if do == "cancel":
            client.cancel()
        elif do == "uncancel":
            client.uncancel()
        elif do == "close":
            client.close()
        elif do == "set":
            self.check(expected, self.set_option(client, step), in_a_call=False)
        elif do == "create_key_on_two_clients":
            self.two_clients(client, expected, old_key)
        else:
            before = standin.account(self.username)["requests"]
            outcome = self.call(client, step, before)
            self.check(expected, outcome)
            self.check_account(self.username, expected, outcome, before, old_key)

    def set_option(self, client: mobivate.Client, step: dict[str, Any]) -> Outcome:
        try:
            client.set_option(step["option"], step["value"])
            return Outcome(None, None)
        except mobivate.MobivateError as error:
            return Outcome(None, error)

    def call(self, client: mobivate.Client, step: dict[str, Any], before: int) -> Outcome:
        username = text_of(step.get("username", self.username))
        password = text_of(step.get("password", self.password))
        if step["do"] == "create_key":
            return Outcome.of(client, username, password)
        first = self.pool.submit(Outcome.of, client, username, password)
        standin.account(self.username, before + 1)
        if step["do"] == "create_key_then_cancel":
            client.cancel()
            return first.result()
        if step["do"] == "create_key_while_busy":
            outcome = Outcome.of(client, username, password)
            client.cancel()
            self.check({"status": "MBV_ERR_CANCELLED"}, first.result())
            return outcome
        raise Mismatch(f"there is no step {step['do']!r}")

    def two_clients(self, client: mobivate.Client, expected: dict[str, Any], old_key: Optional[str]) -> None:
        other = "second-" + self.username
        created = standin.create_account(other, self.password, self.case.get("scenario"))
        with self.new_client() as second:
            calls = [
                (username, key, self.pool.submit(Outcome.of, one, username, self.password))
                for one, username, key in (
                    (client, self.username, old_key),
                    (second, other, created["valid_key"]),
                )
            ]
            for username, key, call in calls:
                self.check(expected, call.result())
                self.check_account(username, expected, call.result(), 0, key)

    def check(self, expected: dict[str, Any], outcome: Outcome, in_a_call: bool = True) -> None:
        error = outcome.error
        if expected.get("closed"):
            if not isinstance(error, RuntimeError) or str(error) != "The client is closed.":
                raise Mismatch(f"{error!r} is not what a closed client raises")
            return
        for name, wanted in expected.items():
            if name in ("requests", "valid", "message_contains", "message_lacks"):
                continue
            if outcome.value(name) != wanted:
                raise Mismatch(f"{name} is {outcome.value(name)!r}, not {wanted!r} ({error!r})")
        message = "" if error is None else str(error)
        contained = expected.get("message_contains", [])
        for text in [contained] if isinstance(contained, str) else contained:
            if text not in message:
                raise Mismatch(f"{message!r} does not contain {text!r}")
        for text in expected.get("message_lacks", []):
            if text in message or text in (getattr(error, "server_message", None) or ""):
                raise Mismatch(f"{message!r} contains {text!r}")
        if error is not None and in_a_call:
            words = ("another thread",) if isinstance(error, mobivate.BusyError) else IN_WORDS
            if not any(text in message for text in words):
                raise Mismatch(f"{message!r} does not name the key state")

    def check_account(
        self, username: str, expected: dict[str, Any], outcome: Outcome, before: int, old_key: Optional[str]
    ) -> None:
        truth = standin.account(username, before + expected.get("requests", 0))
        requests = truth["requests"] - before
        if requests != expected.get("requests", requests):
            raise Mismatch(f"there were {requests} requests, not {expected['requests']}")
        valid = truth["valid_key"]
        whose = "old" if valid == old_key else "new" if valid == outcome.key else "lost"
        if whose != expected.get("valid", whose):
            raise Mismatch(f"the valid key is the {whose} one, not the {expected['valid']} one")


def main() -> int:
    with open(os.environ["MOBIVATE_CASES"], encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    failed = 0
    for case in cases:
        try:
            Case(case).run()
            print(f"ok {case['name']}")
        except Exception as error:
            failed += 1
            print(f"not ok {case['name']}: {error!r}")
    print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
