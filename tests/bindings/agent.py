# SPDX-License-Identifier: MIT
"""An agent: a small program in a binding's language that does what it is told, a line at a time.

README.md beside this file describes the lines.
"""

import collections
import selectors
import subprocess

PATIENCE = 60  # seconds for an answer; every call that the cases make ends long before

Outcome = collections.namedtuple("Outcome", "status key_state http_status server_code server_message retry_after_ms message key")

# The language cannot do what was asked; the compiler or the runtime has no such thing.
Unsupported = type("Unsupported", (Exception,), {})
# The language's own error of a client that was closed.
Closed = type("Closed", (Exception,), {})


class AgentFailure(Exception):
    """The agent did not do what it was told: its message says what came instead."""


def encode(text):
    """A field of a line: the bytes in hex, `-` for none."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return data.hex() or "-"


def decode(field):
    return "" if field == "-" else bytes.fromhex(field).decode()


class Agent:
    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """Ends the agent. Where all went well, it has to end by itself, and with 0."""
        try:
            if kind is None:
                self.ask("quit")
            self.process.stdin.close()
            status = self.process.wait(PATIENCE if kind is None else 1)
            if kind is None and status != 0:
                raise AgentFailure(f"the agent ended with {status}")
        except subprocess.TimeoutExpired:
            if kind is None:
                raise AgentFailure("the agent did not end") from None
        except BrokenPipeError:
            pass
        finally:
            self.selector.close()
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def ask(self, command, *fields):
        """Gives a command, and returns the words of the answer."""
        line = " ".join((command, *(str(field) for field in fields)))
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            raise AgentFailure(f"the agent ended before {command!r}") from None
        answer = self._read_line(command).split(" ")
        if answer[0] == "unsupported":
            raise Unsupported(command)
        if answer[0] == "closed":
            raise Closed(command)
        if answer[0] == "error":
            raise AgentFailure(f"{command}: {decode(answer[1])}")
        return answer

    def _read_line(self, command):
        while b"\n" not in self.received:
            if not self.selector.select(PATIENCE):
                raise AgentFailure(f"no answer to {command!r} within {PATIENCE} seconds")
            part = self.process.stdout.read(65536)
            if not part:
                raise AgentFailure(f"the agent ended in {command!r}, with {self.process.wait()}")
            self.received += part
        line, _, self.received = self.received.partition(b"\n")
        return line.decode("ascii").removesuffix("\r")  # Windows's end of a line

    def outcome(self, command, *fields):
        """Gives a command that ends in an outcome, and returns it."""
        words = self.ask(command, *fields)
        if len(words) != len(Outcome._fields):
            raise AgentFailure(f"{command}: {len(words)} fields in {' '.join(words)!r}, not {len(Outcome._fields)}")
        status, key_state, http_status, server_code, server_message, retry_after_ms, message, key = words
        return Outcome(
            status, key_state, int(http_status), int(server_code), decode(server_message), int(retry_after_ms),
            decode(message), decode(key),
        )  # fmt: skip

    def runtime(self):
        """The language's runtime and its version."""
        return decode(self.ask("runtime")[0])

    def new(self, number, options):
        """Makes a client. The names of options are the header's."""
        return self.outcome("new", number, *(encode(text) for option in options.items() for text in option))

    def set(self, number, option, value):
        return self.outcome("set", number, encode(option), encode(value))

    def create(self, number, username, password):
        return self.outcome("create", number, encode(username), encode(password))

    def get(self, number, username, password):
        return self.outcome("get", number, encode(username), encode(password))

    def test(self, number, key):
        return self.outcome("test", number, encode(key))

    def start(self, number, username, password):
        """Begins a call in the background; `wait` returns its outcome."""
        self.ask("start", number, encode(username), encode(password))

    def wait(self, number):
        return self.outcome("wait", number)

    def cancel(self, number):
        self.ask("cancel", number)

    def uncancel(self, number):
        self.ask("uncancel", number)

    def close(self, number):
        self.ask("close", number)

    def repeat(self, number, count, kind, secrets_in, username, secret_file):
        """Makes COUNT calls (`create`, `get`, `test`), with secrets in `bytes`, which the agent wipes, or in `text`, the language's
        strings."""
        self.ask("repeat", number, count, kind, secrets_in, encode(username), encode(str(secret_file)))
