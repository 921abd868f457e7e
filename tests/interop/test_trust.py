# SPDX-License-Identifier: MIT
"""Every chain with every trust gets the verdict that curl gives it: what is looked up in an index is trusted no more and no less."""

import collections
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

from tests.interop.library import Client

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "standin"))
from certificates import BMP_STRING, PRINTABLE_STRING, T61_STRING, Certificate

HOSTS = ("localhost", "127.0.0.1")
PAST, FUTURE = (-20, -10), (10, 20)
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 28\r\nConnection: close\r\n\r\n{"apiKey":"a-key-of-a-test"}'
SERVER_AUTH, CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
SYSTEM_BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


class Server:
    """Answers each connection with a chain and a key, once the handshake is through."""

    def __init__(self, folder, name, chain):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        file, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
        file.write_text("".join(certificate.pem() for certificate in chain))
        key.write_text(chain[0].key.pem())
        self.context.load_cert_chain(file, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(connection, server_side=True) as tls:
                    received = b""
                    while b"\r\n\r\n" not in received and (data := tls.recv(65536)):
                        received += data
                    tls.sendall(ANSWER)
            except OSError:
                pass  # the client does not trust it, and goes
            finally:
                connection.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def certificates():
    """{name: certificate}: what chains and trusts are made of."""
    found = {}

    def make(name, *arguments, **options):
        found[name] = Certificate(*arguments, **options)
        return found[name]

    def leaf(name, issuer, hosts=HOSTS, **options):
        return make(name, options.pop("common_name", "localhost"), issuer, hosts=hosts, **options)

    root = make("root", "A Root", authority=True)
    other = make("other", "Another Root", authority=True)
    intermediate = make("intermediate", "An Intermediate", root, authority=True)
    make("crossed intermediate", "An Intermediate", other, authority=True, key=intermediate.key)
    make("expired intermediate", "An Intermediate", root, authority=True, key=intermediate.key, days=PAST)
    make("namesake intermediate", "An Intermediate", root, authority=True)
    make("crossed root", "A Root", other, authority=True, key=root.key)
    make("expired root", "A Root", authority=True, key=root.key, days=PAST)
    make("future root", "A Root", authority=True, key=root.key, days=FUTURE)
    make("namesake root", "A Root", authority=True)
    make("shouted root", "A  ROOT ", authority=True, key=root.key, string=PRINTABLE_STRING)
    make("BMP root", "A Root", authority=True, key=root.key, string=BMP_STRING)
    make("T61 root", "A Root", authority=True, key=root.key, string=T61_STRING)
    old = make("version 1 root", "An Old Root", authority=True, version=1)
    umlaut = make("umlaut root", "Ein Root \u00fcber alles", authority=True)
    make("umlaut T61 root", "Ein Root \u00fcber alles", authority=True, key=umlaut.key, string=T61_STRING)
    no_authority = make("no authority", "No Authority", root)
    second = make("second intermediate", "A Second Intermediate", intermediate, authority=True)
    leaf("leaf", intermediate)
    leaf("expired leaf", intermediate, days=PAST)
    leaf("future leaf", intermediate, days=FUTURE)
    leaf("leaf of another host", intermediate, hosts=("other.example.com",))
    leaf("leaf of the root", root)
    leaf("leaf with a printable issuer", intermediate, issuer_name=("AN intermediate", PRINTABLE_STRING))
    leaf("leaf with a BMP issuer", root, issuer_name=("a root", BMP_STRING))
    leaf("self-signed leaf", None)
    leaf("leaf of no authority", no_authority)
    leaf("leaf of the old root", old)
    leaf("leaf of the umlaut root", umlaut)
    leaf("leaf of the second intermediate", second)
    leaf("leaf of the namesake", found["namesake root"])
    make("stranger", "A Stranger", authority=True)
    return found


CHAINS = {
    "whole": ["leaf", "intermediate"],
    "with the root": ["leaf", "intermediate", "root"],
    "without the intermediate": ["leaf"],
    "crossed": ["leaf", "crossed intermediate"],
    "both ways": ["leaf", "intermediate", "crossed intermediate"],
    "both ways, the other one first": ["leaf", "crossed intermediate", "intermediate"],
    "by the crossed root": ["leaf", "intermediate", "crossed root"],
    "expired intermediate": ["leaf", "expired intermediate"],
    "expired and sound intermediate": ["leaf", "expired intermediate", "intermediate"],
    "namesake first": ["leaf", "namesake intermediate", "intermediate"],
    "more than needed": ["leaf", "stranger", "intermediate", "other"],
    "expired leaf": ["expired leaf", "intermediate"],
    "future leaf": ["future leaf", "intermediate"],
    "another host": ["leaf of another host", "intermediate"],
    "no intermediate": ["leaf of the root"],
    "printable issuer": ["leaf with a printable issuer", "intermediate"],
    "BMP issuer": ["leaf with a BMP issuer"],
    "self-signed": ["self-signed leaf"],
    "no authority": ["leaf of no authority", "no authority"],
    "old root": ["leaf of the old root"],
    "umlaut": ["leaf of the umlaut root"],
    "two intermediates": ["leaf of the second intermediate", "second intermediate", "intermediate"],
    "two intermediates, one sent": ["leaf of the second intermediate", "second intermediate"],
    "namesake": ["leaf of the namesake"],
}
TRUSTS = [
    ["root"],
    ["other"],
    ["stranger"],
    ["intermediate"],
    ["crossed intermediate"],
    ["leaf"],
    ["self-signed leaf"],
    ["expired root"],
    ["expired root", "root"],
    ["root", "expired root"],
    ["future root", "root"],
    ["namesake root", "root"],
    ["root", "namesake root"],
    ["namesake root"],
    ["crossed root"],
    ["crossed root", "other"],
    ["expired intermediate", "root"],
    ["namesake intermediate", "root"],
    ["shouted root"],
    ["BMP root"],
    ["T61 root"],
    ["root", "root"],
    ["stranger", "root", "other", "intermediate"],
    ["version 1 root"],
    ["umlaut root"],
    ["umlaut T61 root"],
    ["second intermediate"],
    ["expired leaf", "leaf of another host"],
]


def forms(made):
    """{name: the text of a file}: the same trust, and less, in every form that is met in the world."""
    root, other, intermediate = (made[name].pem() for name in ("root", "other", "intermediate"))
    broken_text = other.replace("\nMII", "\n!!!", 1)
    broken_der = other[:60] + other[124:]
    return {
        "CRLF": (other + root).replace("\n", "\r\n"),
        "text between": f"# one\nsubject=CN = A Root\n{other}\nAnd another:\n\n{root}The end.\n",
        "no newline at the end": (other + root)[:-1],
        "a byte order mark": "\ufeff" + other + root,
        "spaces at the ends of lines": (other + root).replace("\n", "  \n"),
        "a blank line": (other + root).replace("-----\nMII", "-----\n\nMII"),
        "trusted for servers": other + made["root"].trusted_pem(SERVER_AUTH),
        "trusted for clients": other + made["root"].trusted_pem(CLIENT_AUTH),
        "rejected for servers": made["root"].trusted_pem(SERVER_AUTH, reject=True) + other,
        "rejected and plain": made["root"].trusted_pem(SERVER_AUTH, reject=True) + root,
        "plain and rejected": root + made["root"].trusted_pem(SERVER_AUTH, reject=True),
        "a rejected intermediate": root + made["intermediate"].trusted_pem(SERVER_AUTH, reject=True),
        "the old label": root.replace("CERTIFICATE", "X509 CERTIFICATE"),
        "another label": root.replace("CERTIFICATE", "CERTIFICATES"),
        "a key beside it": made["root"].key.pem() + root,
        "broken base64 behind": root + broken_text,
        "broken base64 before": broken_text + root,
        "broken DER behind": root + broken_der,
        "broken DER before": broken_der + root,
        "cut": other + root[:-60],
        "cut before another": root[:-60] + root,
        "on one line": root.replace("\n", "").replace("-----MII", "-----\nMII").replace("-----END", "\n-----END") + "\n",
        "lines of 76": "".join(
            (
                "-----BEGIN CERTIFICATE-----\n",
                *(body[at : at + 76] + "\n" for body in ["".join(root.splitlines()[1:-1])] for at in range(0, len(body), 76)),
                "-----END CERTIFICATE-----\n",
            )
        ),
        "nothing": "",
        "only text": "no certificates here\n",
        "indented": "".join(" " + line + "\n" for line in root.splitlines()),
        "all of the system's": (SYSTEM_BUNDLE.read_text() if SYSTEM_BUNDLE.exists() else other * 100) + root,
        "an intermediate among the system's": intermediate
        + (SYSTEM_BUNDLE.read_text() if SYSTEM_BUNDLE.exists() else other * 100),
    }


class Trust(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="mobivate-trust-")
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.made = certificates()
        cls.servers = {}
        for name, chain in CHAINS.items():
            cls.servers[name] = Server(cls.folder, name, [cls.made[member] for member in chain])
            cls.addClassCleanup(cls.servers[name].close)
        cls.verdicts = collections.Counter()
        cls.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and name not in ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE")
        }

    @classmethod
    def tearDownClass(cls):
        print("combinations, by verdict:", dict(cls.verdicts), flush=True)

    def verdict(self, port, trust):
        """The library's."""
        with Client(f"https://localhost:{port}", **trust) as client:
            result = client.create_key("somebody@example.com", "a-password")
        self.assertIn(result.status, ("MBV_OK", "MBV_ERR_TLS"), result.message)
        return result.status == "MBV_OK", result.message

    def verdict_of_curl(self, port, trust):
        options = [
            word for name, path in trust.items() for word in ({"ca_file": "--cacert", "ca_dir": "--capath"}[name], str(path))
        ]
        finished = subprocess.run(
            ["curl", "-q", "-s", "-o", "/dev/null", *options, f"https://localhost:{port}/"], env=self.environment
        )
        # not trusted; not to be read; no handshake
        self.assertIn(finished.returncode, (0, 60, 77, 35))
        return finished.returncode == 0

    def compare(self, chain, what, trust):
        port = self.servers[chain].port
        ours, message = self.verdict(port, trust)
        theirs = self.verdict_of_curl(port, trust)
        self.verdicts[theirs] += 1
        with self.subTest(chain=chain, trust=what):
            self.assertEqual(ours, theirs, message)

    def file(self, text):
        path = self.folder / "trust.pem"
        path.write_bytes(text.encode())
        return path

    def hashed(self, names):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        for number, name in enumerate(names):
            (folder / f"{number}.pem").write_text(self.made[name].pem())
        subprocess.run(["openssl", "rehash", folder], check=True, stderr=subprocess.DEVNULL)
        return folder

    def test_every_chain_with_every_bundle(self):
        for names in TRUSTS:
            path = self.file("".join(self.made[name].pem() for name in names))
            for chain in CHAINS:
                self.compare(chain, names, {"ca_file": path})

    def test_every_form_of_a_bundle(self):
        for form, text in forms(self.made).items():
            path = self.file(text)
            for chain in ("whole", "no intermediate", "crossed", "self-signed"):
                self.compare(chain, form, {"ca_file": path})

    def test_a_directory_alone_and_with_a_bundle(self):
        for names in (["root"], ["intermediate"], ["stranger"], ["namesake root", "root"], ["expired root"]):
            folder = self.hashed(names)
            for chain in ("whole", "crossed", "no intermediate", "two intermediates, one sent"):
                # curl would take the system's bundle as well.
                nothing = self.file(self.made["stranger"].pem())
                self.assertEqual(
                    self.verdict(self.servers[chain].port, {"ca_dir": folder})[0],
                    self.verdict_of_curl(self.servers[chain].port, {"ca_dir": folder, "ca_file": nothing}),
                    (names, chain),
                )
                for more in (["root"], ["other"], ["intermediate"]):
                    path = self.file("".join(self.made[name].pem() for name in more))
                    self.compare(chain, (names, more), {"ca_dir": folder, "ca_file": path})


if __name__ == "__main__":
    unittest.main()
