# SPDX-License-Identifier: MIT
"""Programs that stand between a client and the service, each on a port of its own."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from tests.support import standin

STANDIN = standin.facts()
# Some install into folders that are not on everybody's path.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
PASSWORD = standin.PASSWORD
SECONDS = standin.PATIENCE
ask = standin.control


class Account:
    count = 0

    def __init__(self, **scenario):
        Account.count += 1
        self.username = f"interop-{Account.count}@example.com"
        self.old = standin.create_account(self.username, scenario=scenario)

    def truth(self, **waiting):
        return standin.account(self.username, **waiting)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_true(condition, what):
    until = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"{what}: not within {SECONDS} seconds")
        time.sleep(0.005)


def established(port):
    """How many connections to that port of this machine are open, or not yet closed by its side."""
    count = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            count += int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "01"
    return count


class Part:
    """A program with a folder of its own, that is there once its port answers."""

    program = None
    address = "127.0.0.1"

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobivate-interop-"))
        self.port = free_port()
        self.process = None

    def command(self):
        raise NotImplementedError

    def start(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(os.environ, PATH=PATH)
            )
        await_true(self._answers, self.program)
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.program} has not started: " + (self.folder / "output").read_text())
        try:
            socket.create_connection((self.address, self.port)).close()
            return True
        except ConnectionRefusedError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)


class Nginx(Part):
    """nginx with TLS in front of the stand-in. `http` and `server` are further lines of its configuration."""

    program = "nginx"

    def __init__(self, server="", http="", listen="ssl", location="", upstream=None, address="127.0.0.1"):
        super().__init__()
        self.address = address
        self.log = self.folder / "access.log"
        self.log.touch()
        upstream = upstream or STANDIN["http"].removeprefix("http://")
        (self.folder / "nginx.conf").write_text(
            f"""
daemon off;
worker_processes 1;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{}}
http {{
  log_format connections '$connection $connection_requests $status';
  access_log {self.log} connections;
  client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi;
  scgi_temp_path {self.folder}/scgi;
  {http}
  server {{
    listen {address}:{self.port} {listen};
    server_name localhost;
    ssl_certificate {STANDIN["server_chain_file"]};
    ssl_certificate_key {STANDIN["server_key_file"]};
    {server}
    location / {{ proxy_pass http://{upstream}; {location} }}
  }}
}}
"""
        )
        self.url = f"https://localhost:{self.port}"

    def command(self):
        # As root it would make its temporary folders for somebody else.
        as_root = ["-g", "user root;"] if os.geteuid() == 0 else []
        return [
            "nginx",
            "-p",
            str(self.folder),
            "-e",
            str(self.folder / "error.log"),
            "-c",
            str(self.folder / "nginx.conf"),
            *as_root,
        ]

    def requests(self, count):
        """(connection, how many requests came on it so far, status) of each request, once there were so many: nginx logs one
        after it has answered."""
        await_true(lambda: self.log.read_text().count("\n") >= count, f"{count} lines in nginx's log")
        return [tuple(int(number) for number in line.split()) for line in self.log.read_text().splitlines()]


class Tinyproxy(Part):
    program = "tinyproxy"

    def __init__(self, lines=""):
        super().__init__()
        self.log = self.folder / "log"
        (self.folder / "tinyproxy.conf").write_text(
            f'Port {self.port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogFile "{self.log}"\nLogLevel Connect\n{lines}\n'
        )

    def command(self):
        return ["tinyproxy", "-d", "-c", str(self.folder / "tinyproxy.conf")]

    def url(self, login=""):
        return f"http://{login}127.0.0.1:{self.port}"

    def connects(self):
        return self.log.read_text().count(": CONNECT ")


class TlsTinyproxy:
    """tinyproxy behind nginx, which does TLS: an https proxy."""

    def __init__(self):
        self.proxy = Tinyproxy()

    def __enter__(self):
        self.proxy.start()
        self.front = StreamNginx(self.proxy.port).start()
        return self

    def url(self):
        return f"https://localhost:{self.front.port}"

    def __exit__(self, *_):
        self.front.__exit__()
        self.proxy.__exit__()


class StreamNginx(Nginx):
    """nginx that takes the TLS off a stream."""

    def __init__(self, target):
        super().__init__()
        (self.folder / "nginx.conf").write_text(
            f"""
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
worker_processes 1;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{}}
stream {{
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_certificate {STANDIN["server_chain_file"]};
    ssl_certificate_key {STANDIN["server_key_file"]};
    proxy_pass 127.0.0.1:{target};
  }}
}}
"""
        )


class Microsocks(Part):
    program = "microsocks"

    def __init__(self, user=None, password=None):
        super().__init__()
        self.login = ["-u", user, "-P", password] if user else []

    def command(self):
        return ["microsocks", "-i", "127.0.0.1", "-p", str(self.port), *self.login]
