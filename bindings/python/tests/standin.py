# SPDX-License-Identifier: MIT
"""The stand-in service, as tests/standin/README.md describes it."""

from __future__ import annotations

import itertools
import json
import os
import urllib.parse
import urllib.request
from typing import Any

import mobivate

FACTS: dict[str, Any] = json.loads(os.environ["MOBIVATE_STANDIN"])
PASSWORD = "correct-password"
OVER_HTTPS: dict[str, Any] = {"base_url": FACTS["https"], "ca_file": FACTS["ca_file"], "proxy": ""}
OVER_HTTP: dict[str, Any] = {"base_url": FACTS["http"], "proxy": ""}

# Never answers, though the key was replaced.
STALLS: dict[str, Any] = {"creates": True, "cut": {"after": 0, "how": "stall"}}

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_numbers = itertools.count()


def _control(method: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(FACTS["http"] + path, data, headers, method=method)
    with _direct.open(request) as answer:
        return json.load(answer)


def create_account(username: str, password: str = PASSWORD, scenario: object = None) -> Any:
    body = {"username": username, "password": password, "scenario": {} if scenario is None else scenario}
    return _control("POST", "/standin/accounts", body)


def new_account(scenario: object = None) -> str:
    """The user name of an account of the caller's own."""
    username = f"test-{os.getpid()}-{next(_numbers)}-python@example.com"
    create_account(username, scenario=scenario)
    return username


def account(username: str, requests: int = 0) -> Any:
    """What is true of an account, once there were so many requests."""
    name = urllib.parse.quote(username, safe="")
    return _control("GET", f"/standin/accounts/{name}?requests={requests}&timeout_ms=10000")


def client(**options: Any) -> mobivate.Client:
    """A client of the stand-in, over HTTPS."""
    return mobivate.Client(**{**OVER_HTTPS, **options})
