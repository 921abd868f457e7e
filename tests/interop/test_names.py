# SPDX-License-Identifier: MIT
"""Host names: several addresses with a dead one among them, and name servers that do not answer, or say no.

python3 -m tests.interop.test_names, with MOBIVATE_LIBRARY naming the shared library. It starts a stand-in and itself in
namespaces of their own, with another /etc and a network of loopback alone. Where the system allows none, it exits with 77.
"""

import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
NAMESPACES = ["unshare", "--net", "--mount"]
# The resolver puts the addresses first that are the most like 127.0.0.1, which it would come from.
HOSTS = """127.0.0.1 localhost
::1 localhost
127.0.0.2 several.standin.test
127.0.0.3 several.standin.test
127.0.0.5 several.standin.test
"""


def enter():
    """Runs this file again where it may change what it needs."""
    for command in (NAMESPACES, [*NAMESPACES, "--user", "--map-root-user"]):
        # What is needed inside, tried where nobody sees it.
        if subprocess.run([*command, "mount", "--bind", "/etc", "/etc"], stderr=subprocess.DEVNULL).returncode == 0:
            os.execvp(command[0], [*command, sys.executable, __file__, "inside"])
    print("This system allows no namespaces (unshare --net --mount, mount --bind): not tested.")
    sys.exit(77)


def prepare():
    """The network of loopback comes up, and /etc is another one."""
    with socket.socket() as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING
    with tempfile.TemporaryDirectory(prefix="mobivate-names-") as folder:
        etc = pathlib.Path(folder, "etc")
        shutil.copytree("/etc", etc, symlinks=True, ignore=unreadable)
        for name, text in (
            ("hosts", HOSTS),
            ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n"),
            ("nsswitch.conf", "hosts: files dns\npasswd: files\ngroup: files\n"),
        ):
            (etc / name).unlink(missing_ok=True)
            (etc / name).write_text(text)
        subprocess.run(["mount", "--bind", str(etc), "/etc"], check=True)
        try:
            return subprocess.run(
                [sys.executable, HERE.parent / "standin", "--", sys.executable, "-m", "tests.interop.test_names", "tests"]
            ).returncode
        finally:
            subprocess.run(["umount", "/etc"], check=True)


def unreadable(folder, names):
    return [
        name
        for name in names
        if not os.path.islink(os.path.join(folder, name)) and not os.access(os.path.join(folder, name), os.R_OK)
    ]


class NameServer:
    """A name server on port 53 that answers every query with one code, or not at all."""

    def __init__(self, code=None):
        self.code = code
        self.asked = threading.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.thread = threading.Thread(target=self._serve)

    def _serve(self):
        while True:
            query, sender = self.socket.recvfrom(4096)
            if query == b"end":
                return
            self.asked.set()
            if self.code is not None:
                # The same question, as a response with recursion, the code, and no records.
                self.socket.sendto(query[:2] + struct.pack("!HHHHH", 0x8180 | self.code, 1, 0, 0, 0) + question(query), sender)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"end", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


def addresses(name):
    return [found[4][0] for found in socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)]


def question(query):
    end = query.index(b"\0", 12) + 5
    return query[12:end]


class Names(unittest.TestCase):
    def create(self, host, status, key_state, port=443, **options):
        from tests.interop.library import Client
        from tests.interop.parts import PASSWORD, STANDIN, Account

        account = Account()
        with Client(f"https://{host}:{port}", ca_file=STANDIN["ca_file"], **options) as client:
            result = client.create_key(account.username, PASSWORD)
        truth = account.truth()
        print(f"{self.id().rpartition('.')[2]:<60} {result.status:<20} {result.key_state}")
        if status is None:
            self.assertIn(result[:2], (("MBV_OK", "replaced"), ("MBV_ERR_TIMEOUT", "unchanged")))
            status = result.status
        self.assertEqual((result.status, result.key_state), (status, key_state or result.key_state), result.message)
        self.assertEqual(truth["requests"], 1 if status == "MBV_OK" else 0)
        self.assertEqual(truth["valid_key"], result.key if status == "MBV_OK" else account.old["valid_key"])

    def test_several_addresses_of_which_the_first_refuse(self):
        from tests.interop.parts import Nginx

        with Nginx(address="127.0.0.5") as nginx:
            self.assertEqual(addresses("several.standin.test"), ["127.0.0.2", "127.0.0.3", "127.0.0.5"])
            self.create("several.standin.test", "MBV_OK", "replaced", port=nginx.port)

    def test_several_addresses_of_which_the_first_is_dead(self):
        from tests.interop.parts import Nginx

        with Nginx(address="127.0.0.5") as nginx, socket.create_server(("127.0.0.2", nginx.port), backlog=0) as dead:
            waiting = [socket.socket() for _ in range(8)]
            for connection in waiting:
                connection.setblocking(False)
                connection.connect_ex(dead.getsockname())
            # libcurl before 8.0 does not notice a later address that answers: then the call times out, and says so.
            self.create("several.standin.test", None, None, port=nginx.port, connect_timeout_ms=500)
            for connection in waiting:
                connection.close()

    def test_a_name_server_that_does_not_answer(self):
        with NameServer() as server:
            self.create("unknown.standin.test", "MBV_ERR_TIMEOUT", "unchanged", connect_timeout_ms=200)
            self.assertTrue(server.asked.is_set())

    def test_cancelled_while_a_name_server_does_not_answer(self):
        from tests.interop.library import Client
        from tests.interop.parts import PASSWORD

        with NameServer() as server, Client("https://unknown.standin.test") as client:
            results = []
            thread = threading.Thread(target=lambda: results.append(client.create_key("a@example.com", PASSWORD)))
            thread.start()
            self.assertTrue(server.asked.wait(20))
            client.cancel()
            thread.join()
            self.assertEqual(results[0][:2], ("MBV_ERR_CANCELLED", "unchanged"))

    def test_a_name_server_that_knows_no_such_name(self):
        with NameServer(3) as server:
            self.create("unknown.standin.test", "MBV_ERR_RESOLVE", "unchanged")
            self.assertTrue(server.asked.is_set())

    def test_a_name_server_that_fails(self):
        with NameServer(2) as server:
            self.create("unknown.standin.test", "MBV_ERR_RESOLVE", "unchanged")
            self.assertTrue(server.asked.is_set())

    def test_no_name_server(self):
        self.create("unknown.standin.test", "MBV_ERR_RESOLVE", "unchanged")


if __name__ == "__main__":
    step = sys.argv.pop() if len(sys.argv) > 1 else "outside"
    if step == "outside":
        enter()
    if step == "inside":
        sys.exit(prepare())
    unittest.main()
