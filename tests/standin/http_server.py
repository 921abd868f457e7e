# SPDX-License-Identifier: MIT
"""HTTP/1.1 on raw sockets: an answer has to be controlled to the byte, and a request counted only when it is whole."""

import itertools
import json
import re
import ssl
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate
from http import HTTPStatus

from relay import Relays
from service import ControlError, body_bytes, error, raw_bytes
from transport import Connection, TlsConnection

HEAD_LIMIT = 65536
BODY_LIMIT = 4 << 20


class BadRequest(Exception):
    pass


class Request:
    def __init__(self, method, path, version, fields):
        self.method, self.version, self.fields = method, version, fields
        self.path, _, query = path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query))
        self.body = b""

    def bearer(self):
        """The key of the Authorization field, None where there is none."""
        scheme, _, key = self.fields.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else None

    def number(self, name, default=0):
        try:
            return int(self.query.get(name, default))
        except ValueError:
            raise ControlError(f"{name}: must be a whole number") from None


class Reader:
    """Reads requests from a connection; `begun` says whether a request is half here."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""
        self.begun = False

    def _more(self):
        data = self.connection.receive()
        if not data:
            raise EOFError
        self.begun = True
        self.buffer += data

    def _until(self, mark):
        while mark not in self.buffer:
            if len(self.buffer) > HEAD_LIMIT:
                raise BadRequest("the head is too large")
            self._more()
        part, _, self.buffer = self.buffer.partition(mark)
        return part

    def _exactly(self, size):
        if size > BODY_LIMIT:
            raise BadRequest("the body is too large")
        while len(self.buffer) < size:
            self._more()
        part, self.buffer = self.buffer[:size], self.buffer[size:]
        return part

    def head(self):
        self.begun = bool(self.buffer)
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        match = re.fullmatch(r"([A-Z]+) (\S+) HTTP/(1\.[01])", lines[0])
        if not match:
            raise BadRequest("not a request line of HTTP/1.1")
        fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon:
                raise BadRequest("a field without a colon")
            fields[name.lower()] = value.strip()
        return Request(*match.groups(), fields)

    def body(self, request):
        if "chunked" in request.fields.get("transfer-encoding", "").lower():
            parts = []
            while size := int(self._until(b"\r\n").split(b";")[0], 16):
                parts.append(self._exactly(size))
                self._until(b"\r\n")
            while self._until(b"\r\n"):
                pass
            request.body = b"".join(parts)
        else:
            length = request.fields.get("content-length", "0")
            if not length.isdigit():
                raise BadRequest("Content-Length is no number")
            request.body = self._exactly(int(length))
        self.begun = False


class Ended(Exception):
    """The scenario has ended the connection."""


class Sender:
    """Sends an answer as its scenario wants it: in pieces, delayed, cut."""

    def __init__(self, connection, scenario):
        self.connection = connection
        self.cut = scenario.get("cut", {})
        self.delays = scenario.get("delay_ms", {})
        self.sent = 0

    def pause(self, name):
        # A delay is what the scenario is about: nothing is awaited here.
        if self.delays.get(name):
            time.sleep(self.delays[name] / 1000)

    def send(self, data):
        limit = self.cut.get("after")
        if isinstance(limit, int) and self.sent + len(data) >= limit:
            self.connection.send(data[: limit - self.sent])
            self.end()
        if self.delays.get("between_bytes"):
            for byte in data:
                self.connection.send(bytes((byte,)))
                self.pause("between_bytes")
        else:
            self.connection.send(data)
        self.sent += len(data)

    def reached(self, place):
        if self.cut.get("after") == place:
            self.end()

    def end(self):
        end_connection(self.connection, self.cut.get("how", "close"))


def end_connection(connection, how):
    if how == "stall":
        connection.await_end()
    if how == "reset":
        connection.reset()
    else:
        connection.close()
    raise Ended


def head_of(answer, size, connection_field):
    status = answer["status"]
    reason = answer.get("reason")
    if reason is None:
        reason = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
    fields = {"Date": formatdate(usegmt=True), "Server": "libmobivate-standin", "Content-Type": "application/json"}
    if "chunked" in answer:
        fields["Transfer-Encoding"] = "chunked"
    elif status >= 200 and status != 204:
        fields["Content-Length"] = str(size)
    if connection_field:
        fields["Connection"] = connection_field
    added = answer.get("headers", ())
    replaced = {name.lower() for name, value in added if value is None or name.lower() in ("content-length", "date", "server")}
    lines = [f"HTTP/{answer.get('http_version', '1.1')} {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in fields.items() if name.lower() not in replaced]
    lines += [f"{name}: {value}" for name, value in added if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def chunks_of(body, size):
    size = size or len(body) or 1
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return [f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts] + [b"0\r\n\r\n"]


ENDLESS = {
    "headers": b"X-Filler: " + b"x" * 1000 + b"\r\n",
    "body": b" " * 4096,
    "chunks": b"400\r\n" + b" " * 1024 + b"\r\n",
    "informational": b"HTTP/1.1 100 Continue\r\n\r\n",
}


def send_endless(sender, answer):
    kind = answer["endless"]
    start = {
        "headers": b"HTTP/1.1 200 OK\r\n",
        "body": b"HTTP/1.1 200 OK\r\n\r\n",
        "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "informational": b"",
    }
    if kind not in start:
        raise ControlError(f"endless: there is no {kind!r}")
    sender.send(start[kind])
    while True:
        sender.send(ENDLESS[kind])


def send_answer(connection, answer, close):
    """Sends an answer; says whether the connection goes on."""
    sender = Sender(connection, answer)
    sender.pause("before_answer")
    sender.reached("start")
    if "endless" in answer:
        send_endless(sender, answer)
    raw = raw_bytes(answer)
    if raw is not None:
        sender.send(raw)
        sender.end()
    informational = answer.get("informational", ())
    if isinstance(informational, dict):
        informational = [informational["status"]] * informational["repeat"]
    for status in informational:
        sender.send(f"HTTP/1.1 {status} Interim\r\n\r\n".encode())
    body = b"" if answer["status"] == 204 and "body_base64" not in answer else body_bytes(answer)
    old = answer.get("http_version") == "1.0"
    sender.send(head_of(answer, len(body), "close" if close or old else None))
    sender.reached("headers")
    sender.pause("before_body")
    if "chunked" in answer:
        for chunk in chunks_of(body, answer["chunked"]):
            sender.send(chunk)
    elif body:
        sender.send(body)
    sender.reached("all")
    keep = answer.get("keep")
    if keep == "close_after_answer":
        end_connection(connection, "close")
    if keep == "reset_after_answer":
        # Only once the answer has been taken: a reset would destroy what is still under way.
        await_taken(connection)
        end_connection(connection, "reset")
    return not (close or old)


def await_taken(connection):
    """Until the peer's system has acknowledged all that was sent (SIOCOUTQ), or has reset the connection."""
    import fcntl
    import select
    import struct
    import termios

    ended = select.poll()
    ended.register(connection.sock, 0)
    while struct.unpack("i", fcntl.ioctl(connection.sock, termios.TIOCOUTQ, b"\0" * 4))[0] and not ended.poll(0):
        time.sleep(0.0005)


class Server:
    """The service on its ports. `contexts` names the TLS context of each listener; None is plain HTTP."""

    def __init__(self, service, verbose=False):
        self.service = service
        self.relays = Relays()
        self.verbose = verbose
        self.numbers = itertools.count(1)

    def listen(self, sock, context=None, close_notify=True):
        threading.Thread(target=self._accept, args=(sock, context, close_notify), daemon=True).start()

    def _accept(self, listener, context, close_notify):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            # Counted here: whoever waits for the last connection's end must not miss one that has just begun.
            self.service.count(connections=1, open_connections=1)
            threading.Thread(target=self._serve, args=(sock, context, close_notify), daemon=True).start()

    def _serve(self, sock, context, close_notify):
        conversation = Conversation(self, next(self.numbers))
        try:
            conversation.run(TlsConnection(sock, context, close_notify) if context else Connection(sock))
        except (Ended, OSError, ssl.SSLError, EOFError):
            pass
        finally:
            sock.close()
            conversation.finish()

    def log(self, text):
        if self.verbose:
            print(text, file=sys.stderr, flush=True)


class Conversation:
    """One connection's requests, one after the other."""

    def __init__(self, server, number):
        self.server, self.service, self.number = server, server.service, number
        self.control = False
        self.reader = None
        self.next_request = None  # what a scenario's "keep" wants done with it

    def _recognise(self, request):
        """Connections of the control interface are not the service's."""
        if request.path.startswith("/standin/") and not self.control:
            self.control = True
            self.service.count(connections=-1, open_connections=-1)

    def finish(self):
        partial = self.reader is not None and self.reader.begun
        self.service.end_connection(
            self.number, **({} if self.control else {"open_connections": -1, "partial_requests": partial})
        )

    def run(self, connection):
        self.reader = Reader(connection)
        counted = False
        while True:
            try:
                request = self.reader.head()
                self._recognise(request)
                if not self.control and not counted and connection.resumed():
                    self.service.count(resumed_sessions=1)
                counted = True
                if request.fields.get("expect", "").lower() == "100-continue":
                    connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.reader.body(request)
            except (BadRequest, ValueError) as problem:
                send_answer(connection, error(400, f"Bad Request: {problem}"), close=True)
                connection.close()
                return
            close = request.version == "1.0" or "close" in request.fields.get("connection", "").lower()
            answer = self._answer(request, connection)
            self.server.log(f"{self.number} {request.method} {request.path} {answer['status']}")
            self.next_request = answer.get("keep")
            if not send_answer(connection, answer, close):
                connection.close()
                return

    def _answer(self, request, connection):
        path, method = request.path, request.method
        if path.startswith("/standin/"):
            try:
                return Control(self.server, request).answer()
            except ControlError as problem:
                return error(problem.status, str(problem))
            except (ValueError, KeyError, TypeError) as problem:
                return error(400, f"{type(problem).__name__}: {problem}")
        for suffix, allowed, call, argument in (
            ("/auth/createkey", "POST", self.service.create_key, request.body),
            ("/auth/getkey", "POST", self.service.get_key, request.body),
            ("/auth/test", "GET", self.service.test_key, request.bearer()),
        ):
            if not path.endswith(suffix):
                continue
            if method != allowed:
                return error(405, "Method Not Allowed", [["Allow", allowed]])
            if self.next_request == "close_on_next":
                end_connection(connection, "close")
            answer = call(argument, self.number)
            if self.next_request == "lose_next":
                end_connection(connection, "close")
            return answer
        return error(404, "Not Found")


class Control:
    """The control interface: what the tests ask and order."""

    def __init__(self, server, request):
        self.server, self.service, self.request = server, server.service, request

    def answer(self):
        kind, _, name = self.request.path[len("/standin/") :].partition("/")
        name = urllib.parse.unquote(name)
        handler = getattr(self, f"{self.request.method.lower()}_{kind}", None)
        if handler is None:
            raise ControlError(f"there is no {self.request.method} {self.request.path}", 404)
        status, body = handler(name)
        return {"status": status, "body": body}

    def _json(self):
        body = json.loads(self.request.body or b"{}")
        if not isinstance(body, dict):
            raise ControlError("the body must be a JSON object")
        return body

    def _wanted(self, names):
        return {name: self.request.number(name) for name in names if name in self.request.query}

    def post_accounts(self, _):
        return 201, self.service.create_account(self._json())

    def get_accounts(self, username):
        names = ("requests", "get_requests", "test_requests", "open_connections")
        return 200, self.service.account_state(username, self._wanted(names), self.request.number("timeout_ms"))

    def get_keys(self, key):
        return 200, {"valid": self.service.key_is_valid(key)}

    def get_state(self, _):
        return 200, self.service.state(self._wanted(self.service.counters), self.request.number("timeout_ms"))

    def post_reset(self, _):
        self.service.reset()
        return 200, {}

    def post_relays(self, _):
        return 201, self.server.relays.create(self._json().get("target"))

    def put_relays(self, identifier):
        return 200, self.server.relays.rule(identifier, self._json())

    def get_relays(self, identifier):
        waiting = {name: self.request.number(name) for name in ("closed", "stalled", "settled", "drained", "timeout_ms")}
        return 200, self.server.relays.facts(identifier, **waiting)

    def delete_relays(self, identifier):
        self.server.relays.remove(identifier)
        return 200, {}
