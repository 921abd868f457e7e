# SPDX-License-Identifier: MIT
"""Every package in Debian systems that have neither libmobivate nor libcurl, with the library as it is built in Debian 11:
python3 tests/standin -- python3 -m tests.packaging.test_bare BUILD_DIR (as root, or with sudo)

A package is made here, and installed there by the language's own command, without network; interpreters and compilers are that Debian's.
The driver of the cases and the stand-in are here, the agent is there. At the end there is a table: system and language, and how many cases
passed, or what the language's own command says where that Debian's is too old for the package."""

import dataclasses
import json
import pathlib
import re
import shutil
import sys
import unittest
from typing import Callable

from tests.packaging import test_packages
from tests.packaging.support import LIBC, ROOT, OldBuild, System, bundled_sources, needed, run, version
from tests.support import standin

BUILD = test_packages.BUILD
# Java's packages, Node.js, .NET and Java ask /proc about their process.
WITH_PROC = ("sh", "-c", 'mount -t proc proc /proc && exec "$@"', "-")
SYSTEMS = {"bullseye": "Debian 11", "bookworm": "Debian 12", "trixie": "Debian 13"}


@dataclasses.dataclass
class Language:
    """What its user has beside the package, and does with it.

    `install`(system, packages, folder) is given the system, the folder of packages, and a folder of its own inside; the answer is how the
    agent is started there.
    """

    install: Callable
    debian: tuple = ()  # its packages there
    too_old: dict = dataclasses.field(default_factory=dict)  # a release: what is said there, and why in the table


def inside(system, *command, cwd="/srv", home="/srv/home"):
    """A command of the user's: without network."""
    enter = 'mkdir -p "$2" && export HOME="$2" && cd "$1" && shift 2 && exec "$@"'
    return system.run("unshare", "--net", *WITH_PROC, "sh", "-euc", enter, "-", cwd, home, *command)


def python(system, packages, folder):
    (wheel,) = packages.glob("python/*.whl")
    system.copy(wheel, ROOT / "bindings/python/tests/agent.py", to=folder)
    inside(system, "python3", "-m", "venv", f"{folder}/env")
    inside(system, f"{folder}/env/bin/pip", "install", "--no-index", f"{folder}/{wheel.name}")
    return [f"{folder}/env/bin/python", "-W", "error", f"{folder}/agent.py"]


def ruby(system, packages, folder):
    gem = packages / f"ruby/mobivate-{version()}-x86_64-linux.gem"
    system.copy(gem, ROOT / "bindings/ruby/tests/agent.rb", to=folder)
    inside(system, "env", f"GEM_HOME={folder}/gems", "gem", "install", "--local", "--no-document", f"{folder}/{gem.name}")
    return ["env", f"GEM_HOME={folder}/gems", "ruby", "-w", f"{folder}/agent.rb"]


def php(system, packages, folder):
    system.copy(*packages.glob("php/*.zip"), to=f"{folder}/archives")
    system.copy(ROOT / "bindings/php/tests/agent.php", to=folder)
    repositories = [{"type": "artifact", "url": "archives"}, {"packagist": False}]
    system.write(f"{folder}/composer.json", json.dumps({"repositories": repositories}))
    system.write(f"{folder}/autoload.php", "<?php require 'vendor/autoload.php';\n")
    composer = ["env", "COMPOSER_ALLOW_SUPERUSER=1", "composer", "--no-interaction"]
    inside(system, *composer, "require", "mobivate/mobivate", cwd=folder)
    return ["php", f"{folder}/agent.php"]


def perl(system, packages, folder):
    (archive,) = packages.glob("perl/*.tar.gz")
    system.copy(archive, ROOT / "bindings/perl/tests/agent.pl", to=folder)
    inside(system, "cpanm", "--verbose", "--local-lib", f"{folder}/perl5", f"{folder}/{archive.name}", home=f"{folder}/home")
    return ["perl", "-Mwarnings=FATAL,all", f"-I{folder}/perl5/lib/perl5", f"{folder}/agent.pl"]


def lua(system, packages, folder):
    (rock,) = packages.glob("lua/*.linux-x86_64.rock")
    system.copy(rock, to=folder)
    system.copy(*[ROOT / f"bindings/lua/tests/{part}.lua" for part in ("agent", "outcome", "threads")], to=f"{folder}/tests")
    inside(system, "luarocks", "--tree", f"{folder}/rocks", "install", f"{folder}/{rock.name}")
    return ["env", f"LUA_PATH={folder}/rocks/share/lua/5.1/?.lua;{folder}/?.lua", "luajit", f"{folder}/tests/agent.lua"]


def java(system, packages, folder):
    """The jar that has JNA inside, too."""
    (jar,) = packages.glob("java/**/*-all.jar")
    classes = packages / "java-agent"
    run("javac", "-cp", jar, "-d", classes, ROOT / "bindings/java/tests/Agent.java")
    system.copy(jar, classes, to=folder)
    return ["java", "-cp", f"{folder}/{jar.name}:{folder}/java-agent", "Agent"]


def node(system, packages, folder):
    """koffi, which calls the library, and npm are not Debian's: they come from npm's registry, too."""
    wanted = json.loads((ROOT / "bindings/node/package-lock.json").read_text())["packages"]
    needed = [(name, wanted[f"node_modules/{name}"]["version"]) for name in ("koffi", "@koromix/koffi-linux-x64")]
    npm = fetched("npm", "8.19.4")  # the last one that runs with Node.js 12
    tarballs = [
        packages / f"node/mobivate-{version()}.tgz",
        packages / f"node/mobivate-linux-x64-gnu-{version()}.tgz",
        *[fetched(*package) for package in needed],
    ]
    system.copy(*tarballs, npm, ROOT / "bindings/node/tests/agent.js", to=folder)
    system.run("tar", "-x", "-f", f"{folder}/{npm.name}", "-C", folder)
    names = [f"{folder}/{tarball.name}" for tarball in tarballs]
    options = ["--offline", "--engine-strict", "--no-audit", "--ignore-scripts"]
    inside(system, "node", f"{folder}/package/bin/npm-cli.js", "install", *options, *names, cwd=folder)
    return ["node", f"{folder}/agent.js"]


def fetched(name, number):
    """A package of npm's registry, as a tarball that is kept."""
    folder = BUILD / "packages-npm-tarballs"
    tarball = folder / f"{name.lstrip('@').replace('/', '-')}-{number}.tgz"
    if not tarball.exists():
        folder.mkdir(exist_ok=True)
        run("npm", "pack", f"{name}@{number}", cwd=folder)
    return tarball


def ocaml(system, packages, folder):
    """With the compiler of that Debian."""
    (archive,) = packages.glob("ocaml/*.tar.gz")
    system.copy(archive, ROOT / "bindings/ocaml/tests/agent.ml", to=folder)
    system.run("tar", "-x", "-f", f"{folder}/{archive.name}", "-C", folder)
    sources = f"{folder}/mobivate-{version()}"
    inside(system, "dune", "build", "-p", "mobivate", "@install", cwd=sources)
    inside(system, "dune", "install", "--prefix", f"{folder}/installed", "mobivate", cwd=sources)
    compiler = ["env", f"OCAMLPATH={folder}/installed/lib", "ocamlfind", "ocamlopt", "-thread", "-linkpkg"]
    inside(system, *compiler, "-package", "mobivate,threads.posix,unix", "agent.ml", "-o", "agent", cwd=folder)
    return [f"{folder}/agent"]


def program(system, packages, folder):
    """One that was made elsewhere, as for a server that has no compiler."""
    system.copy(*(packages / "programs" / pathlib.Path(folder).name).iterdir(), to=folder)
    return [f"{folder}/Program"]


def csharp(packages, old, scratch):
    """Compiled ahead of time, and linked with the C library of Debian 11."""
    project = test_packages.DotnetProgram.beside_nuget(scratch, packages / "csharp")
    options = ["--runtime", "linux-x64", "-p:PublishAot=true", "-p:InvariantGlobalization=true", f"-p:SysRoot={old.sysroot()}"]
    project.run("publish", *project.AGENT, *options, "--output", packages / "programs/csharp")


def one_file(language):
    """Made with this machine's compilers, and linked with the C library of Debian 11."""

    def make(packages, old, scratch):
        # Of this machine's compilers clang alone looks for nothing outside of it.
        target = test_packages.Target(compiler=("clang",), sysroot=old.sysroot())
        environment = ["env", "-i", f"PATH={test_packages.PATH}", f"HOME={scratch}", "LC_ALL=C.UTF-8"]
        made = getattr(test_packages, f"{language}_program")(scratch, environment, packages / language, target)
        if needed(made) - {*LIBC, "libgcc_s.so.1"}:
            raise AssertionError(f"{language}: the program needs {', '.join(sorted(needed(made)))}")
        (packages / "programs" / language).mkdir(parents=True)
        shutil.copy(made, packages / "programs" / language / "Program")

    return make


# Who makes a program here: PROGRAMS[language](packages, old, scratch) leaves packages/programs/LANGUAGE/Program.
PROGRAMS = {"csharp": csharp, **{language: one_file(language) for language in ("c", "rust", "go")}}
LANGUAGES = {
    "python": Language(python, ("python3-venv",)),
    **{language: Language(program) for language in PROGRAMS},
    "node": Language(node, ("nodejs",), {"bullseye": (r"Unsupported engine", "Node.js 12: 18.18 is needed")}),
    "java": Language(
        java,
        ("default-jre-headless",),
        {"bullseye": (r"libffi\.so\.8", "the JNA that is inside, Debian 12's, needs libffi 3.4")},
    ),
    "ruby": Language(ruby, ("ruby",), {"bullseye": (r"requires Ruby version >= 3\.0", "Ruby 2.7: 3.0 is needed")}),
    "php": Language(
        php,
        ("php-cli", "php-zip", "composer", "unzip"),
        {"bullseye": (r"has a PHP requirement incompatible", "PHP 7.4: 8.1 is needed")},
    ),
    "perl": Language(perl, ("libffi-platypus-perl", "cpanminus", "gcc", "libc6-dev", "make")),
    "lua": Language(lua, ("luajit", "luarocks")),
    "ocaml": Language(ocaml, ("ocaml-nox", "ocaml-dune", "libdune-ocaml-dev", "ocaml-findlib")),
}
# What they are called in a release.
INSTEAD = {"bullseye": {"default-jre-headless": "openjdk-17-jre-headless"}}


class Bare(test_packages.Installed):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not bundled_sources(BUILD):
            raise unittest.SkipTest("this library needs libcurl: packages for bare systems are made of a self-contained one")
        cls.packages = cls.folder / "packages"
        languages = [part for name in LANGUAGES for part in ("--language", name) if (ROOT / f"bindings/{name}/package").exists()]
        old = OldBuild(BUILD)
        run(ROOT / "bindings/package", "--output", cls.packages, *languages, old.installed)
        cls.table = {name: {} for name in LANGUAGES}
        cls.addClassCleanup(cls.print_table)
        for name, make in PROGRAMS.items():
            scratch = cls.folder / f"{name}-program"
            scratch.mkdir()
            make(cls.packages, old, scratch)

    @classmethod
    def print_table(cls):
        print("\n| | " + " | ".join(SYSTEMS.values()) + " |\n" + "| --- " * (len(SYSTEMS) + 1) + "|")
        for name, cells in cls.table.items():
            print(f"| {name} | " + " | ".join(cells.get(release, "not tried") for release in SYSTEMS) + " |", flush=True)

    def system(self, release):
        """Kept between runs, but for what the packages put into it, and as long as its own packages are the same."""
        names = sorted({INSTEAD.get(release, {}).get(name, name) for language in LANGUAGES.values() for name in language.debian})
        installed = BUILD / f"bare/{release}-packages"
        kept = installed.exists() and installed.read_text().split() == names
        installed.unlink(missing_ok=True)
        system = System(BUILD / "bare", "", release, kept=kept)
        if not kept:
            system.run(*WITH_PROC, "apt-get", "-q", "-y", "install", "--no-install-recommends", *names)
        installed.write_text(" ".join(names))
        system.run("rm", "-rf", "/srv")
        system.run("mkdir", "/srv")
        self.assertEqual([name for name in system.files() if "libcurl" in name or "mobivate" in name], [])
        # What the stand-in's certificates are signed with has the same name inside.
        authorities = pathlib.Path(standin.facts()["ca_file"])
        system.copy(authorities, to=authorities.parent)
        self.addCleanup(system.run, "rm", "-rf", authorities.parent)
        return system

    def cell(self, name, system, release):
        language = LANGUAGES[name]
        said, why = language.too_old.get(release, (None, None))
        if said:
            with self.assertRaisesRegex(AssertionError, said):
                self.conform(name, system)
            return why
        return self.conform(name, system)

    def conform(self, name, system):
        command = LANGUAGES[name].install(system, self.packages, f"/srv/{name}")
        there = system.command(*WITH_PROC, *command)
        said = run(sys.executable, "-m", "tests.bindings.conformance", name, "--", *there, cwd=ROOT)
        passed, unsupported = re.search(r"(\d+) passed, 0 failed, (\d+) skipped", said).groups()
        return f"{passed} passed" + (f", {unsupported} it cannot do" if unsupported != "0" else "")

    def use(self, release):
        system = self.system(release)
        for name in LANGUAGES:
            with self.subTest(f"{name} in {SYSTEMS[release]}"):
                self.table[name][release] = "FAILED"
                self.table[name][release] = self.cell(name, system, release)

    def test_debian_11(self):
        self.use("bullseye")

    def test_debian_12(self):
        self.use("bookworm")

    def test_debian_13(self):
        self.use("trixie")


if __name__ == "__main__":
    unittest.main(verbosity=1)
