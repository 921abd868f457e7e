# SPDX-License-Identifier: MIT
"""Generated answers, read by the library, by an oracle, by http.client and by libcurl.

python3 -m tests.differential.test_answers PROBE (or an emulator, and it). MOBIVATE_SEED is the first case's seed, MOBIVATE_CASES how many there are.
Each case has a seed of its own, so one that differs is repeated with MOBIVATE_CASES=1. The oracle reads everything; http.client and
libcurl only what they are sound for: each leaves out what the other readers would have to be wrong for to agree with it.
"""

import collections
import http.client
import io
import json
import os
import random
import subprocess
import sys

from tests.differential.oracle import Answer

KEY = "abcd1234-9922-abcd-1234-abcd1234abcd"
DEFAULT_CASES = 2500
DATES = (
    b"Tue, 14 Nov 2023 22:15:20 GMT",
    b"Tue, 14 Nov 2023 22:00:00 GMT",
    b"Fri, 31 Dec 9999 23:59:59 GMT",
    b"Thu, 01 Jan 1970 00:02:00 GMT",
    b"Wed, 01 Jan 1969 00:00:00 GMT",
)
# The first three are what the service documents.
DOCUMENTS = (
    '{"apiKey":"%s"}' % KEY,
    '{"apiKey":"%s"}' % KEY,
    '{"code":401,"message":"Invalid Credentials"}',
    '\ufeff {"x":[1,{"apiKey":"no"}],"apiKey":"%s"}\r\n' % KEY,
    '{"apiKey":"a","apiKey":"b"}',
    '{"apiKey":"a","apiKey":"a"}',
    '{"apiKey":null,"code":1}',
    '{"x":1e309,"apiKey":"abc"}',
    '{"x":[0e309,-1E+999],"apiKey":"abc"}',
    '{"x":%s,"apiKey":"abc"}' % ("9" * 310),
    '{"x":"\\udc00\\ud800","apiKey":"abc"}',
    '{"code":1e309,"message":"\\ud800 m\\udfff\\ud83d\\ude00"}',
    '{"code":2147483648}',
    '{"code":-2147483648}',
    '{"code":7.0,"message":5}',
    '{"message":""}',
    '{"error":{"code":403,"message":"m"}}',
    '[{"code":403}]',
    "<html>403 Forbidden</html>",
    "",
    "{}",
    '{"apiKey":"abc"',
    '{"x":NaN,"apiKey":"abc"}',
    '{"x":01,"apiKey":"abc"}',
    '{"x":1.,"apiKey":"abc"}',
    '{"apiKey":"abc"}x',
    '{"apiKey":"a\\u0000b"}',
    '{"apiKey":"%s"}' % ("k" * 4096),
    '{"apiKey":"%s"}' % ("k" * 4097),
    '{"x":"}]\\\\\\"","apiKey":"abc"}',
    '{"message":"a\\u0000b"}',
    '"apiKey"',
    "nothing",
)


class Case:
    """An answer, and which of its features some readers do not understand."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.features = set()
        self.closed = self.once_in(2)
        self.body = self.dice.choice(DOCUMENTS[:3] if self.once_in(3) else DOCUMENTS).encode("utf-8", "surrogatepass")
        if self.once_in(20):
            self.body += b" " * self.dice.choice(
                (100, 16384, 65535 - len(self.body), 65536 - len(self.body), 65537 - len(self.body), 70000)
            )
        status = self.dice.choice(
            (200, 200, 200, 201, 401, 401, 403, 404, 429, 429, 500, 503, 302, 204, 304, 299, 400, 499, 599, 600, 999)
        )
        if self.once_in(4):
            status = self.dice.randrange(200, 1000)
        interim = b"".join(
            self.head(self.dice.choice((100, 102, 103, 199)), []) for _ in range(self.dice.choice((0, 0, 0, 0, 1, 2)))
        )
        if interim:
            self.features.add("interim")
        framing, body = self.framed()
        self.bytes = interim + self.head(status, framing) + body
        if self.once_in(8):
            self.features.add("cut")
            self.bytes = self.bytes[: self.dice.randrange(len(self.bytes) + 1)]
        elif self.once_in(15):
            self.features.add("more")
            self.bytes += self.dice.choice((b"x", b"\r\n", b"HTTP/1.1 200 OK\r\n\r\n"))
        self.pieces = [1 << 20, self.dice.choice((1, 2, 3, 7, 100, 4096))]
        if len(self.bytes) > 20000:
            self.pieces[1] = max(self.pieces[1], 7)

    def once_in(self, count):
        return self.dice.randrange(count) == 0

    def feature(self, name, count):
        """A feature that one in `count` cases has."""
        if not self.once_in(count):
            return False
        self.features.add(name)
        return True

    # ---- Heads ----

    def newline(self, where="the head"):
        return b"\n" if self.feature("lone LF in " + where, 60) else b"\r\n"

    def head(self, status, fields):
        blanks = self.dice.choice((b"  ", b" \t ", b"   ")) if self.feature("blanks in the status line", 20) else b" "
        minor = b"0" if self.feature("HTTP/1.0", 15) else b"2" if self.feature("HTTP/1.2", 40) else b"1"
        reason = self.dice.choice((b" OK", b" Not, OK: at all", b" ", b"", b" \xfc"))
        line = b"HTTP/1." + minor + blanks + str(status).encode() + reason
        if self.feature("no status line", 60):
            line = self.dice.choice(
                (
                    b"HTTP/2 200",
                    b"HTTP/1.1200 OK",
                    b"HTTP/1.1 2000 OK",
                    b"HTTP/1.1 099 OK",
                    b"HTTP/1.x 200 OK",
                    b"ICY 200 OK",
                    b"{}",
                    b"HTTP/1.1",
                )
            )
        fields = list(fields) + self.other_fields()
        self.dice.shuffle(fields)
        lines = [line + self.newline()]
        if self.feature("white space behind the status line", 60):
            lines.append(b" Connection: close" + self.newline())
        for name, value in fields:
            lines.append(self.field(name, value))
        return b"".join(lines) + self.newline()

    def other_fields(self):
        fields = [(b"Server", b"x")] if self.once_in(2) else []
        if self.feature("connection", 6):
            fields.append(
                (
                    b"Connection",
                    self.dice.choice((b"close", b"Close", b"keep-alive", b"keep-alive, close", b",close,", b"closed", b"")),
                )
            )
        if self.once_in(4):
            value = self.dice.choice(
                (b"7", b"0", b"-7", b"120", b"9" * 30, b"-9223372036854775809", b"0" * 70 + b"7", b"soon", b"7.5", b"7 8", b"")
                + DATES
            )
            fields.append((b"Retry-After", value))
            if self.once_in(8):
                fields.append((b"Retry-After", b"9"))
        if self.once_in(8):
            fields.append((b"Date", self.dice.choice(DATES[:4])))
        if self.once_in(10):
            fields.append((b"X", self.dice.choice((b"a\xff\x01", b"", b'"a,b"', b"Content-Length: 3"))))
        if self.feature("a line without colon", 40):
            fields.append((b"nonsense", None))
        if self.feature("long field", 60):
            fields.append((b"X", b"x" * self.dice.choice((8191, 8192, 30000, 65000, 65400, 65536))))
        return fields

    def field(self, name, value):
        if self.once_in(4):
            name = self.dice.choice((name.lower(), name.upper(), name.swapcase()))
        if value is None:
            return name + self.newline()
        if self.feature("blank before the colon", 40):
            name += b" "
        blanks = lambda: self.dice.choice((b"", b" ", b"  ", b"\t", b" \t"))
        if self.feature("long blanks", 80):
            value = b" " * 9000 + value
        if self.feature("fold", 8):
            # Where white space may stand anyway: at the ends, or behind a comma; or in the middle, which changes the value.
            places = [0, len(value)] + [at + 1 for at, byte in enumerate(value) if byte in b", "]
            # A date that is broken in the middle is none to Python, and may be one to curl_getdate.
            if self.once_in(6) and value not in DATES:
                places.append(self.dice.randrange(len(value) + 1))
            at = self.dice.choice(places)
            fold = b"".join(
                self.newline() + self.dice.choice((b" ", b"\t", b"   ")) for _ in range(self.dice.choice((1, 1, 1, 2, 3)))
            )
            value = value[:at] + fold + value[at:]
        behind = blanks()
        if behind and name.lower() == b"transfer-encoding":
            self.features.add("blank behind the coding")
        return name + b":" + blanks() + value + behind + self.newline()

    # ---- Bodies ----

    def framed(self):
        """The fields that say where the body ends, and the body in that framing."""
        size = str(len(self.body)).encode()
        length = (b"Content-Length", size)
        kind = self.dice.randrange(12)
        if kind < 4:
            if self.once_in(8):
                length = (b"Content-Length", b"0" * self.dice.choice((1, 30, 9000)) + size)
            return [length], self.body
        if kind < 8:
            return self.chunked(length)
        if kind == 8:
            self.features.add("until the end")
            if self.feature("a coding and a length", 4):
                return [(b"Transfer-Encoding", b"chunked, gzip"), length], self.body
            return self.dice.choice(([], [], [(b"Transfer-Encoding", b"identity")])), self.body
        if kind == 9:
            self.features.add("length twice")
            return (
                self.dice.choice(
                    (
                        [length, length],
                        [(b"Content-Length", size + b", " + size)],
                        [(b"Content-Length", size + b" ,\t" + size), length],
                    )
                ),
                self.body,
            )
        if kind == 10:
            self.features.add("wrong length")
            if self.feature("huge length", 3):
                wrong = self.dice.choice((2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30))
            else:
                wrong = self.dice.choice((0, 1, max(len(self.body) - 1, 0), len(self.body) + 1, 1000, 65536, 65537))
            return [(b"Content-Length", str(wrong).encode())], self.body
        self.features.add("bad length")
        value = self.dice.choice(
            (
                size + b",",
                b"," + size,
                b"",
                b"-1",
                b"+" + size,
                b"0x" + size,
                size + b" 1",
                size + b"x",
                b"none",
                size + b";",
                size + b".0",
            )
        )
        return (
            self.dice.choice(
                ([(b"Content-Length", value)], [length, (b"Content-Length", value)], [(b"Content-Length", b"7" + size), length])
            ),
            self.body,
        )

    def chunked(self, length):
        coding = b"chunked" if not self.once_in(5) else b"CHUNKED"
        fields = [(b"Transfer-Encoding", coding)]
        if self.feature("empty elements", 5):
            fields = self.dice.choice(
                (
                    [(b"Transfer-Encoding", coding + b",")],
                    [(b"Transfer-Encoding", b" , ," + coding + b", ,")],
                    [(b"Transfer-Encoding", coding), (b"Transfer-Encoding", b"")],
                    [(b"Transfer-Encoding", b""), (b"Transfer-Encoding", coding)],
                )
            )
        if self.feature("chunked and a length", 12):
            fields.append(length)
        body, rest = b"", self.body
        most = self.dice.choice((1, 3, 20, 1000, 1 << 20))
        if len(rest) > 20000:
            most = max(most, 1000)
        while rest:
            taken = self.dice.randrange(1, most + 1)
            body += self.chunk(rest[:taken])
            rest = rest[taken:]
        body += self.dice.choice((b"0", b"0", b"000")) + (b";e" if self.once_in(10) else b"") + self.newline("the chunks")
        if self.feature("trailers", 8):
            body += b"X: y" + self.newline("the chunks") + b"Connection: close" + self.newline("the chunks")
        return fields, body + self.newline("the chunks")

    def chunk(self, data):
        size = b"%x" % len(data)
        if self.once_in(8):
            size = size.upper()
        if self.feature("zeros before a chunk's size", 20):
            size = b"0" * self.dice.choice((1, 20)) + size
        if self.feature("chunk extension", 12):
            size += self.dice.choice((b";e", b" ; e=1", b';e="1"', b";" + b"e" * 100))
        if self.feature("long chunk extension", 200):
            size += b";" + b"e" * self.dice.choice((9000, 65000, 65540))
        if self.feature("bad chunk", 150):
            return self.dice.choice(
                (b"x\r\n", b"\r\n", b"-1\r\n", b"0x1\r\n", size + b"\r\n" + data + b"x\r\n", size + b" 1\r\n" + data + b"\r\n")
            )
        if self.feature("huge chunk", 150):
            size = self.dice.choice((b"10001", b"FFFFFFFFFFFFFFFF", b"1" + b"0" * 20))
        return size + self.newline("the chunks") + data + self.newline("the chunks")


# What a reader is not asked about, and why.
UNSOUND_HTTP_CLIENT = {
    # The email package's parser ends a head at a line that it does not know, and keeps the fold in the value.
    "fold",
    "a line without colon",
    "white space behind the status line",
    "blank before the colon",
    # Compares the whole field with "chunked".
    "empty elements",
    "blank behind the coding",
    "length twice",
    # Takes what is no number for no length at all.
    "bad length",
    # No number beyond 63 bits.
    "huge length",
    # Its bound for a line is 64 KiB; int() takes signs, blanks and 0x.
    "long field",
    "bad chunk",
    "huge chunk",
    "long chunk extension",
    "no status line",
    # Takes the length, for all that the coding says.
    "a coding and a length",
    # Passes over two bytes behind a chunk, whatever they are.
    "lone LF in the chunks",
    # It gives up where an interim answer is none of 100.
    "interim",
}
UNSOUND_CURL = {
    # 7.88 hands over each line of a folded field as one of its own.
    "fold",
    "white space behind the status line",
    # It refuses what follows; a key may stand in it all the same.
    "bad length",
    "bad chunk",
    "huge chunk",
    "long field",
    "long chunk extension",
    "no status line",
    "HTTP/1.2",
    "blank before the colon",
    "a line without colon",
    "wrong length",
    # At most 16 digits.
    "zeros before a chunk's size",
    # A list of codings, and one that it does not know; either of them first.
    "empty elements",
    "until the end",
    "chunked and a length",
    "length twice",
}


class Probe:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, kind, data, piece=0, closed=True):
        self.process.stdin.write(f"{kind} {len(data)} {piece} {int(closed)}\n".encode() + data)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"The probe ended with {self.process.wait()} at {data[:2000]!r}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Wire:
    """In place of a socket."""

    def __init__(self, data):
        self.data = data

    def makefile(self, _mode):
        return io.BytesIO(self.data)


def http_client_reading(data):
    """(status, body), or None where it understood nothing."""
    response = http.client.HTTPResponse(Wire(data), method="POST")
    try:
        response.begin()
        try:
            return response.status, response.read()
        except http.client.IncompleteRead as incomplete:
            return response.status, incomplete.partial
    except (http.client.HTTPException, ValueError, OverflowError):
        return None


def main():
    first = int(os.environ.get("MOBIVATE_SEED", "1"))
    cases = int(os.environ.get("MOBIVATE_CASES", str(DEFAULT_CASES)))
    probe = Probe(sys.argv[1:])
    compared, features, outcomes, differences = collections.Counter(), collections.Counter(), collections.Counter(), 0

    def differs(seed, case, reader, expected, found):
        nonlocal differences
        differences += 1
        if differences <= 10:
            print(
                f"MOBIVATE_SEED={seed}: {reader}\n  features {sorted(case.features)}, closed {case.closed}\n  {case.bytes[:1500]!r} ({len(case.bytes)} bytes)\n"
                f"  expected {expected}\n  found    {found}"
            )

    for seed in range(first, first + cases):
        case = Case(seed)
        features.update(case.features)
        answer = Answer(case.bytes, case.closed)
        expected = answer.verdict()
        outcomes[expected["status"], expected["key_state"]] += 1
        for piece in case.pieces:
            compared["oracle"] += 1
            found = probe.ask("library", case.bytes, piece, case.closed)
            if found != expected:
                differs(seed, case, f"the oracle, {piece} bytes at a time", expected, found)
        # What the oracle takes for status and body is what others take for them.
        if len(case.bytes) > 60000 or not answer.http_status or "cut" in case.features:
            continue
        # http.client reads chunks behind a status that has no body.
        bodiless = answer.http_status in (101, 204, 304)
        if not case.features & UNSOUND_HTTP_CLIENT and not bodiless:
            compared["http.client"] += 1
            if http_client_reading(case.bytes) != (answer.http_status, answer.body):
                differs(seed, case, "http.client", (answer.http_status, answer.body), http_client_reading(case.bytes))
        if not case.features & UNSOUND_CURL:
            compared["libcurl"] += 1
            found = probe.ask("curl", case.bytes)
            if (found["http_status"], found["body"]) != (answer.http_status, answer.body.hex()):
                differs(seed, case, "libcurl", (answer.http_status, answer.body.hex()), found)
    probe.close()
    print(
        f"{cases} answers from MOBIVATE_SEED={first} on: "
        + ", ".join(f"{count} readings compared with {name}" for name, count in compared.items())
    )
    print("features: " + ", ".join(f"{name} {count}" for name, count in sorted(features.items())))
    print("status and key state: " + ", ".join(f"{outcome} {count}" for outcome, count in sorted(outcomes.items())))
    # A reader that is never asked has not agreed.
    silent = [name for name in ("oracle", "http.client", "libcurl") if cases >= DEFAULT_CASES and compared[name] < cases // 20]
    if silent:
        sys.exit(f"{', '.join(silent)}: hardly asked")
    if differences:
        sys.exit(f"{differences} differences")


if __name__ == "__main__":
    main()
