# SPDX-License-Identifier: MIT
"""The service itself: accounts, keys, scenarios, and the truth about them. It knows nothing of sockets."""

import base64
import hashlib
import json
import secrets
import string
import threading
import time
from email.utils import formatdate

FIELDS = {
    "description",
    "always",
    "status",
    "reason",
    "headers",
    "body",
    "body_text",
    "body_base64",
    "raw_text",
    "raw_base64",
    "http_version",
    "creates",
    "key",
    "key_size",
    "key_from_password",
    "chunked",
    "informational",
    "delay_ms",
    "cut",
    "endless",
    "keep",
    "sequence",
}
CALLS = ("create", "get", "test")
DEFAULT_PASSWORD = "correct-password"


class ControlError(Exception):
    """A request to the control interface that cannot be carried out."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status


class Account:
    def __init__(self, username, password, scenario, has_key):
        self.username = username
        self.password = password
        self.scenario = scenario
        self.valid_key = new_key() if has_key else None
        self.keys = {self.valid_key}  # every one that it ever had
        self.requests = dict.fromkeys(CALLS, 0)
        self.replaced = 0
        self.connections = []
        self.open_connections = set()

    def state(self):
        return {
            "username": self.username,
            "requests": self.requests["create"],
            "get_requests": self.requests["get"],
            "test_requests": self.requests["test"],
            "replaced": self.replaced,
            "valid_key": self.valid_key,
            "connections": self.connections,
        }

    def count(self, call, connection):
        self.requests[call] += 1
        self.connections.append(connection)
        self.open_connections.add(connection)

    def turn(self, call):
        """The scenario of this request of a call: the one whose turn it is, where there are several."""
        scenario = self.scenario if call == "create" else self.scenario.get(call, {})
        if scenario.get("sequence"):
            return scenario["sequence"][min(self.requests[call], len(scenario["sequence"])) - 1]
        return scenario


def shaped_as_key(digits):
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def new_key():
    return shaped_as_key(secrets.token_hex(16))


def text_of(rule):
    """A text of the table: itself, or {"repeat": [TEXT, COUNT]}."""
    return rule["repeat"][0] * rule["repeat"][1] if isinstance(rule, dict) else rule


def has_reached(found, wanted):
    """Whether a state has at least the wanted numbers; of open connections, exactly so many."""
    return all(found[name] == count if name == "open_connections" else found[name] >= count for name, count in wanted.items())


class Placeholders(dict):
    def __missing__(self, name):
        if name.startswith("date+"):
            return formatdate(time.time() + int(name[5:]), usegmt=True)
        raise ControlError(f"there is no placeholder {{{name}}}")


def fill(value, placeholders):
    """Fills the placeholders of a text, or of every text inside a JSON value."""
    if isinstance(value, str):
        parts = []
        for literal, name, _, _ in string.Formatter().parse(value):
            parts.append(literal)
            if name is not None:
                parts.append(placeholders[name])
        return "".join(parts)
    if isinstance(value, list):
        return [fill(member, placeholders) for member in value]
    if isinstance(value, dict):
        return {name: fill(member, placeholders) for name, member in value.items()}
    return value


class Service:
    def __init__(self, table):
        self.table = table
        self.changed = threading.Condition()
        self.counters = {}
        self.accounts_on = {}  # those that each open connection has had a request for
        self.reset()

    # ---- The accounts ----

    def reset(self):
        with self.changed:
            self.counters = {
                "requests": 0,
                "get_requests": 0,
                "test_requests": 0,
                "partial_requests": 0,
                "connections": 0,
                "resumed_sessions": 0,
                "open_connections": self.counters.get("open_connections", 0),
            }
            self.accounts = {}
            for name in self.table["scenarios"]:
                self._add(f"{name}@example.com", DEFAULT_PASSWORD, name)
            for account in self.table["accounts"]:
                self._add(text_of(account["username"]), text_of(account["password"]), account.get("scenario", {}))
            self.changed.notify_all()

    def _add(self, username, password, scenario, has_key=True):
        scenario = dict(self._scenario(scenario, FIELDS | {"get", "test"}))
        for call in ("get", "test"):
            if call in scenario:
                scenario[call] = self._scenario(scenario[call], FIELDS)
        account = self.accounts[username] = Account(username, password, scenario, has_key)
        return account

    def _scenario(self, scenario, fields):
        """An object, or the one of that name in the table."""
        if isinstance(scenario, str):
            if scenario not in self.table["scenarios"]:
                raise ControlError(f"scenario: there is no {scenario!r} in the table")
            scenario = self.table["scenarios"][scenario]
        if not isinstance(scenario, dict):
            raise ControlError("scenario: must be an object or a name")
        for part in (scenario, *scenario.get("sequence", ())):
            unknown = set(part) - fields
            if unknown:
                raise ControlError(f"scenario: there is no field {sorted(unknown)[0]!r}")
        return scenario

    def create_account(self, facts):
        for name in ("username", "password"):
            if not isinstance(facts.get(name), str) or not facts[name]:
                raise ControlError(f"{name}: must be a text that is not empty")
        with self.changed:
            return self._add(
                facts["username"], facts["password"], facts.get("scenario") or {}, facts.get("has_key", True)
            ).state()

    def account_state(self, username, wanted, timeout_ms):
        """The truth about an account, once each of the wanted numbers is reached."""
        with self.changed:

            def found():
                if username not in self.accounts:
                    raise ControlError(f"there is no account {username!r}", 404)
                return self.accounts[username]

            def state():
                # It changes without a request, and so would a state from one look to the next.
                open_now = {"open_connections": len(found().open_connections)} if "open_connections" in wanted else {}
                return {**found().state(), **open_now}

            self.changed.wait_for(lambda: has_reached(state(), wanted), timeout_ms / 1000)
            return state()

    def state(self, wanted, timeout_ms):
        """The counters, once each of the wanted ones is reached."""
        with self.changed:
            self.changed.wait_for(lambda: has_reached(self.counters, wanted), timeout_ms / 1000)
            return dict(self.counters)

    def count(self, **changes):
        with self.changed:
            for name, change in changes.items():
                self.counters[name] += change
            self.changed.notify_all()

    def end_connection(self, connection, **changes):
        with self.changed:
            for account in self.accounts_on.pop(connection, ()):
                account.open_connections.discard(connection)
            self.count(**changes)

    def _count(self, account, call, connection):
        account.count(call, connection)
        self.accounts_on.setdefault(connection, set()).add(account)

    # ---- The calls: each returns what to answer, a scenario with its placeholders filled ----

    def create_key(self, body, connection):
        """POST /auth/createkey"""
        return self._with_credentials("create", "requests", body, connection)

    def get_key(self, body, connection):
        """POST /auth/getkey"""
        return self._with_credentials("get", "get_requests", body, connection)

    def test_key(self, key, connection):
        """GET /auth/test"""
        with self.changed:
            self.counters["test_requests"] += 1
            account = next((account for account in self.accounts.values() if key in account.keys), None)
            if account is None or key is None:
                self.changed.notify_all()
                return error(401, "Invalid API Key")
            self._count(account, "test", connection)
            self.changed.notify_all()
            scenario = account.turn("test")
            if key != account.valid_key and not scenario.get("always"):
                return error(401, "Invalid API Key")
            return filled(
                scenario,
                {"message": "API Key is valid"},
                username=account.username,
                password=account.password,
                key=key,
                old_key=key,
            )

    def _with_credentials(self, call, counter, body, connection):
        try:
            members = json.loads(body)
            username, password = members["username"], members["password"]
            if not isinstance(username, str) or not isinstance(password, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            self.count(**{counter: 1})
            return error(400, "Bad Request: username and password are required")
        with self.changed:
            self.counters[counter] += 1
            account = self.accounts.get(username)
            if account is not None:
                self._count(account, call, connection)
            answer = self._answer(call, account, username, password)
            self.changed.notify_all()
            return answer

    def _answer(self, call, account, username, password):
        if account is None:
            return error(401, "Invalid Credentials")
        scenario = account.turn(call)
        if password != account.password and not scenario.get("always"):
            return error(401, "Invalid Credentials")
        old_key = account.valid_key
        if call == "get":
            key = old_key or ""
            if old_key is None and not scenario:
                # The service's pages do not say what it answers here.
                return error(404, "No API Key")
        else:
            key = make_key(scenario, password)
            status = scenario.get("status", 200)
            if scenario.get("creates", 200 <= status < 300):
                account.valid_key = key
                account.keys.add(key)
                account.replaced += 1
        return filled(scenario, {"apiKey": key}, username=username, password=password, key=key, old_key=old_key or "")

    def key_is_valid(self, key):
        with self.changed:
            return any(account.valid_key == key for account in self.accounts.values())


def filled(scenario, success, **placeholders):
    """A scenario as an answer. `success` is the body of a 2xx that the scenario leaves open."""
    placeholders = Placeholders(**placeholders)
    status = scenario.get("status", 200)
    answer = dict(scenario, status=status)
    if "body_text" in answer:
        answer["body_text"] = text_of(answer["body_text"])
    for name in ("body", "body_text", "raw_text", "headers"):
        if name in answer:
            answer[name] = fill(answer[name], placeholders)
    if not {"body", "body_text", "body_base64", "raw_text", "raw_base64"} & set(answer):
        answer["body"] = success if 200 <= status < 300 else {}
        if status >= 400:
            answer["body_text"] = ""
    return answer


def make_key(scenario, password):
    if "key" in scenario:
        return scenario["key"]
    if "key_size" in scenario:
        return "".join(secrets.choice(string.ascii_letters + string.digits + "-_.~") for _ in range(scenario["key_size"]))
    if scenario.get("key_from_password"):
        return shaped_as_key(hashlib.sha256(password.encode()).hexdigest())
    return new_key()


def error(status, message, headers=()):
    return {"status": status, "body": {"code": status, "message": message}, "headers": list(headers)}


def body_bytes(answer):
    if "body_base64" in answer:
        return base64.b64decode(answer["body_base64"])
    if "body_text" in answer:
        return answer["body_text"].encode("utf-8", "surrogateescape")
    return json.dumps(answer["body"], ensure_ascii=False, separators=(",", ":")).encode()


def raw_bytes(answer):
    if "raw_base64" in answer:
        return base64.b64decode(answer["raw_base64"])
    return answer["raw_text"].encode("utf-8", "surrogateescape") if "raw_text" in answer else None
