# SPDX-License-Identifier: MIT
"""Built in Debian 11, the self-contained library runs in Debian 11, 12 and 13 that have neither libcurl nor OpenSSL:
python3 tests/standin -- python3 -m tests.packaging.test_old_systems BUILD_DIR (as root, or with sudo)
"""

import json
import os
import pathlib
import re
import sys
import time
import unittest

from tests.packaging.support import ROOT, OldBuild, System, run

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
STANDIN = json.loads(os.environ["MOBIVATE_STANDIN"])
FOLDER = BUILD / "old-systems"
BARE = ("bullseye", "bookworm", "trixie")
# Less than Debian 11 has (2.31): RHEL 8 and Debian 10 have it, and whatever is newer. The tag for Python is manylinux_2_28.
NEWEST_GLIBC = (2, 28)


class OldSystems(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        begin = time.monotonic()
        build = OldBuild(BUILD)
        cls.system, cls.installed, cls.library = build.system, build.installed, build.library
        cls.system.copy(ROOT / "tests/integration/hosts/one_call.c", to="/srv")
        cls.system.run("cc", "-I/srv/project/include", "-o", "/srv/one_call", "/srv/one_call.c", "-ldl")
        said = cls.system.run("cmake", "--version")
        print(
            f"built in {OldBuild.RELEASE} with {re.search('cmake version .*', said)[0]}: libmobivate.so.1 {cls.library.stat().st_size // 1024} KiB, "
            f"mbv {(cls.installed / 'bin/mbv').stat().st_size // 1024} KiB, {time.monotonic() - begin:.0f} s",
            flush=True,
        )

    def test_it_needs_no_newer_glibc_than_2_28(self):
        for file in (self.library, self.installed / "bin/mbv"):
            versions = {
                tuple(map(int, each.split(".")))
                for each in re.findall(r"GLIBC_(\d+(?:\.\d+)+)", run("readelf", "-V", "-W", file))
            }
            print(f"{file.name}: glibc {'.'.join(map(str, max(versions)))}", flush=True)
            self.assertLessEqual(max(versions), NEWEST_GLIBC, file.name)

    def test_it_works_beside_openssl_1_1(self):
        """The host's own, which is there for everybody."""
        self.account()
        self.system.copy(STANDIN["ca_file"], to="/srv")
        said = self.system.run(
            "sh",
            "-euc",
            f"""
            cd /usr/lib/*-linux-gnu
            /srv/one_call /srv/build/libmobivate.so.1 {STANDIN['https']} ca_file /srv/{pathlib.Path(STANDIN['ca_file']).name} \
                --before $PWD/libcrypto.so.1.1 --before $PWD/libssl.so.1.1
            """,
        )
        self.assertEqual(said.split(), ["MBV_OK"])

    def account(self):
        account = json.dumps({"username": "hosts@example.com", "password": "correct-password", "scenario": {}})
        run("curl", "-q", "-s", "-f", "--noproxy", "*", "-o", "/dev/null", "-d", account, STANDIN["http"] + "/standin/accounts")

    def test_it_works_where_neither_libcurl_nor_openssl_is(self):
        self.account()
        for release in BARE:
            with self.subTest(release):
                system = System(FOLDER / "bare", "", release=release)
                self.addCleanup(system.remove)
                system.run(
                    "sh",
                    "-euc",
                    "find / -xdev -name 'libcurl*' -o -xdev -name 'libssl*' -o -xdev -name 'libcrypto*' | xargs rm -rf",
                )
                system.copy(f"{self.installed}/.", f"{self.system.root}/srv/one_call", to="/usr/local")
                system.copy(STANDIN["ca_file"], to="/srv")
                system.write("/srv/password", "correct-password")
                ca = f"/srv/{pathlib.Path(STANDIN['ca_file']).name}"
                said = system.run(
                    "sh",
                    "-euc",
                    f"""
                    PATH=$PATH:/usr/local/bin
                    chmod 600 /srv/password
                    if ldd /usr/local/bin/mbv | grep -E 'curl|ssl|crypto|not found'; then exit 1; fi
                    mbv --version
                    mbv create-key --username hosts@example.com --password-file /srv/password --base-url {STANDIN['https']} --ca-file {ca}
                    /usr/local/one_call $(find /usr/local -name libmobivate.so.1) {STANDIN['https']} ca_file {ca}
                    # Trust without a distribution: nothing, and then what the system has.
                    mbv create-key --username hosts@example.com --password-file /srv/password --base-url {STANDIN['https']} || echo refused
                    mkdir -p /etc/ssl/certs
                    cp {ca} /etc/ssl/certs/ca-certificates.crt
                    mbv create-key --username hosts@example.com --password-file /srv/password --base-url {STANDIN['https']}
                    cat /etc/debian_version
                    """,
                )
                self.assertRegex(said, r"(?m)^MBV_OK$")
                self.assertIn("there are no certificates to trust", said)
                self.assertEqual(len(re.findall(r"A new key was created", said)), 2, said)
                print(f"{release:<9} {said.splitlines()[-1]}: mbv and the library work", flush=True)
                system.remove()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    unittest.main(verbosity=1)
