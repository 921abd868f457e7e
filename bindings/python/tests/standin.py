# SPDX-License-Identifier: MIT
"""The stand-in for the service, for clients of this package."""

from __future__ import annotations

import importlib
import itertools
import os
import sys
from typing import Any

import mobivate

sys.path.append(os.environ["MOBIVATE_ROOT"])
_project: Any = importlib.import_module("tests.support.standin")

FACTS = _project.facts()
PASSWORD: str = _project.PASSWORD
create_account = _project.create_account
OVER_HTTPS: dict[str, Any] = {"base_url": FACTS["https"], "ca_file": FACTS["ca_file"], "proxy": ""}
OVER_HTTP: dict[str, Any] = {"base_url": FACTS["http"], "proxy": ""}

# Never answers, though the key was replaced.
STALLS: dict[str, Any] = {"creates": True, "cut": {"after": 0, "how": "stall"}}

_numbers = itertools.count()


def new_account(scenario: object = None) -> str:
    """The user name of an account of the caller's own."""
    username = f"test-{os.getpid()}-{next(_numbers)}-python@example.com"
    create_account(username, scenario=scenario)
    return username


def account(username: str, requests: int = 0) -> Any:
    """What is true of an account, once there were so many requests."""
    return _project.account(username, requests=requests)


def client(**options: Any) -> mobivate.Client:
    """A client of the stand-in, over HTTPS."""
    return mobivate.Client(**{**OVER_HTTPS, **options})
