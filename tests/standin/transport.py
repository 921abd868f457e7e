# SPDX-License-Identifier: MIT
"""Connections that can be ended in every way: orderly, reset, without TLS's goodbye, or not at all."""

import socket
import ssl
import struct


class Connection:
    """A plain TCP connection."""

    def __init__(self, sock):
        self.sock = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def resumed(self):
        """Whether a TLS session of another connection goes on here."""
        return False

    def receive(self):
        """Some bytes; none when the peer has closed."""
        return self.sock.recv(65536)

    def send(self, data):
        self.sock.sendall(data)

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def await_end(self):
        """Until the peer closes; what it still sends is passed over."""
        while self.sock.recv(65536):
            pass


class TlsConnection(Connection):
    """The same with TLS in memory, so that the socket's bytes are this program's to send or not."""

    def __init__(self, sock, context, close_notify=True):
        super().__init__(sock)
        self.close_notify = close_notify
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self._until_done(self.tls.do_handshake)

    def _flush(self):
        data = self.outgoing.read()
        if data:
            self.sock.sendall(data)

    def _until_done(self, step, *arguments):
        while True:
            try:
                result = step(*arguments)
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                data = self.sock.recv(65536)
                if not data:
                    raise ConnectionError("the peer closed in the middle") from None
                self.incoming.write(data)
            except ssl.SSLError:
                self._flush()  # the alert that says why
                raise

    def resumed(self):
        return self.tls.session_reused

    def receive(self):
        try:
            return self._until_done(self.tls.read, 65536)
        except (ssl.SSLZeroReturnError, ConnectionError):
            return b""

    def send(self, data):
        if data:
            self._until_done(self.tls.write, data)

    def close(self):
        if self.close_notify:
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass  # it wants the peer's goodbye, too, and does not get it
            try:
                self._flush()
            except OSError:
                pass
        super().close()
