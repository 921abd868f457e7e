# SPDX-License-Identifier: MIT
"""The stand-in itself: python3 tests/standin/test_standin.py"""

import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent


class Standin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen(
            [sys.executable, str(HERE), "--until-stdin-closes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        cls.addClassCleanup(cls.end)
        cls.facts = json.loads(cls.process.stdout.readline())

    @classmethod
    def end(cls):
        cls.process.stdin.close()
        cls.process.stdout.close()
        if cls.process.wait(timeout=10) != 0 or os.path.exists(cls.facts["ca_file"]):
            raise AssertionError("the stand-in has not ended well")

    def connect(self, url=None, context=None):
        # By address: a system without /etc/hosts does not know localhost.
        parts = urllib.parse.urlsplit((url or self.facts["http"]).replace("localhost", "127.0.0.1"))
        if parts.scheme == "https":
            context = context or ssl.create_default_context(cafile=self.facts["ca_file"])
            return http.client.HTTPSConnection(parts.hostname, parts.port, context=context, timeout=10)
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)

    def ask(self, method, path, body=None, connection=None, headers=None):
        connection = connection or self.connect()
        self.addCleanup(connection.close)
        connection.request(method, path, json.dumps(body) if isinstance(body, dict) else body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def create(self, username, password="correct-password", connection=None):
        return self.ask("POST", "/auth/createkey", {"username": username, "password": password}, connection)

    def account(self, username, scenario=None):
        status, state = self.ask(
            "POST", "/standin/accounts", {"username": username, "password": "correct-password", "scenario": scenario or {}}
        )
        self.assertEqual(status, 201)
        return state

    def truth(self, username):
        return self.ask("GET", "/standin/accounts/" + urllib.parse.quote(username))[1]

    def valid(self, key):
        return self.ask("GET", "/auth/test", headers={"Authorization": "Bearer " + key})

    # ---- The service ----

    def test_a_success_revokes_the_key_before(self):
        old = self.account("one@example.com")["valid_key"]
        self.assertEqual(self.valid(old), (200, {"message": "API Key is valid"}))
        status, answer = self.create("one@example.com", connection=self.connect(self.facts["https"]))
        self.assertEqual((status, list(answer)), (200, ["apiKey"]))
        self.assertRegex(answer["apiKey"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertEqual(self.valid(answer["apiKey"])[0], 200)
        self.assertEqual(self.valid(old), (401, {"code": 401, "message": "Invalid API Key"}))
        truth = self.truth("one@example.com")
        self.assertEqual((truth["requests"], truth["replaced"], truth["valid_key"]), (1, 1, answer["apiKey"]))

    def test_refusals(self):
        refused = (401, {"code": 401, "message": "Invalid Credentials"})
        self.assertEqual(self.create("alice@example.com", "wrong"), refused)
        self.assertEqual(self.create("nobody@example.com"), refused)
        for body in ("", "not json", "[]", '{"username":"alice@example.com"}', '{"username":1,"password":"x"}', '"text"'):
            self.assertEqual(self.ask("POST", "/auth/createkey", body)[0], 400, body)
        self.assertEqual(self.ask("GET", "/auth/createkey")[0], 405)
        self.assertEqual(self.ask("POST", "/auth/test")[0], 405)
        self.assertEqual(self.ask("GET", "/elsewhere")[0], 404)
        self.assertEqual(self.create("alice@example.com", "correct horse battery staple")[0], 200)
        self.assertEqual(self.ask("POST", "/v2/auth/createkey", {"username": "bob@example.com", "password": "hunter2"})[0], 200)

    def test_getting_and_testing_change_nothing(self):
        key = self.account("reader@example.com")["valid_key"]
        credentials = {"username": "reader@example.com", "password": "correct-password"}
        self.assertEqual(self.ask("POST", "/auth/getkey", credentials), (200, {"apiKey": key}))
        self.assertEqual(
            self.ask("POST", "/auth/getkey", {**credentials, "password": "wrong"}),
            (401, {"code": 401, "message": "Invalid Credentials"}),
        )
        self.assertEqual(self.valid(key)[0], 200)
        truth = self.truth("reader@example.com")
        self.assertEqual((truth["requests"], truth["get_requests"], truth["test_requests"]), (0, 2, 1))
        self.assertEqual((truth["replaced"], truth["valid_key"]), (0, key))
        self.assertEqual(self.ask("GET", "/auth/getkey")[0], 405)
        self.create("reader@example.com")
        self.assertEqual(self.valid(key)[0], 401)
        self.assertEqual(self.truth("reader@example.com")["test_requests"], 2)
        self.assertEqual(self.ask("GET", "/standin/keys/" + key), (200, {"valid": False}))

    def test_each_call_has_a_scenario_of_its_own(self):
        key = self.account(
            "own@example.com", {"status": 429, "get": "server-error-that-did-not", "test": {"sequence": [{"status": 503}, {}]}}
        )["valid_key"]
        self.assertEqual(self.create("own@example.com")[0], 429)
        self.assertEqual(
            self.ask("POST", "/auth/getkey", {"username": "own@example.com", "password": "correct-password"})[0], 500
        )
        self.assertEqual([self.valid(key)[0] for _ in range(3)], [503, 200, 200])

    def test_an_account_without_a_key(self):
        status, state = self.ask(
            "POST", "/standin/accounts", {"username": "new@example.com", "password": "correct-password", "has_key": False}
        )
        self.assertEqual((status, state["valid_key"]), (201, None))
        credentials = {"username": "new@example.com", "password": "correct-password"}
        self.assertEqual(self.ask("POST", "/auth/getkey", credentials), (404, {"code": 404, "message": "No API Key"}))
        key = self.create("new@example.com")[1]["apiKey"]
        self.assertEqual(self.ask("POST", "/auth/getkey", credentials), (200, {"apiKey": key}))

    def test_a_chunked_request_and_one_in_pieces(self):
        self.account("pieces@example.com")
        body = json.dumps({"username": "pieces@example.com", "password": "correct-password"}).encode()
        connection = self.connect()
        connection.request("POST", "/auth/createkey", iter([body[:10], body[10:]]), {}, encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()
        self.assertEqual(self.truth("pieces@example.com")["requests"], 1)

    # ---- Failing on demand ----

    def raw(self, username, scenario, before=()):
        """The bytes that come back on a plain socket until the stand-in ends the connection."""
        self.account(username, scenario)
        parts = urllib.parse.urlsplit(self.facts["http"])
        body = json.dumps({"username": username, "password": "correct-password"})
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
            sock.sendall(
                f"POST /auth/createkey HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
            )
            data = b""
            while part := sock.recv(65536):
                data += part
                if len(data) > 200000:
                    break
        return data

    def test_cuts_are_to_the_byte(self):
        whole = b"HTTP/1.1 200 OK\r\n"
        for after in (0, 1, 5, 17):
            data = self.raw("cut@example.com", {"cut": {"after": after, "how": "close"}})
            self.assertEqual(data, whole[:after])
            self.assertEqual(self.truth("cut@example.com")["replaced"], 1)
        self.assertTrue(self.raw("cut@example.com", {"cut": {"after": "headers", "how": "close"}}).endswith(b"\r\n\r\n"))
        with self.assertRaises(ConnectionResetError):
            self.raw("cut@example.com", {"cut": {"after": 0, "how": "reset"}})

    def test_what_a_scenario_can_say(self):
        data = self.raw(
            "x@example.com",
            {
                "status": 429,
                "reason": "Slow",
                "headers": [["Retry-After", "{date+60}"], ["Date", None]],
                "body": {"m": "{username}"},
            },
        )
        self.assertTrue(data.startswith(b"HTTP/1.1 429 Slow\r\n"), data)
        self.assertRegex(data, rb"\r\nRetry-After: \w{3}, .* GMT\r\n")
        self.assertNotIn(b"\r\nDate:", data)
        self.assertTrue(data.endswith(b'\r\n\r\n{"m":"x@example.com"}'), data)
        self.assertEqual(self.truth("x@example.com")["replaced"], 0)
        self.assertEqual(self.raw("x@example.com", {"raw_text": "any{{thing"}), b"any{thing")
        data = self.raw("x@example.com", {"chunked": 7, "body_text": "0123456789"})
        self.assertTrue(data.endswith(b"\r\n\r\n7\r\n0123456\r\n3\r\n789\r\n0\r\n\r\n"), data)
        self.assertIn(b"HTTP/1.1 103 Interim\r\n\r\nHTTP/1.1 200", self.raw("x@example.com", {"informational": [103]}))
        self.assertEqual(self.raw("x@example.com", {"informational": {"status": 100, "repeat": 3}}).count(b"HTTP/1.1 100"), 3)
        self.assertGreater(len(self.raw("x@example.com", {"endless": "body"})), 200000)
        self.raw("x@example.com", {"key_from_password": True})
        self.assertEqual(self.truth("x@example.com")["valid_key"], "9246aa9b-e8de-7b40-d64e-b66498643079")  # by sha256sum
        self.raw("x@example.com", {"key_size": 300})
        self.assertEqual(len(self.truth("x@example.com")["valid_key"]), 300)

    def test_a_sequence(self):
        self.account("seq@example.com", {"sequence": [{"status": 500}, {"status": 403}, {}]})
        self.assertEqual([self.create("seq@example.com")[0] for _ in range(4)], [500, 403, 200, 200])

    def test_a_lost_answer_on_a_kept_connection(self):
        self.account("lost@example.com", {"keep": "lose_next"})
        connection = self.connect()
        self.assertEqual(self.create("lost@example.com", connection=connection)[0], 200)
        with self.assertRaises(http.client.RemoteDisconnected):
            self.create("lost@example.com", connection=connection)
        truth = self.truth("lost@example.com")
        self.assertEqual((truth["requests"], truth["replaced"]), (2, 2))
        self.assertEqual(truth["connections"][0], truth["connections"][1])

    def test_the_open_connections_of_an_account(self):
        def opened(username, expected):
            path = f"/standin/accounts/{username}?open_connections={expected}&timeout_ms=10000"
            return self.ask("GET", path)[1]["open_connections"]

        for username in ("open@example.com", "another@example.com"):
            self.account(username)
        first, second, anothers = self.connect(), self.connect(self.facts["https"]), self.connect()
        for connection in (first, first, second):
            self.create("open@example.com", connection=connection)
        self.create("another@example.com", connection=anothers)
        self.assertEqual(opened("open@example.com", 2), 2)
        first.close()
        self.assertEqual(opened("open@example.com", 1), 1)
        second.close()
        self.assertEqual(opened("open@example.com", 0), 0)
        self.assertEqual(opened("another@example.com", 1), 1)
        # Who does not ask for it has a state that stays the same.
        self.assertNotIn("open_connections", self.truth("another@example.com"))
        # Also one that has asked the control interface meanwhile.
        both = self.connect()
        self.create("open@example.com", connection=both)
        self.assertEqual(self.ask("GET", "/standin/state", connection=both)[0], 200)
        self.assertEqual(opened("open@example.com", 1), 1)
        both.close()
        self.assertEqual(opened("open@example.com", 0), 0)

    def test_every_scenario_of_the_table_has_an_account_and_answers(self):
        table = json.loads((HERE / "scenarios.json").read_text())
        for name, scenario in table["scenarios"].items():
            if "endless" in scenario or scenario.get("cut", {}).get("how") == "stall":
                continue
            with self.subTest(name):
                connection = self.connect()
                try:
                    self.create(name + "@example.com", connection=connection)
                except (OSError, http.client.HTTPException, ValueError, RecursionError):
                    pass
                self.assertEqual(self.truth(name + "@example.com")["requests"], 1)

    def test_the_control_interface_names_what_is_wrong(self):
        for method, path, body, words in (
            ("POST", "accounts", {"username": "", "password": "x"}, "username"),
            ("POST", "accounts", {"username": "u", "password": "x", "scenario": "none-such"}, "none-such"),
            ("POST", "accounts", {"username": "u", "password": "x", "scenario": {"stauts": 500}}, "stauts"),
            ("GET", "accounts/none", None, "none"),
            ("GET", "nothing", None, "/standin/nothing"),
            ("POST", "relays", {"target": "x"}, "target"),
            ("PUT", "relays/99", {}, "99"),
            ("GET", "state?requests=x", None, "requests"),
        ):
            status, answer = self.ask(method, "/standin/" + path, body)
            self.assertIn(status, (400, 404))
            self.assertIn(words, answer["message"])

    # ---- Relays ----

    def test_a_relay_cuts_to_the_byte_both_ways(self):
        relay = self.ask("POST", "/standin/relays", {"target": "http"})[1]
        path = "/standin/relays/" + relay["id"]
        self.account("relay@example.com")
        for how in ("close", "reset"):
            self.ask("PUT", path, {"request": {"after": 50, "how": how}})
            with self.assertRaises((OSError, http.client.HTTPException)):
                self.create("relay@example.com", connection=self.connect(relay["url"]))
            facts = self.ask("GET", path)[1]
            self.assertEqual((facts["bytes_from_client"], facts["bytes_from_server"]), (50, 0))
        self.assertEqual(self.truth("relay@example.com")["requests"], 0)
        self.ask("PUT", path, {"answer": {"after": 30, "how": "close"}})
        # So short an answer is a head without fields to http.client.
        self.assertEqual(self.create("relay@example.com", connection=self.connect(relay["url"])), (200, None))
        facts = self.ask("GET", path + "?closed=3&timeout_ms=10000")[1]
        self.assertEqual((facts["closed"], facts["bytes_from_server"]), (3, 30))
        self.assertEqual(self.truth("relay@example.com")["replaced"], 1)
        self.ask("PUT", path, {})
        self.assertEqual(self.create("relay@example.com", connection=self.connect(relay["url"]))[0], 200)
        self.assertEqual(self.ask("DELETE", path)[0], 200)

    def test_a_relay_knows_tls_records(self):
        relay = self.ask("POST", "/standin/relays", {"target": "https"})[1]
        connection = self.connect(relay["url"])
        self.account("tls@example.com")
        self.assertEqual(self.create("tls@example.com", connection=connection)[0], 200)
        facts = self.ask("GET", "/standin/relays/" + relay["id"])[1]
        self.assertEqual(facts["records"]["request"][-1], facts["bytes_from_client"])
        self.assertEqual(facts["records"]["answer"][-1], facts["bytes_from_server"])

    # ---- TLS ----

    def test_tls_faults_are_what_they_are_called(self):
        words = {
            "expired": "expired",
            "self_signed": "self-signed",
            "wrong_host": "mismatch",
            "untrusted": "self-signed|unable to get",
            "no_intermediate": "unable to get local issuer",
            "unreachable_issuer": "unable to get local issuer",
        }
        for name, expected in words.items():
            with self.subTest(name), self.assertRaisesRegex(ssl.SSLCertVerificationError, expected):
                self.create("alice@example.com", connection=self.connect(self.facts["tls_faults"][name]))
        with self.assertRaises(ssl.SSLError):
            self.create("alice@example.com", connection=self.connect(self.facts["tls_faults"]["tls11_only"]))
        by_directory = ssl.create_default_context(capath=self.facts["ca_dir"])
        by_directory.verify_flags |= ssl.VERIFY_X509_STRICT
        self.assertEqual(self.create("alice@example.com", "x", self.connect(self.facts["https"], by_directory))[0], 401)
        cbc = self.connect(self.facts["tls_faults"]["tls12_cbc"])
        cbc.connect()
        self.assertEqual(
            (cbc.sock.version(), "SHA" in cbc.sock.cipher()[0] and "GCM" not in cbc.sock.cipher()[0]), ("TLSv1.2", True)
        )
        cbc.close()

    def test_close_notify_is_sent_or_not(self):
        def read_to_the_end(url):
            port = urllib.parse.urlsplit(url).port
            context = ssl.create_default_context(cafile=self.facts["ca_file"])
            context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, context.wrap_socket(
                plain, server_hostname="localhost", suppress_ragged_eofs=False
            ) as sock:
                sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
                while sock.recv(65536):
                    pass

        read_to_the_end(self.facts["https"])
        with self.assertRaisesRegex(ssl.SSLError, "(?i)eof"):
            read_to_the_end(self.facts["tls_faults"]["no_close_notify"])

    def test_odd_hosts(self):
        def address(name):
            host, port = self.facts["hosts"][name].split(":")
            return host, int(port)

        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(address("refused"), timeout=10)
        with socket.create_connection(address("silent"), timeout=10) as sock:
            sock.sendall(b"hello")
            sock.setblocking(False)
            with self.assertRaises(BlockingIOError):
                sock.recv(1)
        with self.assertRaises(TimeoutError):
            socket.create_connection(address("full"), timeout=0.3)

    # ---- Starting and ending ----

    def test_the_command_form(self):
        finished = subprocess.run(
            [
                sys.executable,
                str(HERE),
                "--",
                "sh",
                "-c",
                'echo "$MOBIVATE_STANDIN_CA_FILE"; test -r "$MOBIVATE_STANDIN_CA_FILE"; exit 7',
            ],
            capture_output=True,
            text=True,
        )
        self.assertEqual(finished.returncode, 7)
        self.assertFalse(os.path.exists(os.path.dirname(finished.stdout.strip())))
        self.assertEqual(
            subprocess.run([sys.executable, str(HERE), "--", "/nonexistent"], stderr=subprocess.DEVNULL).returncode, 127
        )

    def test_a_command_does_not_ignore_what_a_background_process_does(self):
        ignored = subprocess.run(
            [
                "sh",
                "-c",
                "trap '' HUP INT QUIT TERM; exec \"$@\"",
                "sh",
                sys.executable,
                str(HERE),
                "--",
                "sed",
                "-n",
                "s/^SigIgn:\t//p",
                "/proc/self/status",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        mask = int(ignored.stdout, 16)
        found = [number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM) if mask >> (number - 1) & 1]
        self.assertEqual(found, [])

    def test_sigterm_ends_it_and_its_folder(self):
        with subprocess.Popen([sys.executable, str(HERE)], stdout=subprocess.PIPE, text=True) as process:
            facts = json.loads(process.stdout.readline())
            self.assertTrue(os.path.exists(facts["ca_file"]))
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=10), 0)
        self.assertFalse(os.path.exists(facts["ca_file"]))


if __name__ == "__main__":
    unittest.main()
