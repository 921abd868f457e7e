# SPDX-License-Identifier: MIT
"""Runs the cases of cases.json through an agent, and compares what comes out with what must.

python3 tests/standin -- python3 -m tests.bindings.conformance LANGUAGE [--result FILE] [--case NAME] -- AGENT...

README.md beside this file says what a case is. Ends with 0 only where no case failed.
"""

import argparse
import json
import pathlib
import sys

from tests.bindings.agent import Agent, AgentFailure, Closed, Unsupported
from tests.support import standin

CASES = pathlib.Path(__file__).with_name("cases.json")
KEY_STATE_IN_WORDS = ("The old key still works.", "The old key is revoked.", "The old key may be revoked")


REQUESTS = ("requests", "get_requests", "test_requests")


class Mismatch(Exception):
    """What came out is not what must."""


def text_of(rule):
    """A text, or {"repeat": [TEXT, COUNT]}."""
    return rule if isinstance(rule, str) else rule["repeat"][0] * rule["repeat"][1]


def base_url(rule):
    group, _, member = rule.partition(".")
    facts = standin.facts()
    if group == "hosts":
        return "https://" + facts["hosts"][member]
    if group == "tls_faults":
        return facts["tls_faults"][member]
    return facts.get(rule, rule)


class User:
    """An account, and what the service knew of it before the step."""

    def __init__(self, username, password, before=None):
        self.username, self.password = username, password
        self.before = before or standin.account(username)
        self.old_key = self.before["valid_key"]

    @classmethod
    def create(cls, username, password, scenario):
        return cls(username, password, standin.create_account(username, password, scenario))

    def await_request(self):
        standin.account(self.username, requests=self.before["requests"] + 1)

    def check(self, expected, key):
        """Compares the service's truth with what is expected, and remembers it for the next step."""
        before = self.before
        wanted = {name: expected[name] for name in REQUESTS if name in expected}
        self.before = after = standin.account(self.username, **{name: before[name] + count for name, count in wanted.items()})
        for name, count in wanted.items():
            if after[name] - before[name] != count:
                raise Mismatch(f"{after[name] - before[name]} {name}, not {count}")
        if after["valid_key"] != before["valid_key"]:
            self.old_key = before["valid_key"]
        valid = after["valid_key"]
        whose = "old" if valid == before["valid_key"] else "new" if valid == key else "lost"
        if whose != expected.get("valid", whose):
            raise Mismatch(f"the valid key is the {whose} one, not the {expected['valid']} one")


def check_outcome(expected, outcome):
    actual = {**outcome._asdict(), "key_size": len(outcome.key.encode())}
    for name, wanted in expected.items():
        if name == "message_contains":
            for text in [wanted] if isinstance(wanted, str) else wanted:
                if text not in outcome.message:
                    raise Mismatch(f"{outcome.message!r} does not contain {text!r}")
        elif name == "message_lacks":
            for text in wanted:
                if text in outcome.message or text in outcome.server_message:
                    raise Mismatch(f"{outcome.message!r} ({outcome.server_message!r}) contains {text!r}")
        elif name not in (*REQUESTS, "valid", "key") and actual[name] != wanted:
            raise Mismatch(f"{name} is {actual[name]!r}, not {wanted!r} ({outcome.message})")


def check_words(outcome):
    """The text of every failed call tells the key state."""
    if outcome.status == "MBV_OK":
        return
    words = ("another thread",) if outcome.status == "MBV_ERR_BUSY" else KEY_STATE_IN_WORDS
    if not any(text in outcome.message for text in words):
        raise Mismatch(f"{outcome.message!r} does not tell the key state")


class Run:
    """One case, on its way through its steps with client 0 of the agent."""

    def __init__(self, agent, language, case):
        self.agent, self.case = agent, case
        password = text_of(case.get("password", standin.PASSWORD))
        if "username" in case:
            self.user = User(text_of(case["username"]), password)
        else:
            self.user = User.create(f"{case['name']}-{language}@example.com", password, case.get("scenario"))

    def new_client(self, number):
        options = {"base_url": base_url(self.case.get("base_url", "https")), "proxy": ""}
        if self.case.get("ca_file", True):
            options["ca_file"] = standin.facts()["ca_file"]
        check_outcome({"status": "MBV_OK"}, self.agent.new(number, {**options, **self.case.get("options", {})}))

    def run(self):
        self.new_client(0)
        for number, step in enumerate(self.case["steps"], 1):
            for _ in range(step.get("repeat", 1)):
                try:
                    getattr(self, step["do"])(step, step.get("expect", {}))
                except Mismatch as mismatch:
                    raise Mismatch(f"step {number}: {mismatch}") from mismatch
        self.agent.close(0)

    def credentials(self, step):
        return text_of(step.get("username", self.user.username)), text_of(step.get("password", self.user.password))

    def check_call(self, expected, outcome):
        check_outcome(expected, outcome)
        check_words(outcome)
        self.user.check(expected, outcome.key)

    def create_key(self, step, expected):
        try:
            outcome = self.agent.create(0, *self.credentials(step))
        except Closed:
            if not expected.get("closed"):
                raise Mismatch("the client is closed") from None
            self.user.check(expected, None)
            return
        if expected.get("closed"):
            raise Mismatch(f"a closed client made a call: {outcome.status}")
        self.check_call(expected, outcome)

    def get_key(self, step, expected):
        outcome = self.agent.get(0, *self.credentials(step))
        check_outcome(expected, outcome)
        self.user.check(expected, outcome.key)
        if expected.get("key") == "valid" and outcome.key != self.user.before["valid_key"]:
            raise Mismatch("the key is not the account's valid one")

    def test_key(self, step, expected):
        keys = {"valid": self.user.before["valid_key"], "old": self.user.old_key}
        key = step["key"]
        outcome = self.agent.test(0, keys.get(key) if isinstance(key, str) and key in keys else text_of(key))
        check_outcome(expected, outcome)
        self.user.check(expected, None)

    def create_key_then_cancel(self, step, expected):
        self.agent.start(0, *self.credentials(step))
        self.user.await_request()
        self.agent.cancel(0)
        self.check_call(expected, self.agent.wait(0))

    def create_key_while_busy(self, step, expected):
        self.agent.start(0, *self.credentials(step))
        self.user.await_request()
        try:
            self.check_call(expected, self.agent.create(0, *self.credentials(step)))
        finally:
            self.agent.cancel(0)
            first = self.agent.wait(0)
        check_outcome({"status": "MBV_ERR_CANCELLED"}, first)

    def create_key_on_two_clients(self, step, expected):
        self.new_client(1)
        second = User.create("second-" + self.user.username, self.user.password, self.case.get("scenario"))
        for number, user in enumerate((self.user, second)):
            self.agent.start(number, user.username, user.password)
        for number, user in enumerate((self.user, second)):
            outcome = self.agent.wait(number)
            check_outcome(expected, outcome)
            user.check(expected, outcome.key)
        self.agent.close(1)

    def cancel(self, _step, _expected):
        self.agent.cancel(0)

    def uncancel(self, _step, _expected):
        self.agent.uncancel(0)

    def set(self, step, expected):
        check_outcome(expected, self.agent.set(0, step["option"], step["value"]))

    def close(self, _step, _expected):
        self.agent.close(0)


def run_cases(language, command, cases):
    """Returns the runtime, and how many cases passed, failed and were skipped."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    agent = None
    runtime = "?"
    try:
        for case in cases:
            if agent is None:
                agent = Agent(command)
                runtime = agent.runtime()
            try:
                Run(agent, language, case).run()
                what, line = "passed", f"ok {case['name']}"
            except Unsupported as command_name:
                what, line = "skipped", f"skip {case['name']}: {language} cannot do {str(command_name)!r} here"
                agent.close(0)
            except (Mismatch, AgentFailure, Closed) as why:
                what, line = "failed", f"not ok {case['name']}: {why}"
                # What is left of the case in the agent must not touch the next one.
                agent.__exit__(type(why), why, None)
                agent = None
            counts[what] += 1
            print(line, flush=True)
    finally:
        if agent is not None:
            agent.__exit__(*sys.exc_info())
    return runtime, counts


def main():
    parser = argparse.ArgumentParser(description="Run the conformance cases through an agent.")
    parser.add_argument("language")
    parser.add_argument("--result", type=pathlib.Path, help="the file for the closing summary's row")
    parser.add_argument("--case", help="run this case alone")
    parser.add_argument("agent", nargs="+", help="the agent's command")
    arguments = parser.parse_args()
    cases = [case for case in json.loads(CASES.read_text())["cases"] if arguments.case in (None, case["name"])]
    if not cases:
        parser.error(f"no case is named {arguments.case!r}")
    try:
        runtime, counts = run_cases(arguments.language, arguments.agent, cases)
    except AgentFailure as failure:
        sys.exit(f"{arguments.language}'s agent cannot be used: {failure}")
    if arguments.result:
        arguments.result.write_text(json.dumps({"language": arguments.language, "runtime": runtime, **counts}))
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    sys.exit(1 if counts["failed"] else 0)


if __name__ == "__main__":
    main()
