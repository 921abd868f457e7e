# SPDX-License-Identifier: MIT
"""A forwarder in front of a service that cuts, after any byte, in either direction."""

import selectors
import socket
import struct
import threading

from service import ControlError

DIRECTIONS = ("request", "answer")


def record_ends(data):
    """Where the TLS records of a stream end."""
    ends, at = [], 0
    while at + 5 <= len(data):
        at += 5 + int.from_bytes(data[at + 3 : at + 5], "big")
        if at > len(data):
            break
        ends.append(at)
    return ends


class Pipe:
    """One forwarded connection."""

    def __init__(self, client, server, rules, segment, stalls):
        self.stalls = stalls
        self.sockets = {"request": (client, server), "answer": (server, client)}
        self.limits = {direction: rules[direction]["after"] for direction in DIRECTIONS if direction in rules}
        self.ways = {direction: rules[direction].get("how", "close") for direction in DIRECTIONS if direction in rules}
        self.segment = segment
        self.seen = {direction: bytearray() for direction in DIRECTIONS}
        self.lock = threading.Lock()
        self.cut = self.ended = False

    def limit_from_now(self, rules):
        with self.lock:
            if not rules:
                self.limits.clear()
            for direction in DIRECTIONS:
                if "after_now" in rules.get(direction, {}):
                    self.limits[direction] = len(self.seen[direction]) + rules[direction]["after_now"]
                    self.ways[direction] = rules[direction].get("how", "close")

    def run(self):
        how = "close"
        with selectors.DefaultSelector() as selector:
            for direction, (source, _) in self.sockets.items():
                selector.register(source, selectors.EVENT_READ, direction)
            try:
                # A cut at nothing is a cut before the first byte.
                how = self._reached()
                while how is None:
                    for event, _ in selector.select():
                        how = self._forward(event.data)
                        if how is not None:
                            break
            except OSError:
                how = "reset"
        self._end(how)

    def _reached(self):
        for direction, limit in self.limits.items():
            if limit <= len(self.seen[direction]) and direction == "request":
                return self.ways[direction]
        return None

    def _forward(self, direction):
        source, target = self.sockets[direction]
        data = source.recv(self.segment or 65536)
        if not data:
            return "close"
        with self.lock:
            limit = self.limits.get(direction)
            room = None if limit is None else max(limit - len(self.seen[direction]), 0)
            passed = data if room is None else data[:room]
            self.seen[direction] += passed
            # Known before the last byte goes out: whoever has it may ask at once.
            reached = room is not None and len(data) >= room
            self.cut = reached and self.ways[direction] != "stall"
        if passed:
            target.sendall(passed)
        return self.ways[direction] if reached else None

    def _end(self, how):
        client, server = self.sockets["request"]
        if how == "stall":
            self.stalls()
            try:
                while client.recv(65536):
                    pass
            except OSError:
                pass
        if how == "reset":
            for end in (client, server):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            for end in (client, server):
                try:
                    end.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
        client.close()
        server.close()


class Relay:
    def __init__(self, identifier, target, scheme):
        self.identifier, self.target, self.scheme = identifier, target, scheme
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.rules, self.segment, self.first_only = {}, 0, False
        self.pipes, self.closed, self.stalled = [], 0, 0
        self.probes = {}  # by their port: whether they have been accepted
        self.changed = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, (_, port) = self.listener.accept()
                if self._is_probe(port):
                    client.close()
                    continue
                server = socket.create_connection(self.target)
            except OSError:
                return
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                pipe = Pipe(client, server, self.rules, self.segment, self._stalls)
                if self.first_only:
                    self.rules = {}
                self.pipes.append(pipe)
            threading.Thread(target=self._run, args=(pipe,), daemon=True).start()

    def _is_probe(self, port):
        with self.changed:
            if port not in self.probes:
                return False
            self.probes[port] = True
            self.changed.notify_all()
            return True

    def drain(self, seconds):
        """Waits until every connection that was made to this relay so far has come through it, and ended."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            with self.changed:
                self.probes[port] = False
            # Connections are accepted in the order in which they were made.
            probe.connect(("127.0.0.1", self.port))
            with self.changed:
                self.changed.wait_for(lambda: self.probes[port] and all(pipe.ended for pipe in self.pipes), seconds)
                del self.probes[port]

    def _stalls(self):
        with self.changed:
            self.stalled += 1
            self.changed.notify_all()

    def _run(self, pipe):
        pipe.run()
        with self.changed:
            pipe.ended = True
            self.closed += 1
            self.changed.notify_all()

    def rule(self, rules):
        for name in rules:
            if name not in ("request", "answer", "connection", "segment"):
                raise ControlError(f"{name}: a relay has no such rule")
        with self.changed:
            self.rules = {direction: rules[direction] for direction in DIRECTIONS if "after" in rules.get(direction, {})}
            self.segment = rules.get("segment", 0)
            self.first_only = rules.get("connection") == "first"
            for pipe in self.pipes:
                pipe.limit_from_now(rules)

    def _settled(self):
        """Whether every connection that is to be cut has been."""
        return all(pipe.ended for pipe in self.pipes if pipe.cut)

    def facts(self, closed=0, stalled=0, settled=0, drained=0, timeout_ms=0):
        if drained:
            self.drain(timeout_ms / 1000)
        with self.changed:
            self.changed.wait_for(
                lambda: self.closed >= closed and self.stalled >= stalled and self._settled() >= settled, timeout_ms / 1000
            )
            last = self.pipes[-1] if self.pipes else None
            seen = {direction: bytes(last.seen[direction]) if last else b"" for direction in DIRECTIONS}
            facts = {
                "id": self.identifier,
                "port": self.port,
                "url": f"{self.scheme}://localhost:{self.port}",
                "connections": len(self.pipes),
                "closed": self.closed,
                "stalled": self.stalled,
                "settled": int(self._settled()),
                "drained": int(all(pipe.ended for pipe in self.pipes)),
                "bytes_from_client": len(seen["request"]),
                "bytes_from_server": len(seen["answer"]),
            }
            if self.scheme == "https":
                facts["records"] = {direction: record_ends(seen[direction]) for direction in DIRECTIONS}
            return facts


class Relays:
    def __init__(self):
        self.targets = {}  # "http" and "https" to (address, scheme); filled at start
        self.relays = {}
        self.lock = threading.Lock()

    def create(self, target):
        if target in self.targets:
            address, scheme = self.targets[target]
        elif isinstance(target, str) and ":" in target:
            host, _, port = target.rpartition(":")
            address, scheme = (host, int(port)), "https"
        else:
            raise ControlError('target: must be "http", "https" or "host:port"')
        with self.lock:
            identifier = str(len(self.relays) + 1)
            relay = self.relays[identifier] = Relay(identifier, address, scheme)
        return relay.facts()

    def _find(self, identifier):
        if identifier not in self.relays:
            raise ControlError(f"there is no relay {identifier!r}", 404)
        return self.relays[identifier]

    def rule(self, identifier, rules):
        self._find(identifier).rule(rules)
        return self._find(identifier).facts()

    def facts(self, identifier, **waiting):
        return self._find(identifier).facts(**waiting)

    def remove(self, identifier):
        listener = self._find(identifier).listener
        # A close alone does not wake the thread in accept.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
