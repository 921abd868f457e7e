# SPDX-License-Identifier: MIT
"""The packages in new Debian systems that have neither libmobivate nor libcurl: python3 tests/standin -- python3 -m
tests.packaging.test_bare BUILD_DIR (as root, or with sudo)

The driver of the cases and the stand-in are outside, the agent is inside."""

import pathlib
import sys
import unittest

from tests.packaging import test_packages
from tests.packaging.support import ROOT, System, run
from tests.support import standin


class Bare(test_packages.Installed):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.self_contained:
            raise unittest.SkipTest("this library needs libcurl: packages for bare systems are made of a self-contained one")
        cls.packages = cls.folder / "packages"
        for language in ("python", "csharp"):
            run(ROOT / "bindings/package", "--output", cls.packages, "--language", language, cls.prefix)
        (cls.wheel,) = (cls.packages / "python").glob("*.whl")
        # As for a server without .NET: the program is compiled ahead of time, elsewhere.
        cls.program = cls.folder / "program"
        project = test_packages.DotnetProgram.beside_nuget(cls.folder, cls.packages / "csharp")
        options = ["--runtime", "linux-x64", "-p:PublishAot=true", "-p:InvariantGlobalization=true", "--output", cls.program]
        project.run("publish", *project.AGENT, *options)

    def system(self, release):
        system = System(test_packages.BUILD / "bare", "python3-venv", release)
        self.addCleanup(system.remove)
        present = [name for name in system.files() if "libcurl" in name or "mobivate" in name]
        self.assertEqual(present, [])
        # What the stand-in's certificates are signed with has the same name inside.
        authorities = pathlib.Path(standin.facts()["ca_file"])
        system.copy(authorities, to=authorities.parent)
        return system

    def conform(self, language, system, *command):
        # .NET asks /proc about its process.
        inside = system.command("sh", "-c", 'mount -t proc proc /proc && exec "$@"', "-", *command)
        run(sys.executable, "-m", "tests.bindings.conformance", language, "--", *inside, cwd=ROOT)

    def needs_glibc(self, release, version):
        needed = self.wheel.name.split("manylinux_")[1].split("_x86_64")[0]
        if tuple(map(int, needed.split("_"))) > version:
            self.skipTest(f"this library needs glibc {needed.replace('_', '.')}: {release} has {version[0]}.{version[1]}")

    def use(self, release):
        system = self.system(release)
        system.copy(self.wheel, ROOT / "bindings/python/tests/agent.py", to="/srv")
        system.run("python3", "-m", "venv", "/srv/env")
        system.run("/srv/env/bin/pip", "install", "--no-index", f"/srv/{self.wheel.name}")
        self.conform("python", system, "/srv/env/bin/python", "-W", "error", "/srv/agent.py")
        system.copy(self.program, to="/srv")
        self.conform("csharp", system, "/srv/program/Program")

    def test_debian_11(self):
        self.needs_glibc("Debian 11", (2, 31))
        self.use("bullseye")

    def test_debian_12(self):
        self.needs_glibc("Debian 12", (2, 36))
        self.use("bookworm")

    def test_debian_13(self):
        self.needs_glibc("Debian 13", (2, 41))
        self.use("trixie")


if __name__ == "__main__":
    unittest.main(verbosity=1)
