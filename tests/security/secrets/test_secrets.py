# SPDX-License-Identifier: MIT
"""Scans a host program's whole readable memory for copies of the password and the key, after calls of every kind.

python3 tests/standin -- python3 -m tests.security.secrets.test_secrets HOST [-v]

Each case has a random password, and a key that only the stand-in and this test know: it is derived from the password where the call
creates it, else the account's from the start, got or tested. Each host is scanned with copies planted in it, too, and a naive exchange
must leave copies: else the scan itself is broken. The table at the end is what was found.
"""

import contextlib
import itertools
import json
import os
import pathlib
import secrets
import shlex
import socket
import string
import subprocess
import sys
import tempfile
import unittest

from tests.security.secrets.scan import Needle, scan, shaped_as_key
from tests.support import standin
from tests.support.standin import control

# Where it is another system's program, with what runs it.
HOST = [*shlex.split(os.environ.get("MOBIVATE_EMULATOR", "")), sys.argv.pop(1)]
STANDIN = standin.facts()
# For those who ask the system for names: without /etc/hosts it does not know localhost.
BY_ADDRESS = STANDIN["https"].replace("localhost", "127.0.0.1")
ALPHABET = string.ascii_letters + string.digits
CALLS = ("create", "get", "test")
TABLE = []


def random_text(size):
    """Long runs of it are unlike anything else in memory."""
    return "".join(secrets.choice(ALPHABET) for _ in range(size))


class Host:
    """A host program, ordered about."""

    def __init__(self, environment=None):
        self.process = subprocess.Popen(HOST, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment)

    def say(self, command):
        self.process.stdin.write(command.encode() + b"\n")

    def hear(self):
        line = b""
        while not line.endswith(b"\n"):
            part = self.process.stdout.read(1)
            if not part:
                raise AssertionError("the host has died")
            line += part
        return line.decode().strip()

    def order(self, command):
        self.say(command)
        return self.hear()

    def end(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.close()
        status = self.process.wait(timeout=20)
        self.process.stdout.close()
        if status != 0:
            raise AssertionError(f"the host ended with {status}")


# They read the password from standard input, and stand still after the call, having forgotten all that they can.
PEERS = {
    "urllib": """
import json, ssl, sys, urllib.request
def call(url, ca_file, username):
    body = json.dumps({"username": username, "password": sys.stdin.readline().strip()}).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)))
    with opener.open(urllib.request.Request(url + "/auth/createkey", body, {"Content-Type": "application/json"})) as answer:
        json.load(answer)["apiKey"]
        return answer.status
print(call(*sys.argv[1:]), flush=True)
sys.stdin.readline()
""",
    "requests": """
import sys, requests
def call(url, ca_file, username):
    session = requests.Session()
    session.trust_env = False
    answer = session.post(url + "/auth/createkey", json={"username": username, "password": sys.stdin.readline().strip()}, verify=ca_file)
    answer.json()["apiKey"]
    return answer.status_code
print(call(*sys.argv[1:]), flush=True)
sys.stdin.readline()
""",
}


class Case:
    """A host with an account of its own, whose password and key are known here alone."""

    count = 0

    def __init__(
        self, call="create", scenario=None, base_url=None, secret_size=24, options=(), environment=None, wrong_secret=False
    ):
        Case.count += 1
        self.username = f"secrets-{Case.count}@example.com"
        self.call = call.split("-")[0]
        self.password = random_text(24 if self.call == "test" else secret_size)
        if self.call == "create":
            self.key = shaped_as_key(self.password)
            scenario = dict({"key_from_password": True}, **(scenario or {}))
        else:
            # A tested key is blanked also where it has not the shape of one.
            self.key = random_text(secret_size) if self.call == "test" else shaped_as_key(random_text(24))
            scenario = {"key": self.key, self.call: scenario or {}}
        if self.call == "test":
            # It is what the call knows of; the password is not.
            scenario = json.loads(json.dumps(scenario).replace("{password}", "{key}"))
        wrong_password = wrong_secret and self.call != "test"
        control(
            "POST",
            "accounts",
            {"username": self.username, "scenario": scenario, "password": "another" if wrong_password else self.password},
        )
        if self.call != "create" and not wrong_secret:
            answer = standin.ask("POST", "/auth/createkey", {"username": self.username, "password": self.password})
            assert answer == (200, {"apiKey": self.key}), answer
        self.needles = [Needle("password", self.password.encode()), Needle("key", self.key.encode())]
        self.host = Host(environment)
        self.own = set()
        self.base_url = base_url or STANDIN["https"]
        self.options = dict({"base_url": self.base_url, "ca_file": STANDIN["ca_file"], "proxy": ""}, **dict(options))

    def prepare(self):
        self.host.order("new")
        for name, value in self.options.items():
            assert self.host.order(f"set {name} {value}") == "MBV_OK", name
        self.give_password()

    def give_password(self):
        self.host.order(f"username {self.username}")
        self.host.process.stdin.write(f"password {len(self.password)}\n".encode() + self.password.encode())
        self.own.add(int(self.host.hear(), 16))
        self.own.add(int(self.host.order("key"), 16))
        if self.call == "test":
            self.host.process.stdin.write(f"given-key {len(self.key)}\n".encode() + self.key.encode())
            self.host.hear()

    def knows_key(self, succeeded):
        """Whether the caller has the key after the call, in its own buffer."""
        return succeeded or self.call == "test"

    def scan(self):
        return scan(self.host.process.pid, self.needles, self.own)


class Proxy:
    """A real forward proxy: tinyproxy on a port of its own."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="mobivate-proxy-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = pathlib.Path(self.folder.name, "log")
        configuration = pathlib.Path(self.folder.name, "tinyproxy.conf")
        configuration.write_text(
            f'Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogFile "{self.log}"\nLogLevel Connect\n'
        )
        self.process = subprocess.Popen(
            ["tinyproxy", "-d", "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return self
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    raise AssertionError("tinyproxy has not started") from None

    def connects(self):
        return self.log.read_text().count("CONNECT")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class Secrets(unittest.TestCase):
    maxDiff = None

    def check(self, name, case, succeeded, moment):
        name = f"{case.call}, {name}"
        found = case.scan()
        counts = [found[secret]["copies"] for secret in ("password", "key")]
        fragments = [found[secret]["fragments"] for secret in ("password", "key")]
        TABLE.append((name, moment, *counts, *fragments))
        places = {secret: found[secret]["places"] for secret in found}
        with self.subTest(name, moment=moment):
            # The scan sees what is there: the caller's own buffers.
            self.assertEqual(found["password"]["own"], 1)
            self.assertEqual(found["key"]["own"], 1 if case.knows_key(succeeded) else 0)
            self.assertEqual(counts + fragments, [0, 0, 0, 0], places)

    def run_case(self, name, expected, call="create", before=(), after=(), **options):
        case = Case(call, **options)
        with contextlib.closing(_Ending(case.host)):
            for command in before:
                case.host.order(command)
            case.prepare()
            status = case.host.order(call)
            if "-beside-" in call:
                case.host.hear()
            with self.subTest(name, call=call):
                self.assertEqual(status.split()[0], expected)
            succeeded = expected == "MBV_OK"
            self.check(name, case, succeeded, "kept")
            for command in after:
                case.host.order(command)
            if after:
                self.check(name, case, succeeded, "host after")
            case.host.order("free")
            self.check(name, case, succeeded, "freed")
            # Each kind of call once is enough where the others were scanned in the same situation.
            if call == "create" or name == "succeeded, https":
                self.check_planted(case, succeeded)

    def run_calls(self, name, expected, how="", tested=None, **options):
        """Each of the three calls in one situation. `tested`: what the test of a key ends with, where that is something else."""
        for call in CALLS:
            with self.subTest(call):
                self.run_case(name, tested if call == "test" and tested else expected, call=call + how, **options)

    def check_planted(self, case, succeeded):
        """The same process with copies planted: each one must count."""
        places = ("heap", "freed", "bss", "thread", "page", "stack")
        planted = [place for place in places if case.host.order(f"plant {place}") == "planted"]
        self.assertLessEqual(set(places) - set(planted), {"freed"})
        case.host.order("plant cut")
        found = case.scan()
        self.assertGreaterEqual(found["password"]["copies"], len(planted), found)
        self.assertGreaterEqual(found["password"]["fragments"], 1, found)
        if case.knows_key(succeeded):
            self.assertGreaterEqual(found["key"]["copies"], len(planted), found)

    # ---- What must be found ----

    def test_a_naive_exchange_leaves_copies(self):
        for command, name in (("naive", "hand-written libcurl"), ("wrapper", "a C++ wrapper of libcurl")):
            case = Case()
            with self.subTest(name), contextlib.closing(_Ending(case.host)):
                case.prepare()
                self.assertEqual(case.host.order(command), "No error")
                found = case.scan()
                counts = [found[secret]["copies"] for secret in ("password", "key")]
                TABLE.append((name, "returned", *counts, *(found[secret]["fragments"] for secret in ("password", "key"))))
                if case.host.order("plant freed") == "planted":
                    self.assertGreaterEqual(counts[0], 2)
                    self.assertGreaterEqual(counts[1], 1)
                else:  # what was freed is no longer the process's
                    self.assertGreaterEqual(sum(counts), 1)

    def test_other_clients_leave_copies(self):
        """What people use instead, by the same scan: for the record, and as a control."""
        for name, command in PEERS.items():
            try:
                __import__(name.split()[-1])
            except ImportError:
                continue
            case = Case()
            case.host.end()
            process = subprocess.Popen(
                [sys.executable, "-c", command, BY_ADDRESS, STANDIN["ca_file"], case.username],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
            process.stdin.write(case.password.encode() + b"\n")
            self.assertEqual(process.stdout.readline(), b"200\n")
            found = scan(process.pid, case.needles)
            process.stdin.close()
            process.wait()
            process.stdout.close()
            counts = [found[secret]["copies"] for secret in ("password", "key")]
            TABLE.append(
                (f"Python's {name}", "returned", *counts, *(found[secret]["fragments"] for secret in ("password", "key")))
            )
            self.assertGreaterEqual(counts[0] + counts[1], 2)

    # ---- What must not ----

    def test_success(self):
        for scheme in ("https", "http"):
            self.run_calls(f"succeeded, {scheme}", "MBV_OK", base_url=STANDIN[scheme])
        self.run_calls("on a thread", "MBV_OK", "-on-thread")
        for fault in ("tls12", "tls12_cbc", "no_close_notify"):
            self.run_calls(f"succeeded, {fault}", "MBV_OK", base_url=STANDIN["tls_faults"][fault])

    def test_answers(self):
        for scheme in ("https", "http"):
            url = STANDIN[scheme]
            for name, scenario, expected, *tested in (
                (
                    "500",
                    {"status": 500, "creates": True, "body": {"code": 500, "message": "made {key} for {password}"}},
                    "MBV_ERR_SERVER",
                ),
                (
                    "403 that echoes",
                    {"status": 403, "body": {"code": 403, "message": "{password} is wrong, {key} not made"}},
                    "MBV_ERR_REJECTED",
                ),
                ("307", {"status": 307, "creates": False, "headers": [["Location", "/?{password}"]]}, "MBV_ERR_PROTOCOL"),
                ("fields that echo", {"headers": [["X-Password", "{password}"], ["X-Key", "{key}"]]}, "MBV_OK"),
                ("chunks of one byte", {"chunked": 1}, "MBV_OK"),
                ("slow, byte by byte", {"delay_ms": {"between_bytes": 1}}, "MBV_OK"),
                (
                    "key in a broken document",
                    {"creates": True, "body_text": '{{"apiKey":"{key}","x":'},
                    "MBV_ERR_PROTOCOL",
                    "MBV_OK",
                ),
                ("key and no length", {"creates": True, "raw_text": 'HTTP/1.1 200 OK\r\n\r\n{{"apiKey":"{key}"}}'}, "MBV_OK"),
                ("not HTTP", {"creates": True, "raw_text": "{key} {password}"}, "MBV_ERR_PROTOCOL"),
                ("no answer", {"creates": True, "cut": {"after": 0, "how": "close"}}, "MBV_ERR_TRANSPORT"),
                ("reset", {"creates": True, "cut": {"after": 0, "how": "reset"}}, "MBV_ERR_TRANSPORT"),
                (
                    "cut in the key",
                    {
                        "creates": True,
                        "raw_text": 'HTTP/1.1 200 OK\r\nContent-Length: 49\r\n\r\n{{"apiKey":"{key}"}}',
                        "cut": {"after": 75, "how": "close"},
                    },
                    "MBV_ERR_TRANSPORT",
                    "MBV_OK",
                ),
            ):
                self.run_calls(
                    f"{name}, {scheme}", expected, tested=tested[0] if tested else None, scenario=scenario, base_url=url
                )
            self.run_calls(f"401, {scheme}", "MBV_ERR_CREDENTIALS", base_url=url, wrong_secret=True)
            for place, after, tested in (("head", 10, None), ("body", 180, "MBV_OK")):
                self.run_calls(
                    f"timed out in the {place}, {scheme}",
                    "MBV_ERR_TIMEOUT",
                    tested=tested,
                    base_url=url,
                    options={"timeout_ms": "200"}.items(),
                    scenario={"creates": True, "cut": {"after": after, "how": "stall"}},
                )

    def test_nothing_sent(self):
        self.run_calls("wrong certificate", "MBV_ERR_TLS", base_url=STANDIN["tls_faults"]["untrusted"])
        self.run_calls("refused", "MBV_ERR_CONNECT", base_url="https://" + STANDIN["hosts"]["refused"])
        self.run_calls(
            "no handshake",
            "MBV_ERR_TIMEOUT",
            base_url="https://" + STANDIN["hosts"]["silent"],
            options={"timeout_ms": "100"}.items(),
        )

    def test_cut_while_sending(self):
        for scheme in ("https", "http"):
            relay = control("POST", "relays", {"target": scheme})
            for after in (2500, 3000, 6000) if scheme == "https" else (230, 300, 500, 6000):
                control("PUT", "relays/" + relay["id"], {"request": {"after": after, "how": "reset"}})
                for call in CALLS:
                    for size in (24, 400):
                        case = Case(call, base_url=relay["url"], secret_size=size)
                        with contextlib.closing(_Ending(case.host)):
                            case.prepare()
                            status = case.host.order(call).split()[0]
                            self.check(f"reset after {after} bytes, {scheme}", case, status == "MBV_OK", "kept")
            control("DELETE", "relays/" + relay["id"])

    def test_sends_that_fall_short(self):
        """Where the system takes the request in pieces, what is left of it waits somewhere."""
        for scheme in ("https", "http"):
            for piece in (7, 100):
                self.run_calls(
                    f"sent in pieces of {piece}, {scheme}",
                    "MBV_OK",
                    before=(f"send-pieces {piece}",),
                    base_url=STANDIN[scheme],
                    secret_size=400,
                )
            # The handshake takes some 600 bytes of it.
            for taken in (700, 800) if scheme == "https" else (100, 200):
                self.run_calls(
                    f"no room after {taken} bytes, {scheme}",
                    "MBV_ERR_TIMEOUT",
                    before=(f"send-only {taken}",),
                    base_url=STANDIN[scheme],
                    options={"timeout_ms": "100"}.items(),
                    secret_size=400,
                )

    def test_cancelled(self):
        # A key is tested once the status line is there.
        for scheme, call in itertools.product(("https", "http"), CALLS):
            case = Case(
                call,
                base_url=STANDIN[scheme],
                scenario={"creates": True, "cut": {"after": 10 if call == "test" else 150, "how": "stall"}},
            )
            with contextlib.closing(_Ending(case.host)):
                case.prepare()
                case.host.say(call + "-and-cancel")
                standin.account(case.username, **{"requests" if call == "create" else call + "_requests": 1})
                case.host.say("now")
                self.assertEqual(case.host.hear().split()[0], "MBV_ERR_CANCELLED")
                self.check(f"cancelled, {scheme}", case, False, "kept")
                case.host.order("free")
                self.check(f"cancelled, {scheme}", case, False, "freed")

    def test_many_calls_on_one_client(self):
        for call in CALLS:
            case = Case(call)
            with contextlib.closing(_Ending(case.host)):
                case.prepare()
                for _ in range(20):
                    self.assertEqual(case.host.order(call).split()[0], "MBV_OK")
                self.check("20 calls on one client", case, True, "kept")
                case.host.order("free")
                self.check("20 calls on one client", case, True, "freed")

    def test_long_secrets(self):
        for size in (300, 500):
            self.run_calls(f"a secret of {size} bytes", "MBV_OK", secret_size=size)

    def test_a_key_that_cannot_be_tested(self):
        """Nothing is sent, and nothing of it stays."""
        case = Case("test")
        case.key = case.key[:10] + " " + case.key[10:]
        case.needles[1] = Needle("key", case.key.encode())
        with contextlib.closing(_Ending(case.host)):
            case.prepare()
            self.assertEqual(case.host.order("test").split()[0], "MBV_ERR_INVALID_ARGUMENT")
            self.check("a space in it", case, False, "kept")

    def test_through_a_proxy(self):
        with Proxy() as proxy:
            self.run_calls("through a proxy", "MBV_OK", base_url=BY_ADDRESS, options={"proxy": proxy.url}.items())
            self.run_calls(
                "through a proxy, 401",
                "MBV_ERR_CREDENTIALS",
                base_url=BY_ADDRESS,
                options={"proxy": proxy.url}.items(),
                wrong_secret=True,
            )
            self.assertGreaterEqual(proxy.connects(), 6)

    def test_a_host_that_uses_libcurl_itself(self):
        for scheme in ("https", "http"):
            url = STANDIN[scheme]
            libcurl = "libcurl " + STANDIN["http"]
            self.run_calls(f"host's libcurl first, {scheme}", "MBV_OK", before=("libcurl-init", libcurl), base_url=url)
            self.run_calls(f"host's libcurl after, {scheme}", "MBV_OK", after=(libcurl,), base_url=url)
            self.run_calls(f"both at once, {scheme}", "MBV_OK", "-beside-libcurl " + STANDIN["http"], base_url=url)


class _Ending:
    def __init__(self, host):
        self.host = host

    def close(self):
        self.host.end()


def print_table():
    print(f"\n{'case':<48} {'moment':<11} {'password':>8} {'key':>4}   {'fragments of them':>18}")
    for name, moment, password, key, *fragments in TABLE:
        print(f"{name:<48} {moment:<11} {password:>8} {key:>4}   {fragments[0]:>9} {fragments[1]:>8}")
    scanned = [row for row in TABLE if row[0].startswith(CALLS)]
    for call in CALLS:
        found = [sum(column) for column in zip(*(row[2:] for row in scanned if row[0].startswith(call + ",")))]
        print(
            f"{call}: {sum(row[0].startswith(call + ',') for row in scanned)} scans, copies of the password and of the key: {found[:2]}, fragments: {found[2:]}"
        )


if __name__ == "__main__":
    program = unittest.main(exit=False)
    print_table()
    sys.exit(0 if program.result.wasSuccessful() else 1)
