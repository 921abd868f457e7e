# SPDX-License-Identifier: MIT
"""What the tests of the command-line tool stand on: the stand-in's truth, a gate that holds an answer back, a
proxy, a terminal."""

import fcntl
import os
import pty
import select
import shutil
import socket
import stat
import subprocess
import tempfile
import termios
import threading
import unittest
import urllib.parse

from tests.cli import windows
from tests.support import standin
from tests.support.standin import PATIENCE

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class Standin:
    """The stand-in service of the environment."""

    def __init__(self):
        self.facts = standin.facts()
        self.http = self.facts["http"]
        self.https = self.facts["https"]
        self.address = urllib.parse.urlsplit(self.http).netloc

    ask = staticmethod(standin.ask)
    make_account = staticmethod(standin.create_account)
    account = staticmethod(standin.account)
    is_valid = staticmethod(standin.is_valid)

    @staticmethod
    def requests():
        """How many calls arrived in all, those for unknown accounts included."""
        return standin.control("GET", "state")["requests"]


def read_message(stream):
    """Head and body of a request or an answer whose body, if any, has a Content-Length."""
    lines = []
    while not lines or lines[-1] != b"\r\n":
        lines.append(stream.readline())
        if lines[-1] == b"":
            raise EOFError
    sizes = [line.split(b":")[1] for line in lines if line.lower().startswith(b"content-length:")]
    return b"".join(lines) + stream.read(int(sizes[0]) if sizes else 0)


class Gate:
    """Stands before the service, and holds its answer back until `open` is called: the key is made, and the
    tool does not know it yet."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.answered = threading.Event()
        self.may_pass = threading.Event()
        self.last = False
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.may_pass.set()
        # Wakes accept, when no client came.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.thread.join(PATIENCE)
        self.listener.close()

    def wait(self):
        assert self.answered.wait(PATIENCE), "no call came to the gate"

    def open(self):
        self.may_pass.set()

    def open_and_await_end(self):
        """Lets the answer pass, and waits until the tool has it and has closed the connection."""
        self.last = True
        self.open()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the connection was never closed"

    def _serve(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        with client, client.makefile("rb") as incoming, socket.create_connection(self.target) as service:
            service.sendall(read_message(incoming))
            with service.makefile("rb") as outgoing:
                answer = read_message(outgoing)
            self.answered.set()
            self.may_pass.wait(PATIENCE)
            if self.last:
                answer = answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
            try:
                client.sendall(answer)
                incoming.read()  # until the client closes
            except OSError:
                pass


class Proxy:
    """An HTTP proxy for one CONNECT, which it remembers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.connects = []
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.thread.join(PATIENCE)
        self.listener.close()

    def _serve(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            authority = head.split()[1].decode()
            self.connects.append(authority)
            host, port = authority.rsplit(":", 1)
            with socket.create_connection(("127.0.0.1" if host == "localhost" else host, int(port))) as service:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                other = {client: service, service: client}
                while True:
                    for ready in select.select([client, service], [], [], PATIENCE)[0]:
                        data = ready.recv(65536)
                        if not data:
                            return
                        other[ready].sendall(data)


class Terminal:
    """A pseudo-terminal; `start` runs a command with it as its controlling terminal."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.seen = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.master)
        os.close(self.slave)

    def start(self, command, **options):
        def become_leader():
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

        return subprocess.Popen(command, preexec_fn=become_leader, pass_fds=[self.slave], **options)

    def read_until(self, text):
        """Reads what is shown until `text` is in it, and forgets it up to there."""
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], PATIENCE)
            assert ready, "the terminal never showed %r, but %r" % (text, self.seen)
            self.seen += os.read(self.master, 65536)
        shown, _, self.seen = self.seen.partition(text)
        return shown + text

    def read_rest(self):
        """What was shown and not read yet."""
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 65536)
        return self.seen

    def type(self, data):
        os.write(self.master, data)

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def attributes(self):
        return termios.tcgetattr(self.slave)


def in_own_mounts(command, script):
    """The command after a shell script, both in a mount namespace of their own."""
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *as_root, "sh", "-e", "-c", script + '\nexec "$@"', "sh", *command]


def why_no_mounts():
    """Why file systems cannot be mounted here; None when they can."""
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    command = in_own_mounts(["true"], "mount -t tmpfs none /mnt")
    finished = subprocess.run(command, capture_output=True, text=True)
    return finished.stderr.strip() or None if finished.returncode else None


def error(status, message, retry_after=None):
    """A scenario: the service answers with an error."""
    scenario = {"status": status, "body": {"code": status, "message": message}}
    if retry_after is not None:
        scenario["headers"] = [["Retry-After", retry_after]]
    return scenario


# These look at the tool's process from outside, where under qemu its emulator is seen.
NOT_EMULATED = {
    "test_ignored_signals_stay_ignored",
    "test_interrupted_fifo_without_a_writer",
    "test_memory_after_the_call",
    "test_memory_before_the_call",
    "test_pipe_that_nobody_reads",
}


class ToolTest(unittest.TestCase):
    """One account and one directory a test."""

    PASSWORD = "correct horse battery staple"

    @classmethod
    def setUpClass(cls):
        cls.tool = os.path.abspath(os.environ["MBV_TOOL"])
        cls.standin = Standin()

    def setUp(self):
        if "MBV_TOOL_EMULATED" in os.environ and self._testMethodName in NOT_EMULATED:
            self.skipTest("what is seen of the process is its emulator")
        reason = windows.why_left_out(self)
        if reason is not None:
            self.skipTest(reason)
        self.directory = tempfile.mkdtemp(prefix="mbv-test-")
        self.addCleanup(shutil.rmtree, self.directory)
        # Only what a program needs, so that nothing of the caller's environment decides a test.
        kept = ("PATH", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE", "GCOV_PREFIX")
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name in kept or name.startswith(("ASAN_", "UBSAN_", "LSAN_", "TSAN_"))
        }
        self.environment["HOME"] = self.directory
        self.password = self.PASSWORD
        self.username = self.id().rsplit(".", 1)[-1].replace("_", "-") + "@example.com"

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, content, mode=0o600):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(path, mode)
        return path

    def account(self, scenario=None, password=None):
        """Makes this test's account; its old key is in `self.old_key`."""
        self.password = password or self.PASSWORD
        state = self.standin.make_account(self.username, self.password, scenario)
        self.old_key = state["valid_key"]
        self.requests_before = self.standin.requests()
        return state

    def command(self, *options, base_url=None, password_file=None):
        """create-key for this test's account, with the right password in a file."""
        if password_file is None:
            password_file = self.write("password", self.password)
        command = [self.tool, "create-key", "--username", self.username, "--base-url", base_url or self.standin.http, *options]
        return command + (["--password-file", password_file] if password_file else [])

    def run_command(self, command, **options):
        options = {
            "input": b"",
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": self.environment,
            "timeout": 60,
            "start_new_session": True,
            **options,
        }
        if "stdin" in options:
            del options["input"]
        return subprocess.run(command, **options)

    def as_ordinary_user(self):
        """What runs a command as somebody other than root; skips where that user cannot run the tool."""
        if os.geteuid() != 0:
            return {}
        os.chmod(self.directory, 0o755)
        user = {"user": 65534, "group": 65534, "extra_groups": []}
        try:
            self.run_command([self.tool, "--version"], **user).check_returncode()
        except (PermissionError, subprocess.CalledProcessError):
            self.skipTest("an ordinary user cannot run " + self.tool)
        return user

    def start_command(self, command, **options):
        process = subprocess.Popen(
            command,
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "env": self.environment,
                "start_new_session": True,
                **options,
            },
        )

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def create(self, *options, **keywords):
        where = {name: keywords.pop(name) for name in ("base_url", "password_file") if name in keywords}
        return self.run_command(self.command(*options, **where), **keywords)

    # ---- Claims, each compared with the stand-in's truth ----

    def assert_code(self, finished, code):
        self.assertEqual(finished.returncode, code, finished.stderr)

    def assert_says(self, finished, *texts, pattern="^mbv: "):
        """The sentence on stderr, which never has the password in it."""
        told = finished.stderr.decode()
        self.assertRegex(told, pattern)
        self.assertTrue(told.startswith("mbv: "), told)
        for text in texts:
            self.assertIn(text, told)
        self.assertNotIn(self.password, told)

    def assert_private(self, path):
        """Its owner's alone."""
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        if windows.IS_WINDOWS:
            # What wine makes of an access list; that itself is looked at in tests.cli.test_windows.
            self.assertEqual(mode & 0o007, 0, oct(mode))
        else:
            self.assertEqual(mode, 0o600, oct(mode))

    def assert_busy(self, finished, holder):
        """Refused beside a run of this process, which Windows does not name."""
        who = "Another process" if windows.IS_WINDOWS else f"Another process, {holder},"
        self.assert_code(finished, 2)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, f"{who} is creating a key for ", "Nothing was sent.")

    def assert_created(self, key):
        """One request, the old key revoked, and `key` is the one that is valid."""
        state = self.standin.account(self.username)
        self.assertEqual((state["requests"], state["replaced"], state["valid_key"]), (1, 1, key))
        self.assertTrue(self.standin.is_valid(key))
        self.assertFalse(self.standin.is_valid(self.old_key))

    def assert_old_key_valid(self, requests):
        """So many requests came, also under other names, and the old key still works."""
        state = self.standin.account(self.username)
        self.assertEqual((state["requests"], state["replaced"]), (requests, 0))
        self.assertEqual(state["valid_key"], self.old_key)
        self.assertEqual(self.standin.requests() - self.requests_before, requests)
        self.assertTrue(self.standin.is_valid(self.old_key))

    @staticmethod
    def await_state(process, reached):
        """Waits until `reached` says so, while the process runs. Nothing reports such a state, so it is looked at again and again."""
        ended = threading.Event()
        timer = threading.Timer(PATIENCE, ended.set)
        timer.start()
        try:
            while not reached():
                assert not ended.is_set() and os.path.exists(f"/proc/{process.pid}"), "the state was never reached"
        finally:
            timer.cancel()

    def finish(self, process):
        """Waits for a started command's end."""
        stdout, stderr = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def valid_key(self):
        return self.standin.account(self.username)["valid_key"]
