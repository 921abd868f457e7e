# SPDX-License-Identifier: MIT
"""mbv rotate-key, each request of a run failed in each way: python3 tests/standin -- python3 -m tests.cli.test_rotate

A run is made with a fault, then once more without. Whatever an exit code promises is compared with the stand-in's
truth, and FILE with both. It prints a table."""

import collections
import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from tests.cli import windows
from tests.cli.support import PATIENCE, ROOT, Gate, Terminal, ToolTest, in_own_mounts, read_message, why_no_mounts

CALLS = {"getkey": "get", "createkey": "create", "test": "test"}
HAND_MADE = "00000000-1111-2222-3333-444444444444"


def answer(status, body, *fields):
    """An answer that the service, or something before it, could give."""
    text = json.dumps(body) if isinstance(body, dict) else body
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(text)}", *fields]
    return ("\r\n".join(head) + "\r\n\r\n" + text).encode()


def api_error(status, *fields):
    return answer(status, {"code": status, "message": "No, thank you"}, *fields)


class Lost(Exception):
    """This connection is not answered any more."""


class Between:
    """Stands before the service and lets requests fail. `plan` says how: {("create", 1): [STEP, ...]} for the first
    request to create a key, 0 as the number for all others."""

    def __init__(self, address, plan=None, look=lambda: None):
        host, port = address.rsplit(":", 1)
        self.target = (host, int(port))
        self.plan = plan or {}
        self.look = look  # is called at each request, and what it returns is kept
        self.requests = []  # (call, number, time, what was looked at, key tested)
        self.counts = collections.Counter()
        self.process = None
        self.started = threading.Event()
        self.answered_after_late = threading.Event()
        self.held, self.may_pass = threading.Event(), threading.Event()
        self.late = []
        self.problems = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self):
        if self.plan.get("start"):
            self._close()
        self.threads[0].start()
        return self

    def __exit__(self, *_):
        self.may_pass.set()
        self._close()
        for thread in self.threads:
            thread.join(PATIENCE)
        for thread in self.late:
            thread.join(PATIENCE)

    def _close(self):
        """From here on, nobody is reached any more."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def forward(self, request):
        with socket.create_connection(self.target) as service:
            service.sendall(request)
            with service.makefile("rb") as stream:
                return read_message(stream)

    def _serve(self, client):
        with client, client.makefile("rb") as stream:
            try:
                while True:
                    self._one(client, stream, read_message(stream))
            except (Lost, EOFError, OSError):
                pass
            except Exception as problem:  # would be lost in this thread
                self.problems.append(problem)

    def _one(self, client, stream, request):
        call = CALLS[request.split(b" ")[1].rsplit(b"/", 1)[1].decode()]
        key = re.search(rb"Bearer (\S+)", request)
        with self.lock:
            self.counts[call] += 1
            number = self.counts[call]
            self.requests.append((call, number, time.monotonic(), self.look(), key and key[1].decode()))
        steps = self.plan.get((call, number), self.plan.get((call, 0), ["forward"]))
        reply = None
        for step in steps:
            if isinstance(step, bytes):
                reply = step
            elif step == "forward":
                reply = self.forward(request)
            elif step == "lose":
                raise Lost
            elif step == "unreachable":
                self._close()
                if reply is not None:
                    reply = reply.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
            elif step == "stall":
                stream.read()  # until the client gives up
                raise Lost
            elif step == "late":
                # The service goes on with a request whose client has given up, and carries it out after the client
                # has been told once that the old key is still valid.
                stream.read()
                thread = threading.Thread(target=lambda: self.answered_after_late.wait(PATIENCE) and self.forward(request))
                self.late.append(thread)
                thread.start()
                raise Lost
            elif step == "hold":
                self.held.set()
                assert self.may_pass.wait(PATIENCE)
            elif isinstance(step, signal.Signals):
                assert self.started.wait(PATIENCE)
                self.process.send_signal(step)
            else:
                step()
        client.sendall(reply)
        if call == "get" and self.late:
            self.answered_after_late.set()
        if b"\r\nConnection: close" in reply:
            raise Lost


# ---- What can happen to a request, and what the run is to say of it ----

KILL = signal.SIGKILL
TERM = windows.TERMINATE
HTML = answer(403, "<html>Blocked</html>")

Case = collections.namedtuple("Case", "step way plan code created timeout", defaults=("20",))

# The requests of a run: get (1), create, [get (2) ..., where the outcome is unknown], test.
CASES = [
    Case("get", "not sent", {"start": True}, 4, 0),
    Case("get", "refused", {("get", 1): [api_error(402)]}, 3, 0),
    Case("get", "wrong password", {("get", 1): [api_error(401)]}, 3, 0),
    Case("get", "rate limited", {("get", 1): [api_error(429, "Retry-After: 7")]}, 3, 0),
    Case("get", "firewall", {("get", 1): [HTML]}, 3, 0),
    Case("get", "404 of something else", {("get", 1): [answer(404, "Not Found")]}, 3, 0),
    Case("get", "server error", {("get", 1): [api_error(500)]}, 4, 0),
    Case("get", "lost", {("get", 1): ["lose"]}, 4, 0),
    Case("get", "answer lost", {("get", 1): ["forward", "lose"]}, 4, 0),
    Case("get", "no key in the answer", {("get", 1): [answer(200, {"ok": True})]}, 4, 0),
    Case("get", "time-out", {("get", 1): ["stall"]}, 4, 0, "1"),
    Case("get", "SIGKILL", {("get", 1): [KILL, "stall"]}, -9, 0),
    Case("get", "SIGTERM", {("get", 1): [TERM, "stall"]}, 4, 0),
    Case("create", "not sent", {("get", 1): ["forward", "unreachable"]}, 4, 0),
    Case("create", "refused", {("create", 1): [api_error(402)]}, 3, 0),
    Case("create", "wrong password", {("create", 1): [api_error(401)]}, 3, 0),
    Case("create", "rate limited", {("create", 1): [api_error(429, "Retry-After: 1")]}, 3, 0),
    Case("create", "lost before creating", {("create", 1): ["lose"]}, 4, 0, "3"),
    Case("create", "lost after creating", {("create", 1): ["forward", "lose"]}, 0, 1),
    Case("create", "server error before creating", {("create", 1): [api_error(500)]}, 4, 0, "3"),
    Case("create", "server error after creating", {("create", 1): ["forward", api_error(500)]}, 0, 1),
    Case("create", "gateway's error, created later", {("create", 1): [answer(504, "<html>Gateway</html>")]}, 4, 0, "3"),
    Case("create", "firewall before creating", {("create", 1): [HTML]}, 3, 0, "3"),
    Case("create", "firewall after creating", {("create", 1): ["forward", HTML]}, 0, 1),
    Case("create", "no key in the answer", {("create", 1): ["forward", answer(200, {"ok": True})]}, 0, 1),
    Case("create", "time-out before creating", {("create", 1): ["stall"]}, 4, 0, "3"),
    Case("create", "time-out after creating", {("create", 1): ["forward", "stall"]}, 0, 1, "3"),
    Case("create", "time-out, created later", {("create", 1): ["late"]}, 0, 1, "3"),
    Case("create", "SIGKILL before creating", {("create", 1): [KILL, "stall"]}, -9, 0),
    Case("create", "SIGKILL after creating", {("create", 1): ["forward", KILL, "stall"]}, -9, 1),
    Case("create", "SIGTERM before creating", {("create", 1): [TERM, "stall"]}, 5, 0),
    Case("create", "SIGTERM after creating", {("create", 1): ["forward", TERM, "stall"]}, 5, 1),
    Case("create", "lost before creating, SIGTERM in a pause", {("create", 1): ["lose"], ("get", 2): ["forward", TERM]}, 5, 0),
    Case("create", "lost before creating, then nobody there", {("create", 1): ["unreachable", "lose"]}, 5, 0, "2"),
    Case("create", "lost after creating, then nobody there", {("create", 1): ["forward", "unreachable", "lose"]}, 5, 1, "2"),
]

# Each of these after a request to create a key whose answer is lost.
SETTLING = [
    ("server error, once", {("get", 2): [api_error(500)]}, 0),
    ("server error, always", {("get", 1): ["forward"], ("get", 0): [api_error(500)]}, 5, "2"),
    ("wrong password", {("get", 2): [api_error(401)]}, 5),
    ("refused, once", {("get", 2): [api_error(403)]}, 0),
    ("rate limited for a second", {("get", 2): [api_error(429, "Retry-After: 1")]}, 0),
    ("rate limited beyond --timeout", {("get", 2): [api_error(429, "Retry-After: 100")]}, 5),
    ("unavailable for a second", {("get", 2): [api_error(503, "Retry-After: 1")]}, 0),
    ("answer lost, once", {("get", 2): ["forward", "lose"]}, 0),
    ("no key in the answer, once", {("get", 2): [answer(200, {"ok": True})]}, 0),
    ("time-out", {("get", 2): ["stall"]}, 5, "2"),
    ("SIGKILL", {("get", 2): ["forward", KILL, "stall"]}, -9),
    ("SIGTERM", {("get", 2): ["forward", TERM, "stall"]}, 5),
    ("SIGTERM in a pause", {("get", 2): [api_error(503, "Retry-After: 15"), TERM]}, 5),
]
for way, plan, code, *timeout in SETTLING:
    CASES.append(Case("get (2)", way, {("create", 1): ["forward", "lose"], **plan}, code, 1, *timeout))

TESTING = [
    ("not sent", {("create", 1): ["forward", "unreachable"]}, 5, "2"),
    ("key refused, once", {("test", 1): [api_error(401)]}, 0),
    ("key refused, always", {("test", 0): [api_error(401)]}, 5, "2"),
    ("rate limited for a second", {("test", 1): [api_error(429, "Retry-After: 1")]}, 0),
    ("server error, once", {("test", 1): [api_error(500)]}, 0),
    ("server error, always", {("test", 0): [api_error(500)]}, 5, "2"),
    ("firewall, once", {("test", 1): [HTML]}, 0),
    ("answer lost, once", {("test", 1): ["forward", "lose"]}, 0),
    ("time-out", {("test", 1): ["stall"]}, 5, "2"),
    ("SIGKILL", {("test", 1): ["forward", KILL, "stall"]}, -9),
    ("SIGTERM", {("test", 1): ["forward", TERM, "stall"]}, 5),
]
for way, plan, code, *timeout in TESTING:
    CASES.append(Case("test", way, plan, code, 1, *timeout))

# After it, FILE holds a key that is revoked.
UNSETTLED = Case("create", "lost", {("create", 1): ["forward", "unreachable", "lose"]}, 5, 1, "2")

# System calls on the new file or its directory: (call, way, what strace does to it, exit code, keys created).
SYSTEM_CALLS = [
    ("openat", "SIGKILL", "signal=KILL", -9, 0),
    ("openat", "read-only system", "error=EROFS", 2, 0),
    ("fallocate", "SIGKILL", "signal=KILL", -9, 0),
    ("fallocate", "disk full", "error=ENOSPC", 2, 0),
    ("write", "SIGKILL", "signal=KILL", -9, 1),
    ("write", "SIGTERM", "signal=TERM", 0, 1),
    ("write", "disk full", "error=ENOSPC", 6, 1),
    ("ftruncate", "SIGKILL", "signal=KILL", -9, 1),
    ("fsync", "SIGKILL", "signal=KILL:when=1", -9, 1),
    ("fsync", "input/output error", "error=EIO:when=1", 6, 1),
    ("/^rename", "SIGKILL", "signal=KILL", -9, 1),
    ("/^rename", "read-only system", "error=EROFS", 6, 1),
    ("fsync", "SIGKILL after the rename", "signal=KILL:when=2", -9, 1),
]


class Account:
    """One account, one directory with FILE in it."""

    def __init__(self, test, name, file_exists=True):
        self.test, self.standin = test, test.standin
        self.username = name + "@example.com"
        self.held = self.standin.make_account(self.username, test.PASSWORD)["valid_key"]
        self.directory = os.path.join(test.directory, name)
        os.mkdir(self.directory)
        self.file = os.path.join(self.directory, "key")
        self.password_file = os.path.join(self.directory, "password")
        with open(os.open(self.password_file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(test.PASSWORD)
        if file_exists:
            self.put(self.held)

    def put(self, content):
        with open(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(content + "\n")

    def content(self):
        try:
            with open(self.file) as file:
                return file.read()
        except FileNotFoundError:
            return None

    def listing(self):
        return sorted(os.listdir(self.directory))

    def state(self):
        return self.standin.account(self.username)

    def command(self, base_url=None, *options):
        return [
            self.test.tool,
            "rotate-key",
            "--username",
            self.username,
            "--password-file",
            self.password_file,
            "--base-url",
            base_url or self.standin.http,
            "--output",
            self.file,
            *options,
        ]

    def run(self, plan=None, timeout="20", prefix=(), options=()):
        """A run with faults. Returns how it finished, and what stood between."""
        with Between(self.standin.address, plan, self.content) as between:
            process = subprocess.Popen(
                [*prefix, *self.command(between.url, "--timeout", timeout, *options)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.test.environment,
                start_new_session=True,
            )
            between.process = process
            between.started.set()
            try:
                stdout, stderr = process.communicate(timeout=60)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.communicate()
        assert not between.problems, between.problems
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr), between


@unittest.skipIf("MBV_TOOL_EMULATED" in os.environ, "the walk is the same on each machine")
class Walk(ToolTest):
    def check_run(self, account, finished, between, before):
        """What holds for every run, whatever happened. Returns the keys created."""
        code, after = finished.returncode, account.state()
        created = after["replaced"] - before["replaced"]
        where = f"exit code {code}: {finished.stderr.decode()}"
        self.assertIn(code, (0, 2, 3, 4, 5, 6, -9), where)
        self.assertLessEqual(between.counts["create"], 1, "a second request to create a key. " + where)
        content = account.content()
        for call, number, _, looked_at, _ in between.requests:
            self.assertEqual(looked_at, before["content"], f"FILE had changed before request {call} {number} was answered")
        if code == 0:
            self.assertEqual(content, after["valid_key"] + "\n", where)
            self.assertTrue(self.standin.is_valid(content.strip()), where)
            self.assertEqual(between.requests[-1][4], content.strip(), "the key in FILE is not the one tested last")
        elif code != -9:
            self.assertEqual(content, before["content"], where)
        if code in (2, 3, 4):
            self.assertEqual((created, after["valid_key"]), (0, before["valid_key"]), where)
        if code == 2:
            self.assertEqual(between.requests, [], where)
        if code == 6:
            self.assertEqual(finished.stderr.decode().splitlines()[-1], after["valid_key"])
        if code != -9:
            self.assertEqual(account.listing(), ["key", "password"] if content is not None else ["password"], where)
        self.assertNotIn(self.PASSWORD, finished.stderr.decode())
        if code != 6:
            for key in (before["valid_key"], after["valid_key"]):
                self.assertNotIn(key.encode(), finished.stdout + finished.stderr)
        return created

    def truth(self, account):
        return {**account.state(), "content": account.content()}

    def walk_one(self, name, case, file_exists=True, prefix=(), second=None):
        """The run with the fault, perhaps one with another fault, and one without. Returns how many runs that
        were, and how many keys were created beyond need."""
        account = Account(self, name, file_exists)
        runs, rotations, created = 0, 0, 0
        for plan, timeout, code, expected, prefix in (
            (case.plan, case.timeout, case.code, case.created, prefix),
            *([(second.plan, second.timeout, None, None, ())] if second else []),
            (None, "20", 0, None, ()),
        ):
            before = self.truth(account)
            finished, between = account.run(plan, timeout, prefix)
            new = self.check_run(account, finished, between, before)
            if code is not None:
                self.assertEqual(finished.returncode, code, finished.stderr)
            if expected is not None:
                self.assertEqual(new, expected, finished.stderr)
            runs += 1
            created += new
            # Of a first run that was lost, FILE cannot tell.
            in_file = account.content() == account.state()["valid_key"] + "\n"
            if in_file:
                rotations += account.content() != before["content"]
            elif not file_exists:
                rotations += new
        self.assertEqual(account.content(), account.state()["valid_key"] + "\n")
        self.assertEqual(account.listing(), ["key", "password"])
        return runs, created - rotations

    def new_file(self):
        """The name of the new file beside FILE, which depends on FILE's name alone."""
        account = Account(self, "new-file")
        names = []
        account.run({("get", 1): [lambda: names.extend(account.listing()), "forward"]})
        (name,) = set(names) - {"key", "password"}
        return name

    def test_walk(self):
        if shutil.which("strace") is None and not windows.IS_WINDOWS:
            self.fail("strace is not installed, and system calls cannot be made to fail")
        name = self.new_file()
        jobs = []  # (group, the request or system call that fails, the run's case, arguments of walk_one)
        for case in CASES:
            jobs.append(("FILE holds the key", case.step, case, {}))
            if case.step in ("get", "create"):
                jobs.append(("no FILE yet", case.step, case, {"file_exists": False}))
            # There a run creates none, so only the other requests have their turn.
            if case.step in ("get", "test") and case.way != "not sent":
                jobs.append(("after a run that ended with 5", case.step, UNSETTLED, {"second": case}))
        # wine's system calls are not the tool's.
        for call, way, action, code, created in [] if windows.IS_WINDOWS else SYSTEM_CALLS:
            jobs.append(
                (
                    "system calls on the new file",
                    call.strip("/^"),
                    Case(call, way, None, code, created),
                    {"inject": f"{call}:{action}"},
                )
            )

        def do(number, case, inject=None, **keywords):
            account = f"walk-{number}"
            if inject is not None:
                directory = os.path.join(self.directory, account)
                keywords["prefix"] = [
                    "strace",
                    "-f",
                    "-qqq",
                    "-E",  # LeakSanitizer, where the tool is built with it, cannot work beside strace
                    "ASAN_OPTIONS=detect_leaks=0",
                    "-o",
                    "/dev/null",
                    "-P",
                    os.path.join(directory, name),
                    "-P",
                    directory,
                    "-e",
                    f"trace={case.step}",
                    "-e",
                    f"inject={inject}",
                ]
            return self.walk_one(account, case, **keywords)

        table = collections.defaultdict(lambda: [0, 0, 0])
        failures = []
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            running = {
                pool.submit(do, number, case, **keywords): (group, step, keywords.get("second", case))
                for number, (group, step, case, keywords) in enumerate(jobs)
            }
            for ended in concurrent.futures.as_completed(running):
                group, step, case = running[ended]
                row = table[group, step]
                try:
                    runs, beyond = ended.result()
                    row[0] += runs
                    row[1] += beyond
                    if beyond:
                        failures.append(f"{group}, {step}, {case.way}: {beyond} keys beyond need")
                except AssertionError as failure:
                    row[2] += 1
                    failures.append(f"{group}, {step}, {case.way}: {failure}")
        print(f"\n{'':31} {'fails':12} {'runs':>5} {'keys beyond need':>17} {'FILE and exit code disagree':>28}")
        for (group, step), row in sorted(table.items()):
            print(f"{group:31} {step:12} {row[0]:5} {row[1]:17} {row[2]:28}")
        total = [sum(column) for column in zip(*table.values())]
        print(f"{'':31} {'':12} {total[0]:5} {total[1]:17} {total[2]:28}", flush=True)
        if failures:
            self.fail("\n".join(failures))


class Rotate(ToolTest):
    """One property each."""

    def setUp(self):
        super().setUp()
        self.one = Account(self, "one")

    def rotate(self, plan=None, *options, **keywords):
        return self.one.run(plan, options=options, **keywords)

    def assert_untouched(self, content=None):
        state = self.one.state()
        self.assertEqual((state["requests"], state["get_requests"], state["test_requests"], state["replaced"]), (0, 0, 0, 0))
        self.assertEqual(self.one.content(), self.one.held + "\n" if content is None else content)

    # ---- FILE ----

    def test_three_requests(self):
        finished, between = self.rotate()
        self.assert_code(finished, 0)
        self.assertEqual([request[:2] for request in between.requests], [("get", 1), ("create", 1), ("test", 1)])
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, "A new key was created, tested and written to " + self.one.file, "the old key is revoked")
        self.assert_private(self.one.file)

    def test_changed_by_hand_before(self):
        for ending in ("", "\n"):
            self.one.put(HAND_MADE + ending)
            with open(self.one.file, "r+") as file:
                file.truncate(len(HAND_MADE + ending))
            finished, between = self.rotate()
            self.assert_code(finished, 0)
            self.assert_says(finished, "another key than", "none was created")
            self.assertEqual((self.one.content(), self.one.state()["replaced"]), (self.one.held + "\n", 0))
            self.assertEqual([request[0] for request in between.requests], ["get", "test"])

    def test_changed_by_hand_during_the_run(self):
        for how in ("other key", "no key", "removed", "renamed over"):
            for call in ("get", "create", "test"):
                with self.subTest(how=how, call=call):
                    account = Account(self, f"{how}-{call}".replace(" ", "-"))

                    def change():
                        if how == "removed":
                            os.unlink(account.file)
                        elif how == "renamed over":
                            path = account.file + ".by-hand"
                            with open(path, "w") as file:
                                file.write(HAND_MADE + "\n")
                            os.rename(path, account.file)
                        else:
                            account.put(HAND_MADE if how == "other key" else "no key at all")

                    finished, _ = account.run({(call, 1): [change, "forward"]})
                    self.assert_code(finished, 0)
                    state = account.state()
                    self.assertEqual((account.content(), state["replaced"]), (state["valid_key"] + "\n", 1))
                    self.assertEqual(account.listing(), ["key", "password"])

    def test_no_key_in_file(self):
        for content in (
            b"",
            b"\n",
            b"no key\n",
            b"key\n\n",
            b" key",
            b"key\r\n\r\n",
            b"k\xc3\xa9y",
            b"key\0",
            b"one\ntwo\n",
            b"k" * 4097,
            b"k" * 100000,
        ):
            with self.subTest(content=content[:20]):
                with open(self.one.file, "wb") as file:
                    file.write(content)
                finished, between = self.rotate()
                self.assert_code(finished, 2)
                self.assert_says(
                    finished, self.one.file + " holds something that is no key", "Nothing was sent.", "remove this one"
                )
                with open(self.one.file, "rb") as file:
                    self.assertEqual(file.read(), content)
                self.assertEqual((between.requests, self.one.listing()), ([], ["key", "password"]))
                self.assert_untouched(self.one.content() if content != b"k\xc3\xa9y" else "k\u00e9y")

    def test_account_without_a_key(self):
        for file_exists in (False, True):
            with self.subTest(file_exists=file_exists):
                account = Account(self, f"keyless-{file_exists}", file_exists)
                facts = {"username": account.username, "password": self.PASSWORD, "has_key": False}
                self.assertEqual(self.standin.ask("POST", "/standin/accounts", facts)[0], 201)
                # And where the first request is lost before it creates one, none is settled on.
                finished, between = account.run({("create", 1): ["lose"]}, timeout="1")
                self.assert_code(finished, 4)
                self.assertIsNone(account.state()["valid_key"])
                finished, between = account.run({("create", 1): ["forward", "lose"]})
                self.assert_code(finished, 0)
                self.assertEqual((account.content(), account.state()["replaced"]), (account.state()["valid_key"] + "\n", 1))

    def test_file_that_cannot_be_read(self):
        user = self.as_ordinary_user()
        os.chmod(self.one.directory, 0o777)
        os.chmod(self.one.file, 0)
        command = self.one.command(None, "--password-stdin")
        del command[command.index("--password-file") : command.index("--password-file") + 2]
        finished = self.run_command(command, input=self.PASSWORD.encode(), **user)
        self.assert_code(finished, 2)
        self.assert_says(finished, self.one.file + " cannot be read: Permission denied", "Nothing was sent.")
        os.chmod(self.one.file, 0o600)
        self.assert_untouched()

    def test_directory_that_cannot_be_written(self):
        user = self.as_ordinary_user()
        os.chmod(self.one.directory, 0o555)
        os.chmod(self.one.file, 0o644)
        command = self.one.command(None, "--password-stdin")
        del command[command.index("--password-file") : command.index("--password-file") + 2]
        finished = self.run_command(command, input=self.PASSWORD.encode(), **user)
        self.assert_code(finished, 2)
        self.assert_says(finished, self.one.file, "Permission denied", "Nothing was sent.")
        self.assert_untouched()

    def in_mounts(self, script, code, text):
        reason = why_no_mounts()
        if reason is not None:
            self.skipTest("no file system can be mounted here: " + reason)
        self.environment["PLACE"] = self.one.directory
        finished = self.run_command(in_own_mounts(self.one.command(), script))
        self.assert_code(finished, code)
        self.assert_says(finished, text)

    def test_read_only_file_system(self):
        self.in_mounts('mount --bind "$PLACE" "$PLACE"; mount -o remount,bind,ro "$PLACE"', 2, "Read-only file system")
        self.assert_untouched()

    def test_full_file_system(self):
        self.in_mounts(
            'k=$(cat "$PLACE/key"; cat "$PLACE/password"); mount -t tmpfs -o size=64k none "$PLACE"; '
            'printf "%s" "$k" | head -n 1 >"$PLACE/key"; printf "%s" "$k" | tail -n 1 >"$PLACE/password"; '
            'cat /dev/zero >"$PLACE/filler" 2>/dev/null || true',
            2,
            "No space left",
        )
        self.assert_untouched()

    def test_mount_point(self):
        """Its content is replaced, also where a run was killed between writing and cutting."""
        for content in (self.one.held + "\n", HAND_MADE[:20] + "\n" + HAND_MADE[21:] + "\n"):
            with open(self.one.directory + ".secret", "w") as file:
                file.write(content)
            self.in_mounts('mount --bind "$PLACE.secret" "$PLACE/key"', 0, "from now on")
            with open(self.one.directory + ".secret") as file:
                self.assertEqual(file.read(), self.one.state()["valid_key"] + "\n")
        self.assertEqual(self.one.state()["replaced"], 1)
        self.assertEqual(self.one.listing(), ["key", "password"])

    # ---- Two runs ----

    def test_second_run_at_each_step(self):
        for call in ("get", "create", "test"):
            with self.subTest(call=call):
                account = Account(self, "second-" + call)
                with Between(self.standin.address, {(call, 1): ["hold", "forward"]}, account.content) as between:
                    process = self.start_command(account.command(between.url))
                    self.assertTrue(between.held.wait(PATIENCE))
                    listing, before = account.listing(), account.state()
                    finished, second = account.run()
                    self.assert_busy(finished, process.pid)
                    self.assertEqual((second.requests, account.listing(), account.state()), ([], listing, before))
                    between.may_pass.set()
                    self.assert_code(self.finish(process), 0)
                self.assertEqual((account.content(), account.state()["replaced"]), (account.state()["valid_key"] + "\n", 1))
                self.assertEqual(account.listing(), ["key", "password"])

    def test_many_at_once(self):
        processes = [self.start_command(self.one.command()) for _ in range(16)]
        codes = [self.finish(process).returncode for process in processes]
        self.assertEqual(set(codes) - {0, 2}, set())
        state = self.one.state()
        self.assertEqual((state["replaced"], self.one.content()), (codes.count(0), state["valid_key"] + "\n"))
        self.assertEqual(self.one.listing(), ["key", "password"])

    # ---- Waiting ----

    def test_retry_after_is_respected(self):
        for call, status in (("get", 429), ("get", 503), ("test", 429)):
            with self.subTest(call=call, status=status):
                account = Account(self, f"retry-{call}-{status}")
                number = 2 if call == "get" else 1
                finished, between = account.run(
                    {("create", 1): ["forward", "lose"], (call, number): [api_error(status, "Retry-After: 1")]}
                )
                self.assert_code(finished, 0)
                times = {request[:2]: request[2] for request in between.requests}
                self.assertGreaterEqual(times[call, number + 1] - times[call, number], 1)

    def test_what_is_waited_for_is_told_on_a_terminal(self):
        with Terminal() as terminal, Between(
            self.standin.address, {("create", 1): ["forward", "lose"], ("get", 2): [api_error(503, "Retry-After: 1")]}
        ) as between:
            process = self.start_command(self.one.command(between.url), stderr=terminal.slave)
            for text in (
                b"Asking for the account's key ...",
                b"Creating a key ...",
                b"Asking for the account's key ...",
                b"The outcome is not known yet. Going on in 1.0 seconds",
                b"Asking for the account's key ...",
                b"Testing the key ...",
                b"A new key was created",
            ):
                terminal.read_until(text)
            self.assertEqual(process.wait(PATIENCE), 0)

    # ---- What is told ----

    def test_json(self):
        for plan, code, status, key_state, timeout in (
            ({}, 0, "MBV_OK", "replaced", "20"),
            ({("create", 1): ["forward", "lose"]}, 0, "MBV_OK", "replaced", "20"),
            ({("get", 1): [api_error(401)]}, 3, "MBV_ERR_CREDENTIALS", "unchanged", "20"),
            ({("create", 1): [api_error(500)]}, 4, "MBV_ERR_SERVER", "unchanged", "1"),
            ({("create", 1): ["forward", "unreachable", "lose"]}, 5, "MBV_ERR_CONNECT", "unknown", "1"),
        ):
            with self.subTest(code=code, status=status):
                finished, _ = self.rotate(plan, "--json", timeout=timeout)
                self.assert_code(finished, code)
                told = json.loads(finished.stdout)
                self.assertEqual(
                    (told["status_name"], told["key_state"], told["exit_code"], told["output"]),
                    (status, key_state, code, self.one.file),
                )
                self.assertNotIn("key", told)
                self.assertEqual(finished.stderr.decode(), "mbv: " + told["message"] + "\n")

    def test_json_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            finished = self.run_command(self.one.command(None, "--json"), stdout=full)
        self.assert_code(finished, 6)
        self.assert_says(finished, "was written to " + self.one.file, "JSON")
        self.assertEqual(self.one.content(), self.one.state()["valid_key"] + "\n")
        self.assertNotIn(self.one.state()["valid_key"].encode(), finished.stderr)

    def test_standard_output_is_refused(self):
        command = self.one.command()
        command[command.index("--output") + 1] = "-"
        finished = self.run_command(command, cwd=self.one.directory)
        self.assert_code(finished, 2)
        self.assert_says(finished, "--output must name a file here")
        self.assert_untouched()

    def test_output_is_needed(self):
        command = self.one.command()
        del command[command.index("--output") : command.index("--output") + 2]
        finished = self.run_command(command)
        self.assert_code(finished, 2)
        self.assert_says(finished, "--output is missing")

    def test_interrupted_before_anything_was_created(self):
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.one.command(gate.url, "--timeout", "5"))
            gate.wait()
            process.send_signal(signal.SIGINT)
            finished = self.finish(process)
        self.assert_code(finished, 4)
        self.assert_says(finished, "cancelled", "This run has created no key")


class Examples(ToolTest):
    """The unit files and the cron line of the manual do what they say."""

    GUIDES = os.path.join(ROOT, "src", "manual", "guides")

    def setUp(self):
        super().setUp()
        self.one = Account(self, "one")

    def source(self, name):
        with open(os.path.join(self.GUIDES, name)) as file:
            return file.read()

    def rotate_as_told(self, command):
        """A command line of the examples, with this test's account at the stand-in."""
        command = command.replace("first.last@example.com", self.one.username + " --base-url " + self.standin.http)
        finished = self.run_command(
            ["sh", "-c", command],
            env={**self.environment, "CREDENTIALS_DIRECTORY": self.one.directory, "STATE_DIRECTORY": self.one.directory},
        )
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return finished

    def content(self, name):
        with open(os.path.join(self.one.directory, name)) as file:
            return file.read()

    def test_service(self):
        (command,) = re.findall(r"^ExecStart=/usr/bin/mbv (.*)$", self.source("mbv-rotate-key.service"), re.MULTILINE)
        for _ in range(2):
            self.rotate_as_told(f"{self.tool} {command}")
            self.assertEqual(self.content("api-key"), self.one.state()["valid_key"] + "\n")
        self.assertEqual(self.one.state()["replaced"], 2)

    def test_cron_line(self):
        (line,) = re.findall(r"^17 3 \* \* 1 mobivate (.*)$", self.source("rotation.md"), re.MULTILINE)
        self.assertNotIn("%", line)  # cron ends the command there
        line = (
            line.replace("(mbv ", f"({self.tool} ")
            .replace("/etc/mobivate", self.one.directory)
            .replace("/var/lib/mobivate", self.one.directory)
        )
        self.assertEqual(self.rotate_as_told(line).stdout, b"")
        self.assertEqual(self.content("api-key"), self.one.state()["valid_key"] + "\n")
        # And what goes wrong is told.
        self.standin.make_account(self.one.username, "another password")
        self.assertIn(b"Invalid Credentials", self.rotate_as_told(line).stdout)

    def test_units_are_well_formed(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd is not installed")
        for name in ("mbv-rotate-key.service", "mbv-rotate-key.timer"):
            # The example's path of the tool need not exist here.
            self.write(name, self.source(name).replace("/usr/bin/mbv", "/bin/true"), 0o644)
        finished = self.run_command(
            ["systemd-analyze", "verify", "--man=no", self.path("mbv-rotate-key.timer"), self.path("mbv-rotate-key.service")]
        )
        self.assertEqual((finished.returncode, finished.stdout + finished.stderr), (0, b""))
        self.assertRegex(self.source("mbv-rotate-key.service"), "(?m)^DynamicUser=yes$(.|\n)*^ProtectSystem=strict$")


if __name__ == "__main__":
    unittest.main()
