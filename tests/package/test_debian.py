# SPDX-License-Identifier: MIT
"""The Debian packages, installed in a new Debian: python3 tests/package/test_debian.py BUILD_DIR (as root, or with sudo)"""

import os
import pathlib
import subprocess
import sys
import unittest

from support import ROOT, readme_block, run, version

FOLDER = pathlib.Path(sys.argv.pop(1)).resolve() / "debian"
SYSTEM = FOLDER / "system"
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
# What apt and dpkg write of their own: it grows with whatever is installed and removed.
BOOKKEEPING = ("/var/lib/apt/", "/var/lib/dpkg/", "/var/cache/", "/var/log/", "/etc/ld.so.cache", "/tmp/")


def inside(*command, environment=()):
    """Runs a command in the new system, with nothing of this one's environment."""
    return run(*AS_ROOT, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
               *environment, "chroot", SYSTEM, *command)


def archive():
    """Where this machine's own packages of Debian come from: (address, release)."""
    for line in run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(ORIGIN)", "Created-By: Packages").splitlines():
        address, release, origin = line.split(" ", 2)
        if origin == "Debian" and "-" not in release:
            return address, release
    raise AssertionError("apt knows no archive of Debian's: run apt-get update")


class Debian(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run(ROOT / "tests/prepare", "debootstrap", "lintian")
        (FOLDER / "cache").mkdir(parents=True, exist_ok=True)
        cls.packages = run(ROOT / "pkgconfig/debian/build", FOLDER).split()[-5:]
        cls.addClassCleanup(lambda: run(*AS_ROOT, "rm", "-rf", SYSTEM))
        run(*AS_ROOT, "rm", "-rf", SYSTEM)
        address, release = archive()
        run(*AS_ROOT, "env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "debootstrap", "--variant=minbase", "--include=gcc,libc6-dev,pkg-config",
            f"--cache-dir={FOLDER / 'cache'}", release, SYSTEM, address)
        # The way out is this machine's: its name servers, and what it sets for apt.
        run(*AS_ROOT, "cp", "-L", "/etc/resolv.conf", SYSTEM / "etc/resolv.conf")
        ways = [line for line in run("apt-config", "dump").splitlines() if line.startswith("Acquire::http") and "Proxy" in line]
        run(*AS_ROOT, "tee", SYSTEM / "etc/apt/apt.conf.d/way-out", input="\n".join(ways) + "\n")
        inside("apt-get", "update")

    def test_lintian_finds_nothing(self):
        self.assertEqual(run("lintian", "--display-info", "--pedantic", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning,info",
                             *FOLDER.glob("*.changes")), "")

    def test_installed_used_and_removed(self):
        before = self.files()
        run(*AS_ROOT, "cp", *[package for package in self.packages if "dbgsym" not in package], SYSTEM / "root")
        names = [f"/root/{pathlib.Path(package).name}" for package in self.packages if "dbgsym" not in package]
        self.assertEqual(len(names), 3, names)
        inside("apt-get", "install", "--yes", "--no-install-recommends", *names)
        run(*AS_ROOT, "rm", *[f"{SYSTEM}{name}" for name in names])
        installed = self.files() - before
        for wanted in ("/usr/bin/mbv", "/usr/include/mobivate.h", "/usr/share/zsh/vendor-completions/_mbv"):
            self.assertIn(wanted, installed)

        self.assertEqual(inside("pkg-config", "--modversion", "mobivate").strip(), version())
        self.assertIn(f"mbv {version()}", inside("mbv", "--version"))
        run(*AS_ROOT, "tee", SYSTEM / "root/first.c", input=readme_block("c", "mbv_create_key"))
        inside("sh", "-c", "cc -std=c99 -Wall -Wextra -Wpedantic -Werror -o /root/first /root/first.c $(pkg-config --cflags --libs mobivate)")
        # The default URL is the service's own; a proxy that is not there keeps the call on this machine.
        said = inside("sh", "-c", "/root/first 2>&1; echo status $?; rm /root/first /root/first.c", environment=["https_proxy=http://127.0.0.1:1"])
        self.assertIn("MBV_ERR_CONNECT", said)
        self.assertIn("The old key still works.", said)
        self.assertIn("status 1\n", said)

        inside("apt-get", "purge", "--yes", "libmobivate1", "libmobivate-dev", "mobivate-tools")
        inside("apt-get", "autoremove", "--purge", "--yes")
        self.assertEqual({name for name in self.files() ^ before if not name.startswith(BOOKKEEPING)}, set())

    def files(self):
        names = run(*AS_ROOT, "find", SYSTEM, "-xdev", "-not", "-type", "d").splitlines()
        return {name.removeprefix(str(SYSTEM)) for name in names}


if __name__ == "__main__":
    unittest.main(verbosity=2)
