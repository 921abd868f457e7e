# SPDX-License-Identifier: MIT
"""Hosts that have an OpenSSL, a libcurl or rights of their own: test_trust_hosts.py FOLDER-OF-HOSTS"""

import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

STANDIN = json.loads(os.environ["MOBIVATE_STANDIN"])
LIBRARY = pathlib.Path(os.environ["MOBIVATE_LIBRARY"])
HOSTS = pathlib.Path(sys.argv.pop(1))
NOBODY = 65534
LIBCURL_IS_INSIDE = "MOBIVATE_BUNDLED" in os.environ


def tls_library():
    """Of the libcurl that the library has found, or has inside."""
    if LIBCURL_IS_INSIDE:
        return "OpenSSL/"
    version = ctypes.CDLL(str(LIBRARY)).curl_version
    version.restype = ctypes.c_char_p
    return version().decode().split()[1]


def needs_libcurl_outside(test):
    return unittest.skipIf(LIBCURL_IS_INSIDE, "libcurl is inside the library: no host can imitate another one")(test)


on_openssl = unittest.skipUnless(tls_library().startswith("OpenSSL/"), f"OpenSSL's configuration is not read by {tls_library()}")


class Hosts(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="mobivate-hosts-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        request = {"username": "hosts@example.com", "password": "correct-password", "scenario": {}}
        subprocess.run(
            [
                "curl",
                "-q",
                "-s",
                "-f",
                "--noproxy",
                "*",
                "-o",
                "/dev/null",
                "-d",
                json.dumps(request),
                STANDIN["http"] + "/standin/accounts",
            ],
            check=True,
        )

    def call(
        self, *options, base_url=STANDIN["https"], command=(HOSTS / "one_call",), library=LIBRARY, trusting=True, **environment
    ):
        """(status, message) of one call in a process of its own."""
        if trusting:
            options += ("ca_file", STANDIN["ca_file"])
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        finished = subprocess.run(
            [*command, library, base_url, *options], env={**clean, **environment}, capture_output=True, text=True
        )
        self.assertEqual((finished.returncode, finished.stderr), (0, ""), finished.stdout)
        status, message = finished.stdout.splitlines()
        return status, message

    # ---- OpenSSL ----

    def test_another_openssl_in_front_of_everything(self):
        for version in ("1.1.1", "same"):
            foreign = HOSTS / f"libforeign_{version}.so"
            self.assertEqual(self.call(LD_PRELOAD=str(foreign)), ("MBV_OK", ""))
            self.assertEqual(self.call("proxy", "", trusting=False, LD_PRELOAD=str(foreign))[0], "MBV_ERR_TLS")

    def test_another_openssl_that_the_host_has_loaded_for_everybody(self):
        for version in ("1.1.1", "same"):
            self.assertEqual(self.call("--before", HOSTS / f"libforeign_{version}.so"), ("MBV_OK", ""))

    @on_openssl
    def test_the_minimum_version_is_raised_and_never_lowered(self):
        def configured(commands):
            file = self.folder / "openssl.cnf"
            file.write_text("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n" + commands)
            return str(file)

        tls12, tls11 = STANDIN["tls_faults"]["tls12"], STANDIN["tls_faults"]["tls11_only"]
        self.assertEqual(self.call(base_url=tls12)[0], "MBV_OK")
        self.assertEqual(self.call(OPENSSL_CONF=configured("MinProtocol = TLSv1.3\n"))[0], "MBV_OK")
        status, message = self.call(base_url=tls12, OPENSSL_CONF=configured("MinProtocol = TLSv1.3\n"))
        self.assertEqual(status, "MBV_ERR_TLS", message)
        low = "MinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n"
        self.assertEqual(self.call(base_url=tls12, OPENSSL_CONF=configured(low))[0], "MBV_OK")
        status, message = self.call(base_url=tls11, OPENSSL_CONF=configured(low))
        self.assertEqual(status, "MBV_ERR_TLS", message)
        # It is this library that refuses: the system would let curl.
        curl = subprocess.run(
            ["curl", "-q", "-s", "-o", "/dev/null", "--tlsv1.0", "--cacert", STANDIN["ca_file"], tls11 + "/standin/state"],
            env={**os.environ, "OPENSSL_CONF": configured(low)},
        )
        self.assertEqual(curl.returncode, 0)

    @on_openssl
    def test_a_configuration_may_name_what_no_client_of_tls_uses(self):
        file = self.folder / "openssl.cnf"
        file.write_text("openssl_conf = a\n[a]\nrandom = b\n[b]\nrandom = HASH-DRBG\ndigest = SHA512\n")
        self.assertEqual(self.call(OPENSSL_CONF=str(file)), ("MBV_OK", ""))
        file.write_text("openssl_conf = a\n[a]\nrandom = b\n[b]\nrandom = NO-DRBG\n")
        self.assertNotEqual(self.call(OPENSSL_CONF=str(file))[0], "MBV_OK")

    # ---- libcurl ----

    def pretend(self, tls, *options, **environment):
        log = self.folder / "log"
        log.write_text("")
        said = self.call(
            *options, LD_PRELOAD=str(HOSTS / "libother_backend.so"), PRETENDED_TLS=tls, PRETENDED_LOG=str(log), **environment
        )
        return said, log.read_text()

    @needs_libcurl_outside
    def test_libcurl_on_another_tls_library_is_given_the_trust_by_options(self):
        for tls in (
            "mbedTLS/2.28.3",
            "wolfSSL/5.5.4",
            "GnuTLS/3.7.9",
            "BoringSSL",
            "(OpenSSL/3.0.19) GnuTLS/3.7.9",
            "OpenSSL/1.1.1w",
        ):
            with self.subTest(tls):
                said, log = self.pretend(tls)
                self.assertEqual(said, ("MBV_OK", ""))
                self.assertEqual(log.split(), ["CAINFO", STANDIN["ca_file"], "PROXY_CAINFO", STANDIN["ca_file"]])
        said, log = self.pretend("GnuTLS/3.7.9", "ca_dir", STANDIN["ca_dir"], trusting=False)
        self.assertEqual(said, ("MBV_OK", ""))
        self.assertEqual(log.split(), ["CAPATH", STANDIN["ca_dir"], "PROXY_CAPATH", STANDIN["ca_dir"]])

    @needs_libcurl_outside
    def test_what_another_tls_library_cannot_do_is_named(self):
        (status, message), _ = self.pretend("GnuTLS/3.7.9", SSLKEYLOGFILE=str(self.folder / "keys"))
        self.assertEqual(status, "MBV_ERR_TLS")
        self.assertIn("SSLKEYLOGFILE", message)
        self.assertIn("GnuTLS/3.7.9", message)
        (status, message), _ = self.pretend(
            "mbedTLS/2.28.3", "ca_dir", STANDIN["ca_dir"], trusting=False, PRETENDED_NO_CAPATH="1"
        )
        self.assertEqual(status, "MBV_ERR_TLS")
        self.assertIn("set ca_file", message)
        (status, message), _ = self.pretend("mbedTLS/2.28.3", trusting=False, SSL_CERT_FILE="/nowhere/ca.pem")
        self.assertEqual(status, "MBV_ERR_TLS")
        self.assertIn("/nowhere/ca.pem", message)

    @needs_libcurl_outside
    def test_libcurl_without_tls_is_named(self):
        (status, message), _ = self.pretend("")
        self.assertEqual(status, "MBV_ERR_TLS")
        self.assertRegex(message, r"this libcurl \(\d+\.\d+\.\d+\) has no TLS")
        self.assertEqual(self.pretend("", base_url=STANDIN["http"])[0], ("MBV_OK", ""))

    @needs_libcurl_outside
    def test_the_trust_holds_for_an_https_proxy(self):
        """Nothing of the system's is left to libcurl for the proxy, either."""
        said, log = self.pretend("OpenSSL/0.0.0")
        self.assertIn("PROXY_CAINFO " + STANDIN["ca_file"], log)

    # ---- rights ----

    def set_user_id(self):
        """A copy of the host that runs as root whoever starts it, and the library beside it."""
        if os.getuid() != 0:
            self.skipTest("only root can make a set-user-ID program of root's")
        self.folder.chmod(0o755)
        host = shutil.copy(HOSTS / "one_call", self.folder)
        os.chmod(host, 0o4755)
        library = shutil.copy(LIBRARY, self.folder)
        command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
        for name in ("ca.pem",):
            shutil.copy(STANDIN["ca_file"], self.folder / name)
            (self.folder / name).chmod(0o644)
        if os.statvfs(self.folder).f_flag & os.ST_NOSUID:
            self.skipTest("the folder for temporary files is mounted without set-user-ID")
        return {"command": (*command, host), "library": library, "trusting": False}

    def test_a_set_user_id_host_does_not_take_its_callers_trust(self):
        host = self.set_user_id()
        trust = str(self.folder / "ca.pem")
        self.assertEqual(self.call("proxy", "", trusting=False, SSL_CERT_FILE=trust)[0], "MBV_OK")  # without more rights it does
        status, message = self.call("proxy", "", **host, SSL_CERT_FILE=trust)
        self.assertEqual(status, "MBV_ERR_TLS", message)
        self.assertNotIn(trust, message)
        status, message = self.call("proxy", "", **host, SSL_CERT_DIR=STANDIN["ca_dir"])
        self.assertEqual(status, "MBV_ERR_TLS", message)
        self.assertEqual(self.call("proxy", "", "ca_file", trust, **host)[0], "MBV_OK")

    def test_a_set_user_id_host_does_not_take_its_callers_proxy(self):
        host = self.set_user_id()
        trust = ("ca_file", str(self.folder / "ca.pem"))
        refused = "http://" + STANDIN["hosts"]["refused"]
        for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            self.assertEqual(self.call(*trust, trusting=False, **{name: refused})[0], "MBV_ERR_CONNECT")
            self.assertEqual(self.call(*trust, **host, **{name: refused}), ("MBV_OK", ""))
        # Nor a way around the program's own.
        self.assertEqual(self.call(*trust, "proxy", refused, trusting=False, no_proxy="*")[0], "MBV_OK")
        self.assertEqual(self.call(*trust, "proxy", refused, **host, no_proxy="*")[0], "MBV_ERR_CONNECT")

    def test_a_set_user_id_host_writes_no_file_for_its_caller(self):
        host = self.set_user_id()
        keys = self.folder / "keys"
        self.assertEqual(self.call("ca_file", str(self.folder / "ca.pem"), **host, SSLKEYLOGFILE=str(keys)), ("MBV_OK", ""))
        self.assertFalse(keys.exists())

    @on_openssl
    def test_a_set_user_id_host_does_not_take_its_callers_configuration_of_openssl(self):
        host = self.set_user_id()
        file = self.folder / "openssl.cnf"
        file.write_text("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMaxProtocol = TLSv1.1\n")
        file.chmod(0o644)
        trust = ("ca_file", str(self.folder / "ca.pem"))
        self.assertEqual(self.call(*trust, trusting=False, OPENSSL_CONF=str(file))[0], "MBV_ERR_TLS")
        self.assertEqual(self.call(*trust, **host, OPENSSL_CONF=str(file)), ("MBV_OK", ""))


if __name__ == "__main__":
    unittest.main()
