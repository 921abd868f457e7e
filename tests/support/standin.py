# SPDX-License-Identifier: MIT
"""The stand-in service as its users see it: where it is, what to order, and the truth about an account.

tests/standin/README.md describes the interface. `python3 tests/standin -- COMMAND` puts MOBIVATE_STANDIN into the
environment of COMMAND.
"""

import functools
import json
import os
import pathlib
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "tests/standin"
PASSWORD = "correct-password"
PATIENCE = 20  # seconds after which an event that should have come is a failure


@functools.lru_cache(maxsize=None)
def facts():
    """What the stand-in says of itself."""
    return json.loads(os.environ["MOBIVATE_STANDIN"])


def ask(method, path, body=None, headers=None):
    """The status and the JSON of an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(facts()["http"] + path, data, headers or {}, method=method)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def control(method, path, body=None):
    """The JSON of an answer of the control interface; an AssertionError where it refuses."""
    status, answer = ask(method, "/standin/" + path, body)
    assert status in (200, 201), answer
    return answer


def create_account(username, password=PASSWORD, scenario=None):
    """Makes an account, and tells its state."""
    return control("POST", "accounts", {"username": username, "password": password, "scenario": scenario or {}})


def account(username, **awaited):
    """The truth about an account; with requests=N once there were so many."""
    if awaited:
        awaited.setdefault("timeout_ms", PATIENCE * 1000)
    return control("GET", f"accounts/{urllib.parse.quote(username, safe='')}?{urllib.parse.urlencode(awaited)}")


def test_key(key):
    """The status and the JSON with which the service answers whether a key is valid."""
    return ask("GET", "/auth/test", headers={"Authorization": "Bearer " + key})


def is_valid(key):
    """The truth about a key, without a call that the service counts."""
    return control("GET", "keys/" + urllib.parse.quote(key, safe=""))["valid"]
