# SPDX-License-Identifier: MIT
"""The library among the world's real parts: nginx, forward proxies, SOCKS proxies, addresses that are dead.

python3 tests/standin -- python3 -m tests.interop.test_interop, with MOBIVATE_LIBRARY naming the shared library.
Whatever happens, what the library says of the old key is held against what the stand-in knows.
"""

import pathlib
import signal
import socket
import threading
import unittest

from tests.interop.library import Client
from tests.interop.parts import (
    PASSWORD,
    STANDIN,
    Account,
    Microsocks,
    Nginx,
    Tinyproxy,
    TlsTinyproxy,
    ask,
    await_true,
    established,
)

CASES = []
# A certificate that neither the service's nor a proxy's comes from.
STRANGER = pathlib.Path(STANDIN["ca_file"]).with_name("self-signed.pem")


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


HAS_IPV6 = has_ipv6()


class World(unittest.TestCase):
    maxDiff = None

    def client(self, base_url, **options):
        client = Client(base_url, ca_file=STANDIN["ca_file"], **options)
        self.addCleanup(client.close)
        return client

    def check(self, account, result, status, key_state, http_status=None, requests=1):
        """The result is as expected, and its claim is true. `requests`: how many must have reached the service."""
        truth = account.truth()
        CASES.append((self.id().rpartition(".")[2], result.status, result.key_state))
        self.assertEqual((result.status, result.key_state), (status, key_state), result.message)
        if http_status is not None:
            self.assertEqual(result.http_status, http_status)
        self.assertEqual(truth["requests"] - account.old["requests"], requests)
        if key_state == "unchanged":
            self.assertEqual(truth["valid_key"], account.old["valid_key"])
        if key_state == "replaced":
            self.assertEqual(truth["valid_key"], result.key)
        account.old = truth

    def create(self, client, account, *expected, **more):
        self.check(account, client.create_key(account.username, PASSWORD), *expected, **more)

    def call_on_thread(self, client, account):
        results = []
        thread = threading.Thread(target=lambda: results.append(client.create_key(account.username, PASSWORD)))
        thread.start()
        return thread, results

    # ---- nginx ----

    def test_many_calls_through_nginx_take_one_connection(self):
        with Nginx(http="keepalive_timeout 60;") as nginx:
            client, account = self.client(nginx.url), Account()
            for _ in range(20):
                self.create(client, account, "MBV_OK", "replaced")
            seen = nginx.requests(20)
            self.assertEqual(len({connection for connection, _, _ in seen}), 1)
            self.assertEqual([count for _, count, _ in seen], list(range(1, 21)))

    def test_a_connection_that_nginx_has_timed_out_is_not_used(self):
        with Nginx(http="keepalive_timeout 50ms;") as nginx:
            client, account = self.client(nginx.url), Account()
            for _ in range(3):
                self.create(client, account, "MBV_OK", "replaced")
                await_true(lambda: established(nginx.port) == 0, "nginx closes the idle connection")
            self.assertEqual([count for _, count, _ in nginx.requests(3)], [1, 1, 1])

    def test_a_connection_of_one_request(self):
        with Nginx(http="keepalive_requests 1;") as nginx:
            client, account = self.client(nginx.url), Account()
            for _ in range(3):
                self.create(client, account, "MBV_OK", "replaced")
            self.assertEqual([count for _, count, _ in nginx.requests(3)], [1, 1, 1])

    def test_nginx_restarts_between_calls(self):
        with Nginx() as nginx:
            client, account = self.client(nginx.url), Account()
            self.create(client, account, "MBV_OK", "replaced")
            nginx.stop()
            self.create(client, account, "MBV_ERR_CONNECT", "unchanged", requests=0)
            nginx.start()
            self.create(client, account, "MBV_OK", "replaced")
            nginx.process.send_signal(signal.SIGHUP)  # reads its configuration again, with new workers
            await_true(lambda: established(nginx.port) == 0, "the old worker closes its connection")
            self.create(client, account, "MBV_OK", "replaced")

    def test_nginx_ends_during_a_call(self):
        with Nginx() as nginx:
            client, account = self.client(nginx.url), Account(creates=True, cut={"after": 0, "how": "stall"})
            thread, results = self.call_on_thread(client, account)
            account.truth(requests=1, timeout_ms=10000)
            nginx.stop()
            thread.join()
            self.check(account, results[0], "MBV_ERR_TRANSPORT", "unknown", http_status=0)

    def test_limits_of_nginx_refuse_before_the_service(self):
        for name, settings, http_status, status in (
            ("a small body", {"server": "client_max_body_size 100;"}, 413, "MBV_ERR_REJECTED"),
            ("a short URL", {"server": "large_client_header_buffers 1 1k;"}, 414, "MBV_ERR_REJECTED"),
            (
                "a client certificate",
                {"server": f"ssl_verify_client on; ssl_client_certificate {STANDIN['ca_file']};"},
                400,
                "MBV_ERR_REJECTED",
            ),
            ("a method", {"location": "limit_except GET { deny all; }"}, 403, "MBV_ERR_REJECTED"),
        ):
            with self.subTest(name), Nginx(**settings) as nginx:
                client = self.client(nginx.url + ("/" + "path" * 500 if http_status == 414 else ""))
                # The page is nginx's own, and it may write one after the service has answered as well.
                self.create(client, Account(), status, "unknown", http_status=http_status, requests=0)

    def test_a_rate_limit_of_nginx(self):
        with Nginx(
            http="limit_req_zone $server_name zone=one:1m rate=1r/m; limit_req_status 429;", location="limit_req zone=one;"
        ) as nginx:
            client, account = self.client(nginx.url), Account()
            self.create(client, account, "MBV_OK", "replaced")
            self.create(client, account, "MBV_ERR_RATE_LIMITED", "unknown", http_status=429, requests=0)

    def test_nginx_answers_with_a_page_of_its_own_after_the_service_made_the_key(self):
        """As a web application firewall does that looks at answers."""
        for http_status, status in ((401, "MBV_ERR_CREDENTIALS"), (403, "MBV_ERR_REJECTED"), (429, "MBV_ERR_RATE_LIMITED")):
            with self.subTest(http_status), Nginx(
                location="proxy_intercept_errors on; error_page 500 =%d /blocked;" % http_status,
                server="location = /blocked { internal; return %d; }" % http_status,
            ) as nginx:
                account = Account(status=500, creates=True, body={"code": 500, "message": "Internal"})
                old_key = account.old["valid_key"]
                self.create(self.client(nginx.url), account, status, "unknown", http_status=http_status)
                self.assertNotEqual(account.truth()["valid_key"], old_key)

    def test_nginx_lets_the_services_own_refusal_through(self):
        with Nginx() as nginx:
            account = Account(status=403, body={"code": 403, "message": "Opted out"})
            self.create(self.client(nginx.url), account, "MBV_ERR_REJECTED", "unchanged", http_status=403)

    def test_a_gateway_that_does_not_know_either(self):
        refused = STANDIN["hosts"]["refused"]
        with Nginx(upstream=refused) as nginx:
            self.create(self.client(nginx.url), Account(), "MBV_ERR_SERVER", "unknown", http_status=502, requests=0)
        with Nginx(location="proxy_read_timeout 50ms;") as nginx:
            account = Account(creates=True, cut={"after": 0, "how": "stall"})
            self.create(self.client(nginx.url), account, "MBV_ERR_SERVER", "unknown", http_status=504)
        with Nginx() as nginx:
            account = Account(creates=True, cut={"after": 120, "how": "reset"})
            result = self.client(nginx.url).create_key(account.username, PASSWORD)
            self.assertEqual(result.key_state, "unknown", result.message)

    def test_http2_is_offered_and_compression_is_on(self):
        with Nginx(listen="ssl http2", http="gzip on; gzip_min_length 1; gzip_types *;") as nginx:
            client, account = self.client(nginx.url), Account()
            for _ in range(2):
                self.create(client, account, "MBV_OK", "replaced")

    # ---- proxies ----

    def test_a_forward_proxy(self):
        with Tinyproxy() as proxy:
            client, account = self.client(STANDIN["https"], proxy=proxy.url()), Account()
            for _ in range(5):
                self.create(client, account, "MBV_OK", "replaced")
            self.assertEqual(proxy.connects(), 1)
            client.set("user_agent", "another/1")
            self.create(client, account, "MBV_OK", "replaced")

    def test_a_forward_proxy_that_asks_who_it_is(self):
        with Tinyproxy("BasicAuth somebody open-sesame") as proxy:
            self.create(self.client(STANDIN["https"], proxy=proxy.url("somebody:open-sesame@")), Account(), "MBV_OK", "replaced")
            for login in ("", "somebody:wrong-password@"):
                client, account = self.client(STANDIN["https"], proxy=proxy.url(login)), Account()
                result = client.create_key(account.username, PASSWORD)
                self.check(account, result, "MBV_ERR_CONNECT", "unchanged", http_status=0, requests=0)
                self.assertIn("407" if not login else "40", result.message)
                self.assertNotIn("wrong-password", result.message)

    def test_a_forward_proxy_that_does_not_let_through(self):
        with Tinyproxy("ConnectPort 443") as proxy:
            client, account = self.client(STANDIN["https"], proxy=proxy.url()), Account()
            self.create(client, account, "MBV_ERR_CONNECT", "unchanged", requests=0)

    def test_a_forward_proxy_that_ends_during_a_call(self):
        with Tinyproxy() as proxy:
            client = self.client(STANDIN["https"], proxy=proxy.url())
            account = Account(creates=True, cut={"after": 0, "how": "stall"})
            thread, results = self.call_on_thread(client, account)
            account.truth(requests=1, timeout_ms=10000)
            proxy.process.kill()
            proxy.process.wait()
            thread.join()
            self.check(account, results[0], "MBV_ERR_TRANSPORT", "unknown")
            self.create(client, account, "MBV_ERR_CONNECT", "unchanged", requests=0)
            proxy.start()
            self.create(client, Account(), "MBV_OK", "replaced")

    def test_a_proxy_with_tls(self):
        with TlsTinyproxy() as proxy:
            client, account = self.client(STANDIN["https"], proxy=proxy.url()), Account()
            for _ in range(2):
                self.create(client, account, "MBV_OK", "replaced")
            # The proxy's own certificate is verified, too.
            client = Client(STANDIN["https"], proxy=proxy.url(), ca_file=STRANGER)
            self.addCleanup(client.close)
            result = client.create_key(account.username, PASSWORD)
            self.check(account, result, "MBV_ERR_TLS", "unchanged", requests=0)

    def test_socks_proxies(self):
        with Microsocks() as proxy:
            for scheme in ("socks5", "socks5h"):
                client, account = self.client(STANDIN["https"], proxy=f"{scheme}://127.0.0.1:{proxy.port}"), Account()
                for _ in range(2):
                    self.create(client, account, "MBV_OK", "replaced")
            refused = self.client("https://" + STANDIN["hosts"]["refused"], proxy=f"socks5://127.0.0.1:{proxy.port}")
            self.create(refused, Account(), "MBV_ERR_CONNECT", "unchanged", requests=0)

    def test_a_socks_proxy_that_asks_who_it_is(self):
        with Microsocks("somebody", "open-sesame") as proxy:
            url = f"127.0.0.1:{proxy.port}"
            self.create(
                self.client(STANDIN["https"], proxy=f"socks5://somebody:open-sesame@{url}"), Account(), "MBV_OK", "replaced"
            )
            for login in ("", "somebody:wrong-password@"):
                account = Account()
                result = self.client(STANDIN["https"], proxy=f"socks5h://{login}{url}").create_key(account.username, PASSWORD)
                self.check(account, result, "MBV_ERR_CONNECT", "unchanged", requests=0)
                self.assertNotIn("wrong-password", result.message)

    # ---- addresses ----

    @unittest.skipUnless(HAS_IPV6, "this system has no ::1")
    def test_one_of_two_address_families_is_dead(self):
        """localhost has ::1 and 127.0.0.1: a relay answers on the one, and on the other nobody takes what knocks."""
        relay = ask("POST", "relays", {"target": "https"})
        with socket.create_server(("::1", relay["port"]), family=socket.AF_INET6, backlog=0) as dead:
            waiting = []
            for _ in range(8):
                connection = socket.socket(socket.AF_INET6)
                self.addCleanup(connection.close)
                connection.setblocking(False)
                connection.connect_ex(dead.getsockname()[:2])
                waiting.append(connection)
            self.create(self.client(relay["url"]), Account(), "MBV_OK", "replaced")
        # The same, and ::1 refuses.
        self.create(self.client(relay["url"]), Account(), "MBV_OK", "replaced")
        ask("DELETE", "relays/" + relay["id"])

    @unittest.skipUnless(HAS_IPV6, "this system has no ::1")
    def test_the_other_address_family_is_dead(self):
        port = int(STANDIN["https"].rpartition(":")[2])
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
            own = listener.getsockname()[1]
            threading.Thread(target=forward_one, args=(listener, port), daemon=True).start()
            # Nobody listens on that port of 127.0.0.1.
            self.create(self.client(f"https://localhost:{own}"), Account(), "MBV_OK", "replaced")


def forward_one(listener, port):
    client, _ = listener.accept()
    with client, socket.create_connection(("127.0.0.1", port)) as server:

        def copy(source, target):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

        back = threading.Thread(target=copy, args=(server, client), daemon=True)
        back.start()
        copy(client, server)
        back.join()


if __name__ == "__main__":
    program = unittest.main(exit=False)
    print(f"\n{'part':<70} {'status':<24} key state")
    for case in CASES:
        print(f"{case[0]:<70} {case[1]:<24} {case[2]}")
    raise SystemExit(0 if program.result.wasSuccessful() else 1)
