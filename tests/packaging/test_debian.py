# SPDX-License-Identifier: MIT
"""The Debian packages, installed in a new Debian: python3 -m tests.packaging.test_debian BUILD_DIR (as root, or with sudo)"""

import pathlib
import sys
import unittest

from tests.packaging.support import ROOT, System, readme_block, run, version

FOLDER = pathlib.Path(sys.argv.pop(1)).resolve() / "debian"
# What apt and dpkg write of their own: it grows with whatever is installed and removed.
BOOKKEEPING = ("/var/lib/apt/", "/var/lib/dpkg/", "/var/cache/", "/var/log/", "/etc/ld.so.cache", "/tmp/")


class Debian(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run(ROOT / "tests/prepare", "lintian")
        run(ROOT / "pkgconfig/debian/build", FOLDER)
        cls.system = System(FOLDER, "gcc,libc6-dev,pkg-config")
        cls.addClassCleanup(cls.system.remove)

    def test_lintian_finds_nothing(self):
        self.assertEqual(
            run(
                "lintian",
                "--display-info",
                "--pedantic",
                "--allow-root",
                "--tag-display-limit",
                "0",
                "--fail-on",
                "error,warning,info",
                *FOLDER.glob("*.changes"),
            ),
            "",
        )

    def test_a_libcurl_that_is_too_old_does_not_satisfy_it(self):
        (library,) = FOLDER.glob("libmobivate1_*.deb")
        self.assertRegex(run("dpkg-deb", "--field", library, "Depends"), r"\blibcurl4 \(>= 7\.87\)")

    def test_installed_used_and_removed(self):
        inside, before = self.system.run, self.system.files()
        packages = [package for package in FOLDER.glob("*.deb") if "dbgsym" not in package.name]
        self.assertEqual(len(packages), 3, packages)
        self.system.copy(*packages, to="/srv")
        inside("apt-get", "install", "--yes", "--no-install-recommends", *[f"/srv/{package.name}" for package in packages])
        inside("rm", *[f"/srv/{package.name}" for package in packages])
        installed = self.system.files() - before
        for wanted in (
            "/usr/bin/mbv",
            "/usr/include/mobivate.h",
            "/usr/share/zsh/vendor-completions/_mbv",
            "/usr/share/man/man3/mbv_create_key.3.gz",
        ):
            self.assertIn(wanted, installed)

        self.assertEqual(inside("pkg-config", "--modversion", "mobivate").strip(), version())
        self.assertIn(f"mbv {version()}", inside("mbv", "--version"))
        self.system.write("/srv/first.c", readme_block("c", "mbv_create_key"))
        inside(
            "sh",
            "-c",
            "cc -std=c99 -Wall -Wextra -Wpedantic -Werror -o /srv/first /srv/first.c $(pkg-config --cflags --libs mobivate)",
        )
        # The default URL is the service's own; a proxy that is not there keeps the call on this machine.
        said = inside(
            "sh",
            "-c",
            "/srv/first 2>&1; echo status $?; rm /srv/first /srv/first.c",
            environment=["https_proxy=http://127.0.0.1:1"],
        )
        self.assertIn("MBV_ERR_CONNECT", said)
        self.assertIn("The old key still works.", said)
        self.assertIn("status 1\n", said)

        inside("apt-get", "purge", "--yes", "libmobivate1", "libmobivate-dev", "mobivate-tools")
        inside("apt-get", "autoremove", "--purge", "--yes")
        self.assertEqual({name for name in self.system.files() ^ before if not name.startswith(BOOKKEEPING)}, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
