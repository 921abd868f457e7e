# SPDX-License-Identifier: MIT
"""A stand-in for the Mobivate service on loopback: python3 tests/standin [options] [-- COMMAND ARGUMENTS...]"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

from certificates import Certificate
from http_server import Server
from service import ControlError, Service

HERE = pathlib.Path(__file__).resolve().parent
HOSTS = ("localhost", "127.0.0.1", "::1", "*.standin.test")


def arguments():
    parser = argparse.ArgumentParser(
        prog="python3 tests/standin",
        description="A stand-in for the Mobivate service, on loopback, with a CA of its own. "
        "Prints where it listens as a line of JSON, and ends with SIGTERM or SIGINT. With a COMMAND it runs that with the "
        "same facts in the environment (MOBIVATE_STANDIN) and ends with its exit status.",
    )
    parser.add_argument("--http-port", type=int, default=0, metavar="PORT", help="default: a free one")
    parser.add_argument("--https-port", type=int, default=0, metavar="PORT", help="default: a free one")
    parser.add_argument("--directory", type=pathlib.Path, help="where to put the certificates, and keep them")
    parser.add_argument("--scenarios", type=pathlib.Path, default=HERE / "scenarios.json", help="another table of scenarios")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input does")
    parser.add_argument("--verbose", action="store_true", help="a line for each request on standard error")
    parser.add_argument("command", nargs="*", metavar="-- COMMAND")
    return parser.parse_args()


def server_context(folder, name, certificate, chain=()):
    """A TLS context for a certificate, whose files stay in the folder."""
    chain_file, key_file = folder / f"{name}.pem", folder / f"{name}-key.pem"
    chain_file.write_text("".join(issued.pem() for issued in (certificate, *chain)))
    key_file.write_text(certificate.key.pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain_file, key_file)
    return context


def contexts(folder, silent):
    """The TLS context of each listener, by the name of what is wrong with it; "server" is the good one."""
    root = Certificate("libmobivate stand-in root", authority=True)
    intermediate = Certificate("libmobivate stand-in intermediate", root, authority=True)
    stranger = Certificate("libmobivate stranger root", authority=True)
    (folder / "ca.pem").write_text(root.pem())
    (folder / "intermediate.pem").write_text(intermediate.pem())
    (folder / "ca-dir").mkdir(exist_ok=True)
    (folder / "ca-dir" / f"{root.subject_hash()}.0").write_text(root.pem())

    good = Certificate("localhost", intermediate, hosts=HOSTS)
    found = {
        "server": server_context(folder, "server", good, [intermediate]),
        "expired": server_context(
            folder, "expired", Certificate("localhost", intermediate, hosts=HOSTS, days=(-20, -10)), [intermediate]
        ),
        "self_signed": server_context(folder, "self-signed", Certificate("localhost", hosts=HOSTS)),
        "wrong_host": server_context(
            folder, "wrong-host", Certificate("other.example.com", intermediate, hosts=["other.example.com"]), [intermediate]
        ),
        "untrusted": server_context(folder, "untrusted", Certificate("localhost", stranger, hosts=HOSTS)),
        "no_intermediate": server_context(folder, "no-intermediate", good),
        # As that one, but whoever looks for the intermediate is kept waiting.
        "unreachable_issuer": server_context(
            folder,
            "unreachable-issuer",
            Certificate("localhost", intermediate, hosts=HOSTS, issuer_url=f"http://{silent}/intermediate.cer"),
        ),
    }
    for name in ("tls11_only", "no_close_notify", "tls12_cbc", "tls12"):
        found[name] = server_context(folder, "server", good, [intermediate])
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is deprecated is the point
        found["tls11_only"].minimum_version = found["tls11_only"].maximum_version = ssl.TLSVersion.TLSv1_1
    found["tls11_only"].set_ciphers("DEFAULT:@SECLEVEL=0")
    found["tls12"].maximum_version = found["tls12_cbc"].maximum_version = ssl.TLSVersion.TLSv1_2
    found["tls12_cbc"].set_ciphers("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA")
    return found


def listeners(port=0):
    """Sockets on 127.0.0.1 and, where the system has it, on the same port of ::1."""
    first = socket.create_server(("127.0.0.1", port), backlog=512)
    try:
        return [first, socket.create_server(("::1", first.getsockname()[1]), family=socket.AF_INET6, backlog=512)]
    except OSError:
        return [first]


def address(sock):
    return "127.0.0.1:%d" % sock.getsockname()[1]


class OddHosts:
    """Hosts that are no service at all."""

    def __init__(self):
        # Bound and not listening: nobody else gets the port, and a connection is refused.
        self.refused = socket.socket()
        self.refused.bind(("127.0.0.1", 0))
        self.silent = socket.create_server(("127.0.0.1", 0), backlog=512)
        # An accept queue that is full: the system leaves further attempts to connect unanswered.
        self.full = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.queued = []
        for _ in range(8):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(self.full.getsockname())
            self.queued.append(connection)

    def facts(self):
        return {name: address(getattr(self, name)) for name in ("refused", "silent", "full")}


def start(options, folder):
    """Starts everything, and returns the facts."""
    server = Server(Service(json.loads(options.scenarios.read_text())), options.verbose)
    odd_hosts = OddHosts()
    tls = contexts(folder, odd_hosts.facts()["silent"])
    http, https = listeners(options.http_port), listeners(options.https_port)
    for sock in http:
        server.listen(sock)
    for sock in https:
        server.listen(sock, tls["server"])
    faults = {}
    for name, context in tls.items():
        if name == "server":
            continue
        sockets = listeners()
        for sock in sockets:
            server.listen(sock, context, close_notify=name != "no_close_notify")
        faults[name] = "https://localhost:%d" % sockets[0].getsockname()[1]
    server.relays.targets = {"http": (http[0].getsockname(), "http"), "https": (https[0].getsockname(), "https")}
    start.kept = (server, odd_hosts)  # as long as the process lives
    return {
        "http": f"http://{address(http[0])}",
        "https": "https://localhost:%d" % https[0].getsockname()[1],
        "ca_file": str(folder / "ca.pem"),
        "ca_dir": str(folder / "ca-dir"),
        "server_chain_file": str(folder / "server.pem"),
        "server_key_file": str(folder / "server-key.pem"),
        "tls_faults": faults,
        "hosts": odd_hosts.facts(),
        "pid": os.getpid(),
    }


def run_command(command, facts):
    environment = dict(
        os.environ,
        MOBIVATE_STANDIN=json.dumps(facts),
        MOBIVATE_STANDIN_HTTP=facts["http"],
        MOBIVATE_STANDIN_HTTPS=facts["https"],
        MOBIVATE_STANDIN_CA_FILE=facts["ca_file"],
        MOBIVATE_STANDIN_CA_DIR=facts["ca_dir"],
    )
    children = []
    # Before the command starts, which is not to ignore what this does: in a shell's background, or under nohup. Tests send them to programs.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, lambda received, _: [child.send_signal(received) for child in children])
    try:
        children.append(subprocess.Popen(command, env=environment))
    except OSError as problem:
        print(f"{command[0]}: {problem.strerror}", file=sys.stderr)
        return 127
    status = children[0].wait()
    return status if status >= 0 else 128 - status


def serve(options, facts):
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    print(json.dumps(facts), flush=True)
    if options.until_stdin_closes:
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), ended.set()), daemon=True).start()
    ended.wait()
    return 0


def main():
    sys.dont_write_bytecode = True
    options = arguments()
    temporary = None
    if options.directory is None:
        temporary = folder = pathlib.Path(tempfile.mkdtemp(prefix="mobivate-standin-"))
    else:
        folder = options.directory.resolve()
        folder.mkdir(parents=True, exist_ok=True)
    try:
        facts = start(options, folder)
        return run_command(options.command, facts) if options.command else serve(options, facts)
    except (OSError, ValueError, ControlError) as problem:
        print(f"python3 tests/standin: {problem}", file=sys.stderr)
        return 1
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    # The threads of open connections must not hold up the end.
    code = main()
    sys.stdout.flush()
    os._exit(code)
