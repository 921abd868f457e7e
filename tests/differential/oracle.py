# SPDX-License-Identifier: MIT
"""What an answer says, read from RFC 9112, RFC 9110 and RFC 8259 by regular expressions, over all of its bytes at once.

It shares nothing with the library: no state machine, no buffer, another JSON parser, another reader of dates. The names are those of
the header's status values.
"""

import email.utils
import json
import re
import sys

sys.set_int_max_str_digits(0)

OK, TIMEOUT, TRANSPORT, CREDENTIALS, RATE_LIMITED, REJECTED, SERVER, PROTOCOL = 0, -5, -9, -10, -11, -12, -13, -14
UNCHANGED, REPLACED, UNKNOWN = 0, 1, 2

LIMIT = 65536
MOST_MS = (2**63 - 1) // 1000 * 1000
NOW = 1700000000  # where an answer has no Date

# A recipient may be lenient about blanks: RFC 9112, section 4.
STATUS_LINE = re.compile(rb"HTTP/1\.(\d)[ \t]+(\d\d\d)(?=[ \t\r\n])")
STATUS_LINE_BEGUN = re.compile(rb"H(?:T(?:T(?:P(?:/(?:1(?:\.(?:\d(?:[ \t]+(?:[1-9]\d{0,2})?)?)?)?)?)?)?)?)?|")
FOLD = re.compile(rb"\r?\n(?=[ \t])")
CHUNK_LINE = re.compile(rb"[ \t]*([0-9A-Fa-f]+)[ \t]*(?:;.*)?", re.DOTALL)
# What is no head of a chunk's line: its size, and the line's end.
FREE_CHUNK_LINE = 16


class Fault(Exception):
    """The answer breaks a rule or a bound: what came before it counts."""


class Cut(Exception):
    """The bytes end before the answer does."""


class Answer:
    def __init__(self, data, closed):
        self.data, self.closed = data, closed
        self.http_status = 0
        self.interim = False
        self.minor = 1
        self.fields = []
        self.body = b""
        self.complete = False
        self.fault = False
        self.doubtful = False
        self.suspect = False  # the connection cannot be used again, whatever its fields say
        self.counted = 0  # towards the bound of the head
        self.at = 0
        try:
            self.read_heads()
            self.read_body()
            self.complete = True
        except Fault:
            self.fault = True
        except Cut:
            pass

    # ---- Heads ----

    def read_heads(self):
        while True:
            self.read_head()
            if self.http_status:
                return
            self.interim = True

    def read_head(self):
        room = LIMIT - self.counted
        window = self.data[self.at : self.at + room + 1]
        line = STATUS_LINE.match(window)
        if not line:
            if STATUS_LINE_BEGUN.fullmatch(window) and len(window) <= room:
                raise Cut
            raise Fault
        status = int(line[2])
        if status < 100:
            raise Fault
        self.minor = int(line[1])
        if status >= 200 or status == 101:
            self.http_status = status
        else:
            self.interim = True
        end = re.search(rb"\n\r?\n", window)
        whole = window[: end.end()] if end else window
        self.read_fields(whole, bool(end))
        if len(whole) > room:
            raise Fault
        if not end:
            raise Cut
        self.counted += len(whole)
        self.at += len(whole)

    def read_fields(self, head, complete):
        """Every field that is surely whole: the byte behind its lines has come."""
        self.fields = []
        _, newline, rest = head.partition(b"\n")
        if not newline:
            return
        # White space directly behind the status line belongs to nothing.
        while rest[:1] in (b" ", b"\t") and b"\n" in rest:
            rest = rest.partition(b"\n")[2]
        lines = FOLD.sub(b"", rest).split(b"\n")
        # The last piece is not ended, or it is the empty one behind the end. A line that nothing follows may be continued.
        sure = lines[:-1] if lines[-1] or complete else lines[:-2]
        for line in sure:
            name, colon, value = line.removesuffix(b"\r").partition(b":")
            if colon:
                self.fields.append((name.strip(b" \t").lower(), value.strip(b" \t")))

    def values(self, name):
        return [value for field, value in self.fields if field == name]

    def elements(self, name):
        return [element.strip(b" \t") for value in self.values(name) for element in value.split(b",")]

    # ---- Body ----

    def read_body(self):
        codings = [coding for coding in self.elements(b"transfer-encoding") if coding]
        lengths = self.elements(b"content-length")
        if self.http_status in (101, 204, 304):
            self.suspect = True
        elif codings:
            self.suspect = bool(lengths)
            if codings[-1].lower() == b"chunked":
                self.read_chunks()
            else:
                self.read_until_end()
        elif not lengths:
            self.read_until_end()
        elif (
            all(re.fullmatch(rb"\d+", length) for length in lengths)
            and len({min(int(length), 2**64 - 1) for length in lengths}) == 1
        ):
            self.take(int(lengths[0]))
        else:
            self.read_doubtful()

    def take(self, size):
        room = LIMIT - len(self.body)
        taken = self.data[self.at : self.at + min(size, room + 1)]
        self.body += taken[:room]
        self.at += len(taken)
        if len(taken) > room:
            raise Fault
        if len(taken) < size:
            raise Cut

    def read_until_end(self):
        self.suspect = True
        try:
            self.take(sys.maxsize)
        except Cut:
            if not self.closed:
                raise

    def read_doubtful(self):
        """RFC 9112, section 6.3: the connection is closed, and what is there is judged: a whole document, or all of it."""
        self.doubtful = True
        rest = self.data[self.at :]
        text = rest.decode("utf-8", "replace")
        begin = re.match("\ufeff?[ \t\r\n]*", text).end()
        try:
            _, end = json.JSONDecoder(parse_constant=reject).raw_decode(text, begin)
            rest = text[:end].encode() if text[begin] in "{[" else rest
        except ValueError:
            pass
        self.body = rest[:LIMIT]
        raise Fault

    def line(self, free=0):
        """A line that counts towards the head's bound, but for its first bytes."""
        end = self.data.find(b"\n", self.at)
        size = (end + 1 if end >= 0 else len(self.data)) - self.at
        self.counted += max(0, size - free)
        if self.counted > LIMIT:
            raise Fault
        if end < 0:
            raise Cut
        line = self.data[self.at : end].removesuffix(b"\r")
        self.at = end + 1
        return line

    def read_chunks(self):
        while True:
            size = CHUNK_LINE.fullmatch(self.line(FREE_CHUNK_LINE))
            if not size:
                raise Fault
            size = int(size[1], 16)
            if size == 0:
                break
            self.take(size)
            behind = self.data[self.at : self.at + 2]
            if behind[:1] == b"\n" or behind == b"\r\n":
                self.at += behind.index(b"\n") + 1
            elif behind in (b"", b"\r"):
                raise Cut
            else:
                raise Fault
        while self.line():
            pass

    # ---- What it means ----

    def retry_after_ms(self):
        values = [value for value in self.values(b"retry-after") if value]
        if not values:
            return -1
        if re.fullmatch(rb"\d+", values[0]):
            return min(int(values[0]) * 1000, MOST_MS)
        date = seconds_of(values[0])
        if date is None:
            return -1
        # The library reads no Date of a success, which has nothing to retry.
        dates = self.values(b"date") if self.http_status >= 300 else []
        sent = next(filter(None, map(seconds_of, dates)), NOW)
        return max(date - sent, 0) * 1000

    def keeps(self):
        return (
            self.complete
            and self.minor != 0
            and not self.suspect
            and self.at == len(self.data)
            and b"close" not in [option.lower() for option in self.elements(b"connection")]
        )

    def verdict(self):
        ending = TRANSPORT if self.closed else TIMEOUT
        result = {
            "status": ending,
            "key_state": UNKNOWN,
            "http_status": self.http_status,
            "server_code": 0,
            "retry_after_ms": -1,
            "key": "",
            "message": "",
            "keeps": self.keeps(),
        }
        if not self.http_status:
            if self.fault or (self.interim and self.closed):
                result["status"] = PROTOCOL
            return result
        result["retry_after_ms"] = self.retry_after_ms()
        document = read_document(self.body)
        kind = self.http_status // 100
        if kind == 2 and document and document.key:
            return dict(result, status=OK, key_state=REPLACED, key=document.key.encode().hex())
        if document:
            result.update(server_code=document.code or 0, message=(document.message or "").replace("\0", " ").encode().hex())
        if kind == 4 and document and document.is_error:
            result["key_state"] = UNCHANGED
        if kind == 4:
            result["status"] = {401: CREDENTIALS, 429: RATE_LIMITED}.get(self.http_status, REJECTED)
        elif kind == 5:
            result["status"] = SERVER
        elif kind != 2 or self.fault or self.complete:
            result["status"] = PROTOCOL
        return result


def seconds_of(value):
    """Only dates that Python and RFC 9110 understand alike are generated, and values that are none at all."""
    try:
        return int(email.utils.parsedate_to_datetime(value.decode("ascii")).timestamp())
    except (ValueError, TypeError):
        return None


def reject(constant):
    raise ValueError(constant)


class Document:
    """RFC 8259; half a surrogate pair stands for U+FFFD."""

    def __init__(self, pairs):
        keys = [value for name, value in pairs if name == "apiKey"]
        usable = keys and all(isinstance(key, str) and re.fullmatch("[!-~]{1,4096}", key) for key in keys) and len(set(keys)) == 1
        self.key = keys[0] if usable else None
        codes = [value for name, value in pairs if name == "code" and type(value) is int and -(2**31) <= value < 2**31]
        self.code = codes[-1] if codes else None
        messages = [value for name, value in pairs if name == "message" and isinstance(value, str)]
        self.message = re.sub("[\ud800-\udfff]", "\ufffd", messages[-1]) if messages else None
        self.is_error = (bool(codes) or bool(messages)) and not keys


class Object(list):
    """The members of a JSON object, with those that stand there twice."""


def read_document(body):
    if b"\0" in body:
        return None
    try:
        text = body.decode("utf-8").removeprefix("\ufeff")
        found = json.loads(text, object_pairs_hook=Object, parse_constant=reject)
    except (ValueError, RecursionError):
        return None
    return Document(found) if isinstance(found, Object) else None
