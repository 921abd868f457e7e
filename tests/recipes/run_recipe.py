# SPDX-License-Identifier: MIT
"""Builds a language's recipe and runs it beside the stand-in, once for each thing that it promises.

python3 tests/standin -- python3 -m tests.recipes.run_recipe LANGUAGE --build-dir DIR

bindings/recipes/README.md says what a recipe does, and what is in its recipe.json.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from tests.bindings.run_binding import SKIPPED, install
from tests.cli.support import Gate
from tests.recipes import recipe as recipes
from tests.support import standin

PATIENCE = 120  # seconds for one run; each ends long before

# What a recipe must hand over byte by byte: blanks at both ends, and letters of two alphabets.
AWKWARD = " naïve пароль\t "


def check(condition, what):
    if not condition:
        raise AssertionError(what)


class Bench:
    """A recipe, built, and what it is run with."""

    def __init__(self, recipe, build):
        self.recipe = recipe
        self.home = build / "recipes" / recipe.name
        self.scratch = self.home / "scratch"
        for folder in (self.scratch, self.home / "home"):
            folder.mkdir(parents=True, exist_ok=True)
        library = install(build, self.home / "prefix")
        self.places = {
            "source": recipe.source,
            "folder": recipe.folder,
            "scratch": self.scratch,
            "library": library,
            "libdir": library.parent,
            "include": self.home / "prefix/include",
            "root": recipes.ROOT,
        }
        path = [self.scratch / folder for folder in recipe.path]
        self.environment = dict(
            os.environ,
            PATH=os.pathsep.join([*map(str, path), os.environ["PATH"]]),
            # Compilers that keep a cache keep it here.
            HOME=str(self.home / "home"),
            LC_ALL="C.UTF-8",
            LD_LIBRARY_PATH=str(library.parent),
            PKG_CONFIG_PATH=str(library.parent / "pkgconfig"),
            MOBIVATE_BASE_URL=standin.facts()["https"],
            MOBIVATE_CA_FILE=standin.facts()["ca_file"],
            PYTHONDONTWRITEBYTECODE="1",
        )
        for name in ("XDG_CACHE_HOME", "http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            self.environment.pop(name, None)

    def command(self, words):
        """A command of recipe.json with the places filled in."""
        return [re.sub(r"\{(\w+)\}", lambda found: str(self.places.get(found[1], found[0])), word) for word in words]

    def missing(self):
        return [tool for tool in self.recipe.tools if shutil.which(tool, path=self.environment["PATH"]) is None]

    def install_tools(self):
        """Installs what a slow recipe needs, formatters too; all others find it installed by tests/run."""
        if not self.recipe.slow:
            return
        if subprocess.run([recipes.ROOT / "tests/prepare", *self.recipe.packages]).returncode != 0:
            return
        if self.recipe.npm and self.missing():
            subprocess.run(["npm", "install", "--no-save", "--ignore-scripts", "--prefix", self.scratch, *self.recipe.npm])

    def step(self, words):
        command = self.command(words)
        finished = subprocess.run(
            command, cwd=self.scratch, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if finished.returncode != 0:
            sys.exit(f"{command} ended with {finished.returncode}:\n{finished.stdout.decode(errors='replace')}")
        return finished.stdout.decode(errors="replace")

    def build(self):
        for words in self.recipe.build:
            self.step(words)

    def check_format(self):
        if self.recipe.format:
            if shutil.which(self.recipe.format[0], path=self.environment["PATH"]) is None:
                print(f"format: left out, {self.recipe.format[0]} not found")
            else:
                self.step(self.recipe.format)

    def version(self):
        text = self.step(self.recipe.version)
        found = re.search(r"\d+(\.\d+)+", text)
        return found[0] if found else text.strip().splitlines()[0]

    def start(self, *arguments, stdout=subprocess.PIPE, **variables):
        return subprocess.Popen(
            self.command(self.recipe.run) + list(arguments),
            cwd=self.scratch,
            env=dict(self.environment, **variables),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            # A session of its own, so that all of its processes are known.
            start_new_session=True,
        )


class User:
    """An account, a file with a password, and what has become of them since."""

    def __init__(self, bench, name, password=standin.PASSWORD, contents=None, scenario=None):
        self.bench, self.password = bench, password
        self.username = f"jörg.{name}.{bench.recipe.name}@example.com"
        self.before = standin.create_account(self.username, password, scenario)
        self.file = bench.home / f"{name}.password"
        self.file.write_bytes((password + "\n" if contents is None else contents).encode())
        self.file.chmod(0o600)

    def start(self, **options):
        return self.bench.start(self.username, str(self.file), **options)

    def run(self, code, created=0, asked=0, words="", **options):
        """Runs the recipe, and compares its exit code, its outputs and what the service knows; returns standard error."""
        return self.finish(self.start(**options), code, created, asked, words)

    def finish(self, process, code, created, asked, words=""):
        try:
            output, errors = (
                part.decode(errors="replace") if part is not None else None for part in process.communicate(timeout=PATIENCE)
            )
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = (part.decode(errors="replace") if part else "" for part in process.communicate())
            raise AssertionError(f"it did not end: {output!r} {errors!r}") from None
        after = standin.account(self.username)
        what = f"(exit code {process.returncode}, standard output {output!r}, standard error {errors!r})"
        check(process.returncode == code, f"exit code {process.returncode}, not {code} {what}")
        for name, wanted in (("requests", created), ("get_requests", asked)):
            found = after[name] - self.before[name]
            check(found == wanted, f"{found} {name}, not {wanted} {what}")
        if output is not None:
            wanted = after["valid_key"] + "\n" if code == 0 else ""
            check(output == wanted, f"standard output is not {wanted!r} {what}")
        check(words in errors, f"standard error lacks {words!r} {what}")
        check(code == 0 or errors.strip(), f"no word of the failure {what}")
        check(self.password.strip() not in (output or "") + errors, f"the password is in the output {what}")
        return errors

    def changes(self):
        return standin.account(self.username)["replaced"] - self.before["replaced"]


def created(bench):
    """The new key is printed, the one that is valid; one line end is no part of the password, and every other byte is."""
    users = (
        User(bench, "crlf", AWKWARD, AWKWARD + "\r\n"),
        User(bench, "two-ends", "two-ends\n", "two-ends\n\n"),
        User(bench, "no-end", "no-end", "no-end"),
        # The longest key that there can be.
        User(bench, "long", scenario={"key_size": 4096}),
    )
    for user in users:
        check(user.run(0, created=1) == "", f"{user.username}: standard error is not empty")


def refused(bench):
    """The service's refusal is told in its words, and nothing else is asked."""
    user = User(bench, "refused", contents="another-password\n")
    user.run(3, created=1, words="The old key still works")
    check(user.changes() == 0, "the key was replaced")


def settled(bench):
    """Where the outcome is unknown, the service is asked which key it is, and no second one is created."""
    lost = {"creates": True, "cut": {"after": 0, "how": "close"}}
    firewall = {"creates": True, "status": 403, "body_text": "<html>Forbidden</html>"}
    for name, scenario in (("lost", lost), ("firewall", firewall)):
        # A second call would succeed.
        user = User(bench, name, scenario={"sequence": [scenario, {}]})
        user.run(0, created=1, asked=1, words="may be revoked")
        check(user.changes() == 1, f"{name}: {user.changes()} keys were created")


def processes(session):
    """The command lines and environments of a session's processes."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[3]) == session:
                yield folder.joinpath("cmdline").read_bytes(), folder.joinpath("environ").read_bytes()
        except OSError:
            pass  # it has ended


def hidden(bench):
    """While the call runs, the password is on no command line and in no environment."""
    user = User(bench, "hidden", "hidden-password")
    with Gate(standin.facts()["http"].partition("//")[2]) as gate:
        process = user.start(MOBIVATE_BASE_URL=gate.url)
        try:
            gate.wait()
            seen = list(processes(process.pid))
        finally:
            gate.open()
            user.finish(process, 0, created=1, asked=0)
    check(any(user.username.encode() in command for command, _ in seen), f"the user name is on no command line: {seen!r}")
    for place in (place for process in seen for place in process):
        check(user.password.encode() not in place, f"the password is in {place!r}")


def codes(bench):
    """What is wrong before, at and after the call ends with the exit codes of mbv."""
    none = bench.start()
    output, errors = none.communicate(timeout=PATIENCE)
    check((none.returncode, output) == (2, b"") and errors, f"without arguments: {none.returncode}, {output!r}, {errors!r}")
    missing = User(bench, "missing")
    missing.file.unlink()
    missing.run(2, words=str(missing.file))
    User(bench, "empty", contents="\n").run(2, words="The old key still works")
    refused_host = "https://" + standin.facts()["hosts"]["refused"]
    User(bench, "not-sent").run(4, words="The old key still works", MOBIVATE_BASE_URL=refused_host)
    User(bench, "bad-url").run(2, words="base_url", MOBIVATE_BASE_URL="ftp://example.com")
    unsettled = {"status": 500, "creates": True, "get": {"status": 500}}
    User(bench, "unsettled", scenario=unsettled).run(5, created=1, asked=1, words="may be revoked")
    with open("/dev/full", "wb") as full:
        user = User(bench, "full")
        errors = user.run(6, created=1, stdout=full)
        check(standin.account(user.username)["valid_key"] in errors, f"the key is not on standard error: {errors!r}")


CHECKS = (created, refused, settled, hidden, codes)


def main():
    parser = argparse.ArgumentParser(description="Build and run one recipe.")
    parser.add_argument("language", choices=sorted(recipe.name for recipe in recipes.load_all()))
    parser.add_argument("--build-dir", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    recipe = recipes.load(arguments.language)
    bench = Bench(recipe, arguments.build_dir.resolve())
    result = {"language": recipe.language, "version": None, "checks": {}, "seconds": 0}
    file = bench.home / "result.json"
    file.unlink(missing_ok=True)

    bench.install_tools()
    if bench.missing():
        print(f"SKIPPED: {', '.join(bench.missing())} not found (Debian: {' '.join(recipe.packages)})")
        file.write_text(json.dumps(result))
        sys.exit(SKIPPED)
    result["version"] = bench.version()
    file.write_text(json.dumps(result))  # what the summary shows where the build fails
    started = time.monotonic()
    bench.check_format()
    bench.build()
    for check in CHECKS:
        try:
            check(bench)
            result["checks"][check.__name__] = True
        except AssertionError as error:
            result["checks"][check.__name__] = False
            print(f"not ok {check.__name__}: {str(error)[:4000]}")
        else:
            print(f"ok {check.__name__}")
    result["seconds"] = round(time.monotonic() - started, 1)
    file.write_text(json.dumps(result))
    sys.exit(0 if all(result["checks"].values()) else 1)


if __name__ == "__main__":
    main()
