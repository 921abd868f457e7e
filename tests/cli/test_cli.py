# SPDX-License-Identifier: MIT
"""Tests of the command-line tool: python3 tests/standin -- python3 -m tests.cli.test_cli

MBV_TOOL is the tool's path. Whatever the tool claims is compared with what the stand-in knows."""

import concurrent.futures
import contextlib
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import unittest

from tests.cli import windows
from tests.cli.support import PATIENCE, ROOT, Gate, Proxy, Terminal, ToolTest, error, in_own_mounts, why_no_mounts

TOOL_SOURCE = os.path.join(ROOT, "src", "tool")
STILL_WORKS = "old key still works"
NOTHING_SENT_AT_ALL = "Nothing was sent."
# Of input that the library refuses, it is the library that tells.
NOTHING_SENT = "Nothing was sent|old key still works"
REVOKED = "the old key is revoked"
MAY_BE_REVOKED = "old key may be revoked"


class Created(ToolTest):
    """Exit code 0."""

    def test_over_tls_with_ca_file(self):
        self.account()
        finished = self.create("--ca-file", self.standin.facts["ca_file"], base_url=self.standin.https)
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))
        self.assert_says(finished, "A new key was created", REVOKED, "Use the new key")

    def test_over_tls_with_ca_dir(self):
        self.account()
        finished = self.create("--ca-dir", self.standin.facts["ca_dir"], base_url=self.standin.https)
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))

    def test_stdout_is_the_key_and_a_newline(self):
        self.account()
        finished = self.create()
        self.assertEqual(finished.stdout, self.valid_key().encode() + b"\n")
        self.assertNotIn(self.valid_key().encode(), finished.stderr)

    def test_options_with_equals_sign(self):
        self.account()
        password_file = self.write("password", self.password)
        output = self.path("key")
        finished = self.run_command(
            [
                self.tool,
                "create-key",
                "--username=" + self.username,
                "--base-url=" + self.standin.https,
                "--ca-file=" + self.standin.facts["ca_file"],
                "--password-file=" + password_file,
                "--timeout=10",
                "--output=" + output,
                "--proxy=",
            ]
        )
        self.assert_code(finished, 0)
        with open(output) as file:
            self.assert_created(file.read().removesuffix("\n"))

    def test_command_after_the_options(self):
        self.account()
        command = self.command()
        finished = self.run_command([command[0], *command[2:], "create-key"])
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))

    def test_longest_key(self):
        self.account({"key_size": 4096})
        finished = self.create()
        self.assert_code(finished, 0)
        self.assertEqual(len(finished.stdout), 4097)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))

    def test_through_a_proxy(self):
        self.account()
        with Proxy() as proxy:
            finished = self.create("--proxy", proxy.url, "--ca-file", self.standin.facts["ca_file"], base_url=self.standin.https)
        self.assert_code(finished, 0)
        self.assertEqual(proxy.connects, [self.standin.https.removeprefix("https://")])
        self.assert_created(finished.stdout.decode().removesuffix("\n"))

    def test_empty_proxy_overrides_the_environment(self):
        self.account()
        self.environment["https_proxy"] = "http://" + self.standin.facts["hosts"]["refused"]
        options = ("--ca-file", self.standin.facts["ca_file"])
        refused = self.create(*options, base_url=self.standin.https)
        self.assert_code(refused, 4)
        self.assert_old_key_valid(requests=0)
        finished = self.create(*options, "--proxy", "", base_url=self.standin.https)
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))

    def test_no_thread_is_needed(self):
        """But for looking up a name, which localhost does not take."""
        user = self.as_ordinary_user()
        self.account()
        finished = self.run_command(
            self.command("--password-stdin", password_file=""),
            input=self.password.encode(),
            **user,
            # LeakSanitizer, where the tool is built with it, looks for leaks on a thread of its own.
            env=dict(self.environment, ASAN_OPTIONS="detect_leaks=0"),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)),
        )
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))


class Refused(ToolTest):
    """Exit code 3."""

    def test_wrong_password(self):
        self.account()
        finished = self.create(password_file=self.write("wrong", "not the password"))
        self.assert_code(finished, 3)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, "Invalid Credentials", STILL_WORKS, "Check the user name and the password")
        self.assertNotIn("not the password", finished.stderr.decode())
        self.assert_old_key_valid(requests=1)

    def test_rate_limited(self):
        self.account(error(429, "Slow down", retry_after="7"))
        finished = self.create()
        self.assert_code(finished, 3)
        self.assert_says(finished, "Slow down", STILL_WORKS, "wait 7 seconds")
        self.assert_old_key_valid(requests=1)

    def test_rate_limited_for_a_second(self):
        self.account(error(429, "Slow down", retry_after="1"))
        self.assert_says(self.create(), "wait 1 second)")

    def test_rate_limited_without_a_time(self):
        self.account(error(429, "Slow down"))
        finished = self.create()
        self.assert_code(finished, 3)
        self.assert_says(finished, "again later.")
        self.assertNotIn("second", finished.stderr.decode())

    def test_other_refusals(self):
        for status in (400, 402, 403, 404, 405, 409):
            with self.subTest(status=status):
                self.account(error(status, "No, thank you"))
                finished = self.create()
                self.assert_code(finished, 3)
                self.assert_says(finished, "No, thank you", STILL_WORKS, "refused again")
                self.assert_old_key_valid(requests=1)

    def test_a_refusal_that_is_not_the_services_own(self):
        """A proxy or a firewall may refuse after the service has made the key."""
        for status in (401, 403, 429):
            with self.subTest(status=status):
                self.account({"status": status, "creates": True, "body_text": "<html>Blocked</html>"})
                finished = self.create()
                self.assert_code(finished, 5)
                self.assert_says(
                    finished,
                    f"(HTTP {status})",
                    "a proxy or a firewall",
                    "may be revoked",
                    "mbv get-key prints the key that is valid",
                )

    def test_terminal_controls_of_the_server_are_not_repeated(self):
        message = "red \x1b[31m, bell \x07, C1 \x9b31m, delete \x7f, umlaut \u00fc"
        self.account(error(409, message))
        finished = self.create()
        self.assert_code(finished, 3)
        told = finished.stderr.decode()
        self.assertIn("umlaut \u00fc", told)
        self.assertEqual([c for c in told if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f"], [])


class NotSent(ToolTest):
    """Exit code 4."""

    def assert_not_sent(self, finished, *texts):
        self.assert_code(finished, 4)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, *texts, pattern=NOTHING_SENT)
        self.assert_old_key_valid(requests=0)

    def test_connection_refused(self):
        self.account()
        finished = self.create(base_url="http://" + self.standin.facts["hosts"]["refused"])
        self.assert_not_sent(finished, "Check the network")

    def test_proxy_refused(self):
        self.account()
        finished = self.create("--proxy", "http://" + self.standin.facts["hosts"]["refused"], base_url=self.standin.https)
        self.assert_not_sent(finished, "--proxy")

    def test_unknown_host(self):
        self.account()
        self.assert_not_sent(self.create(base_url="https://nowhere.invalid"), "--base-url")

    def test_untrusted_certificate(self):
        self.account()
        finished = self.create(base_url=self.standin.https)
        self.assert_not_sent(finished, "--ca-file")

    def test_wrong_ca_dir(self):
        self.account()
        self.assert_not_sent(self.create("--ca-dir", self.directory, base_url=self.standin.https), "--ca-dir")

    def test_timeout_while_connecting(self):
        self.account()
        silent = "https://" + self.standin.facts["hosts"]["silent"]
        self.assert_not_sent(self.create("--timeout", "0.3", base_url=silent))


class Unknown(ToolTest):
    """Exit code 5."""

    def assert_unknown(self, finished, replaced, *texts):
        self.assert_code(finished, 5)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, MAY_BE_REVOKED, "mbv get-key prints the key that is valid", *texts)
        state = self.standin.account(self.username)
        self.assertEqual((state["requests"], state["replaced"]), (1, replaced))
        self.assertEqual(self.standin.is_valid(self.old_key), not replaced)

    def test_server_error(self):
        self.account(error(500, "Sorry"))
        self.assert_unknown(self.create(), 0, "Sorry")

    def test_server_error_with_a_time(self):
        self.account(error(503, "Later", retry_after="30"))
        self.assert_unknown(self.create(), 0, "wait 30 seconds")

    def test_lost_answer(self):
        self.account({"creates": True, "cut": {"after": 0, "how": "close"}})
        self.assert_unknown(self.create(), 1)

    def test_not_json(self):
        self.account({"body_text": "<html>Welcome</html>"})
        self.assert_unknown(self.create(), 1)

    def test_timeout(self):
        self.account({"creates": True, "cut": {"after": 0, "how": "stall"}})
        self.assert_unknown(self.create("--timeout", ".25"), 1)


class Usage(ToolTest):
    """Exit code 2: wrong options. A message names what is wrong, and nothing is sent."""

    def assert_wrong(self, finished, *texts):
        self.assert_code(finished, 2)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, *texts, pattern=NOTHING_SENT)
        self.assert_old_key_valid(requests=0)

    def wrong(self, *options, password_file=None):
        # A file that should not be there does not land in the sources.
        return self.create(*options, password_file=password_file, cwd=self.directory)

    def setUp(self):
        super().setUp()
        self.account()

    def test_no_command(self):
        self.assert_wrong(self.run_command([self.tool]), "command", "See mbv --help.")

    def test_unknown_command(self):
        for words in (["hunter2"], ["hunter2", "create-key"], ["--", "hunter2", "--json"], ["", "hunter2"]):
            with self.subTest(words=words):
                finished = self.run_command([self.tool, *words])
                position = 2 if words[0] == "--" else 1
                self.assert_wrong(finished, f"Argument {position} is not a command", "See mbv --help.")
                self.assertNotIn(b"hunter2", finished.stderr)

    def test_abbreviated_options(self):
        """What an abbreviation means could change with each new option."""
        for option, value in (
            ("--username", "hunter2"),
            ("--password-file", "hunter2"),
            ("--password-stdin", None),
            ("--base-url", "hunter2"),
            ("--ca-file", "hunter2"),
            ("--proxy", "hunter2"),
            ("--timeout", "1"),
            ("--output", "hunter2"),
            ("--json", None),
            ("--help", None),
            ("--version", None),
        ):
            for short in (option[:-1], option[:4]):
                for given in ([short], [short + "=hunter2"], [short, value]):
                    if given[-1] is not None:
                        with self.subTest(given=given):
                            finished = self.wrong(*given)
                            self.assert_wrong(finished, f"mbv: {short} is not an option of mbv.", "See mbv --help.")
                            self.assertNotIn(b"hunter2", finished.stderr)

    def test_no_username(self):
        self.assert_wrong(self.run_command([self.tool, "create-key"]), "--username", "See mbv --help.")

    def test_empty_username(self):
        finished = self.run_command([self.tool, "create-key", "--username", ""])
        self.assert_wrong(finished, "--username is empty")

    def test_unknown_options(self):
        for option, name in (("--verbose", "--verbose"), ("-v", "-v"), ("--colour=red", "--colour")):
            with self.subTest(option=option):
                self.assert_wrong(self.wrong(option), "mbv: " + name + " is not an option", "See mbv --help.")

    def test_missing_values(self):
        for option in (
            "--username",
            "--password-file",
            "--base-url",
            "--ca-file",
            "--ca-dir",
            "--proxy",
            "--timeout",
            "--output",
        ):
            with self.subTest(option=option):
                finished = self.run_command([self.tool, "create-key", option])
                self.assert_wrong(finished, option + " needs a value", "See mbv --help.")

    def test_values_where_none_belong(self):
        for option in ("--password-stdin", "--json", "--help", "--version"):
            with self.subTest(option=option):
                finished = self.run_command([self.tool, "create-key", option + "=topsecret"])
                self.assert_wrong(finished, option + " takes no value", "See mbv --help.")
                self.assertNotIn(b"topsecret", finished.stderr)

    def test_duplicates(self):
        for option, value in (
            ("--username", "x"),
            ("--password-file", "x"),
            ("--password-stdin", None),
            ("--base-url", "x"),
            ("--ca-file", "x"),
            ("--ca-dir", "x"),
            ("--proxy", "x"),
            ("--timeout", "1"),
            ("--output", "x"),
            ("--json", None),
        ):
            with self.subTest(option=option):
                given = [option] if value is None else [option, value]
                finished = self.run_command([self.tool, "create-key", *given, *given])
                self.assert_code(finished, 2)
                self.assert_says(finished, option + " is given twice", "See mbv --help.")

    def test_extra_arguments(self):
        for extra in (["topsecret"], ["--", "topsecret"]):
            with self.subTest(extra=extra):
                finished = self.wrong(*extra)
                position = self.command(*extra, password_file=None).index("topsecret")
                self.assert_wrong(finished, f"Argument {position} is one too many", "See mbv --help.")
                self.assertNotIn(b"topsecret", finished.stderr)

    def test_password_on_the_command_line(self):
        for given in (["--password", "topsecret"], ["--password=topsecret"], ["--password"]):
            with self.subTest(given=given):
                finished = self.wrong(*given)
                self.assert_wrong(finished, "--password is refused", "command line", "--password-file", "--password-stdin")
                self.assertNotIn(b"topsecret", finished.stderr)

    def test_misspelt_password_option_does_not_repeat_the_value(self):
        for given in ("--passwd=topsecret", "-ptopsecret", "--passwor=topsecret"):
            with self.subTest(given=given):
                finished = self.wrong(given)
                self.assert_wrong(finished, "is not an option", "See mbv --help.")
                self.assertNotIn(b"opsecret", finished.stderr)

    def test_two_sources_of_the_password(self):
        self.assert_wrong(self.wrong("--password-stdin"), "--password-file", "--password-stdin", "exclude")

    def test_timeouts_that_are_none(self):
        for value in (
            "",
            "0",
            "0.0",
            "-1",
            "1.",
            ".",
            "1.2345",
            "1e3",
            " 1",
            "1 ",
            "1,5",
            "2147483.648",
            "99999999999999999999",
            "0x10",
            "inf",
            "nan",
        ):
            with self.subTest(value=value):
                self.assert_wrong(self.wrong("--timeout", value), "--timeout takes seconds", "0.001", "2147483.647")

    def test_timeouts_that_are_fine(self):
        for value in ("30", "2.5", ".5", "0.001", "2147483.647", "007"):
            with self.subTest(value=value):
                # What is wrong is found only after all the options were taken by the library.
                finished = self.wrong("--timeout", value, password_file=self.path("nothing"))
                self.assert_wrong(finished, self.path("nothing"))

    def test_values_that_the_library_refuses(self):
        for option, value in (
            ("--base-url", "http://example.com"),
            ("--base-url", "nonsense"),
            ("--proxy", "gopher://localhost:1"),
            ("--ca-file", self.path("missing.pem")),
            ("--ca-dir", self.path("missing")),
        ):
            with self.subTest(option=option, value=value):
                command = [
                    self.tool,
                    "create-key",
                    "--username",
                    self.username,
                    option,
                    value,
                    "--password-file",
                    self.write("password", self.password),
                ]
                finished = self.run_command(command)
                # A missing certificate file may be found when it is needed only.
                self.assertIn(finished.returncode, (2,) if "ca-" not in option else (2, 4), finished.stderr)
                self.assert_old_key_valid(requests=0)
                if finished.returncode == 2:
                    self.assert_wrong(finished, option + ": ")

    def test_proxy_whose_password_is_not_escaped(self):
        for proxy in (
            "http://user:to/psecret@localhost:1",
            "http://user:1/psecret@localhost:1",
            "http://user:1?psecret@localhost:1",
            "socks5h://user:1#psecret@localhost:1",
            "user:1/psecret@localhost:1",
        ):
            with self.subTest(proxy=proxy):
                finished = self.wrong("--proxy", proxy)
                self.assert_wrong(finished, "--proxy: The option proxy is not a URL", "%2F")
                self.assertNotIn(b"psecret", finished.stderr)

    def test_username_that_the_library_refuses(self):
        command = self.command()
        command[command.index("--username") + 1] = b"not-utf8-\xff@example.com"
        self.assert_wrong(self.run_command(command), "UTF-8")


class Information(ToolTest):
    """--help, --version, and that all places tell of the same options and exit codes."""

    OPTION = r"--[a-z][a-z-]*"

    def help(self):
        finished = self.run_command([self.tool, "--help"])
        self.assertEqual((finished.returncode, finished.stderr), (0, b""))
        return finished.stdout.decode()

    def options_of_help(self):
        options = re.findall(r"^  (%s)" % self.OPTION, self.help(), re.MULTILINE)
        self.assertIn("--username", options)
        return sorted(options)

    def source(self, *names):
        with open(os.path.join(TOOL_SOURCE, *names)) as file:
            return file.read()

    def test_version(self):
        finished = self.run_command([self.tool, "--version"])
        with open(os.path.join(ROOT, "include", "mobivate.h")) as file:
            version = re.search(r'^#define MBV_VERSION "([0-9.]+)"$', file.read(), re.MULTILINE).group(1)
        self.assertEqual((finished.returncode, finished.stderr), (0, b""))
        inside = r"libcurl \d\S+\nOpenSSL \d\S+\n" if os.environ.get("MOBIVATE_BUNDLED") else ""
        self.assertRegex(finished.stdout.decode(), rf"\Ambv {re.escape(version)}\nlibmobivate {re.escape(version)}\n{inside}\Z")

    def test_help_after_the_command(self):
        finished = self.run_command([self.tool, "create-key", "--help"])
        self.assertEqual((finished.returncode, finished.stdout.decode()), (0, self.help()))

    def test_stdout_that_cannot_be_written(self):
        for option in ("--help", "--version"):
            with self.subTest(option=option), open("/dev/full", "wb") as full:
                finished = self.run_command([self.tool, option], stdout=full)
                self.assert_code(finished, 2)
                self.assertIn(b"No space left", finished.stderr)

    def test_help_fits_a_terminal(self):
        self.assertLessEqual(max(map(len, self.help().splitlines())), 100)

    COMMANDS = {
        "create-key": ["--username=a"],
        "get-key": ["--username=a"],
        "test-key": [],
        "rotate-key": ["--username=a", "--output=/missing/key"],
    }  # with what each of them needs

    def options_of(self, command):
        """The options that the tool does not refuse for a command."""
        result = []
        for option in self.options_of_help():
            flag = option in ("--password-stdin", "--key-stdin", "--json", "--help", "--version")
            others = [word for word in self.COMMANDS[command] if not word.startswith(option + "=")]
            finished = self.run_command([self.tool, command, *others, option if flag else option + "=/missing"])
            if b"does not belong to this command" not in finished.stderr:
                result.append(option)
        return result

    def test_commands_take_their_options(self):
        account = {"--username", "--password-file", "--password-stdin", "--output"}
        key = {"--key-file", "--key-stdin"}
        everything = set(self.options_of_help())
        for command in self.COMMANDS:
            self.assertEqual(set(self.options_of(command)), everything - (account if command == "test-key" else key), command)
        self.assertEqual(re.findall(r"^  ([a-z]+-key)  ", self.help(), re.MULTILINE), list(self.COMMANDS))

    def test_man_page_has_the_same_options(self):
        items = re.findall(r"^\.It Fl Fl ([a-z-]+)", self.source("mbv.1"), re.MULTILINE)
        self.assertEqual(sorted("--" + item for item in items), self.options_of_help())
        synopsis = self.source("mbv.1").split(".Sh DESCRIPTION")[0].split(".Sh SYNOPSIS")[1]
        told = {
            re.search(r"^\.Cm (\S+)", part, re.MULTILINE)[1]: re.findall(r"Fl Fl ([a-z-]+)", part)
            for part in synopsis.split("\n.Nm\n")
            if "\n.Cm " in "\n" + part
        }
        self.assertEqual(list(told), list(self.COMMANDS))
        for command, options in told.items():
            self.assertEqual(
                sorted(["--" + option for option in options] + ["--help", "--version"]), self.options_of(command), command
            )

    def test_man_page_has_the_same_exit_codes(self):
        section = self.source("mbv.1").split(".Sh EXIT STATUS")[1].split(".El")[0]
        codes = re.findall(r"^\.It ([0-9]+)$", section, re.MULTILINE)
        self.assertEqual(codes, ["0", "2", "3", "4", "5", "6"])
        self.assertEqual(re.findall(r"^  ([0-9]+)  ", self.help(), re.MULTILINE), codes)

    def test_man_page_has_the_members_of_the_json_object(self):
        section = self.source("mbv.1").split(".Ss JSON OBJECT")[1].split(".El")[0]
        members = set(re.findall(r"^\.It (\w+)$", section, re.MULTILINE))
        self.account()
        finished = self.create("--json")
        self.assertEqual(set(json.loads(finished.stdout)) | {"output"}, members)

    def test_completions_have_the_same_options(self):
        zsh = re.findall(r"(?:\)|')(%s)(?:=?\[)" % self.OPTION, self.source("completions", "_mbv"))
        fish = [
            "--" + name for name in re.findall(r"^complete .* -l ([a-z-]+)", self.source("completions", "mbv.fish"), re.MULTILINE)
        ]
        self.assertEqual(sorted(zsh), self.options_of_help())
        self.assertEqual(sorted(fish), self.options_of_help())
        for name in ("_mbv", "mbv.fish"):
            for command in self.COMMANDS:
                self.assertIn(command, self.source("completions", name))

    def complete_in_bash(self, *words):
        script = (
            'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _mbv; '
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        finished = self.run_command(
            ["bash", "-c", script, "bash", os.path.join(TOOL_SOURCE, "completions", "mbv.bash"), "mbv", *words]
        )
        self.assertEqual((finished.returncode, finished.stderr), (0, b""))
        return finished.stdout.decode().split()

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_bash_completes(self):
        self.write("some-file", "")
        os.mkdir(self.path("some-directory"))
        self.assertEqual(self.complete_in_bash("cr"), ["create-key"])
        self.assertEqual(self.complete_in_bash(""), list(self.COMMANDS))
        for command in self.COMMANDS:
            self.assertEqual(sorted(self.complete_in_bash(command, "--")), self.options_of(command))
        self.assertEqual(sorted(self.complete_in_bash("--")), self.options_of_help())
        self.assertEqual(self.complete_in_bash("create-key", "--password-s"), ["--password-stdin"])
        some = self.path("some-")
        self.assertEqual(
            sorted(self.complete_in_bash("create-key", "--output", some)), [self.path("some-directory"), self.path("some-file")]
        )
        self.assertEqual(
            sorted(self.complete_in_bash("create-key", "--output", "=", some)),
            [self.path("some-directory"), self.path("some-file")],
        )
        self.assertEqual(self.complete_in_bash("create-key", "--ca-dir", some), [self.path("some-directory")])

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_completes(self):
        for command in self.COMMANDS:
            script = f'source "$argv[1]"; complete -C "mbv {command} --"; complete -C "mbv {command[:2]}"'
            finished = self.run_command(
                ["fish", "--no-config", "-c", script, os.path.join(TOOL_SOURCE, "completions", "mbv.fish")]
            )
            offered = {line.split("\t")[0].removesuffix("=") for line in finished.stdout.decode().splitlines()}
            self.assertEqual(offered, {command, *self.options_of(command)}, finished.stderr)

    def check(self, *command):
        finished = self.run_command(list(command), cwd=TOOL_SOURCE)
        self.assertEqual((finished.returncode, finished.stdout, finished.stderr), (0, b"", b""))

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_man_page_is_well_formed(self):
        # A missing page database of this machine is no fault of the page.
        finished = self.run_command(["mandoc", "-T", "lint", "-W", "warning", "mbv.1"], cwd=TOOL_SOURCE)
        self.assertEqual((finished.returncode, finished.stdout), (0, b""))

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_bash_completion_is_clean(self):
        self.check("shellcheck", "--shell=bash", "completions/mbv.bash")

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_completion_is_well_formed(self):
        self.check("zsh", "-n", "completions/_mbv")


class Json(ToolTest):
    """--json: one object on stdout, for success and for failure."""

    MEMBERS = {
        "status",
        "status_name",
        "key_state",
        "http_status",
        "server_code",
        "server_message",
        "retry_after_ms",
        "message",
        "exit_code",
        "library_version",
    }

    def object(self, finished):
        self.assertTrue(finished.stdout.endswith(b"}\n"))
        self.assertEqual(finished.stdout.count(b"\n"), 1)
        result = json.loads(finished.stdout)
        self.assertEqual(result["exit_code"], finished.returncode)
        self.assertEqual("mbv: " + result["message"] + "\n", finished.stderr.decode())
        version = self.run_command([self.tool, "--version"]).stdout.decode().split()[3]
        self.assertEqual(result["library_version"], version)
        return result

    def assert_members(self, result, extra=(), **members):
        self.assertEqual(set(result), self.MEMBERS | set(extra))
        self.assertEqual({name: result[name] for name in members}, members)

    def test_created(self):
        self.account()
        finished = self.create("--json")
        result = self.object(finished)
        self.assert_members(
            result,
            ["key"],
            status=0,
            status_name="MBV_OK",
            key_state="replaced",
            http_status=200,
            server_code=None,
            server_message=None,
            retry_after_ms=None,
            exit_code=0,
        )
        self.assert_created(result["key"])
        self.assertNotIn(result["key"].encode(), finished.stderr)

    def test_created_into_a_file(self):
        self.account()
        output = self.path("key")
        finished = self.create("--json", "--output", output)
        result = self.object(finished)
        self.assert_members(result, ["output"], key_state="replaced", exit_code=0, output=output)
        with open(output) as file:
            key = file.read().removesuffix("\n")
        self.assert_created(key)
        self.assertNotIn(key.encode(), finished.stdout)

    def test_path_that_is_not_utf8(self):
        self.account()
        output = self.path("key-").encode() + b"\xff\xc3(\xed\xa0\x80\xf0\x9f\x94\x91"
        finished = self.create("--json", "--output", output)
        self.assert_code(finished, 0)
        result = json.loads(finished.stdout)
        self.assertEqual(result["output"], self.path("key-\ufffd\ufffd(\ufffd\ufffd\ufffd\U0001f511"))

    def test_refused(self):
        scenario = error(429, "Slow down", retry_after="7")
        scenario["body"]["code"] = 1429
        self.account(scenario)
        result = self.object(self.create("--json"))
        self.assert_members(
            result,
            status=-11,
            status_name="MBV_ERR_RATE_LIMITED",
            key_state="unchanged",
            http_status=429,
            server_code=1429,
            server_message="Slow down",
            retry_after_ms=7000,
            exit_code=3,
        )
        self.assert_old_key_valid(requests=1)

    def test_not_sent(self):
        self.account()
        finished = self.create("--json", base_url="http://" + self.standin.facts["hosts"]["refused"])
        self.assert_members(
            self.object(finished),
            status=-7,
            status_name="MBV_ERR_CONNECT",
            key_state="unchanged",
            http_status=None,
            server_code=None,
            server_message=None,
            retry_after_ms=None,
            exit_code=4,
        )

    def test_unknown(self):
        self.account({"creates": True, "cut": {"after": 0, "how": "close"}})
        self.assert_members(
            self.object(self.create("--json")),
            status=-9,
            status_name="MBV_ERR_TRANSPORT",
            key_state="unknown",
            http_status=None,
            exit_code=5,
        )
        self.assertFalse(self.standin.is_valid(self.old_key))

    def test_timeout(self):
        self.account({"cut": {"after": 0, "how": "stall"}})
        self.assert_members(
            self.object(self.create("--json", "--timeout", "0.25")),
            status=-5,
            status_name="MBV_ERR_TIMEOUT",
            key_state="unknown",
            exit_code=5,
        )

    def test_wrong_usage(self):
        self.account()
        for command in (
            [self.tool, "--json"],
            [self.tool, "create-key", "--json"],
            self.command("--bogus", "--json"),
            self.command("--json", "--timeout", "x"),
            self.command("topsecret", "--json"),
            self.command("--json", password_file=self.path("missing")),
        ):
            with self.subTest(command=command[1:]):
                self.assert_members(
                    self.object(self.run_command(command)),
                    status=None,
                    status_name=None,
                    key_state="unchanged",
                    http_status=None,
                    exit_code=2,
                )
        self.assert_old_key_valid(requests=0)

    def test_escapes(self):
        message = 'quote " backslash \\ slash / newline \n tab \t control \x01 delete \x7f C1 \x85 ' "euro \u20ac key \U0001f511"
        self.account(error(409, message))
        finished = self.create("--json")
        result = json.loads(finished.stdout)
        self.assertEqual(result["server_message"], message)
        text = finished.stdout.decode().removesuffix("\n")
        self.assertEqual([c for c in text if c < " " or "\x7f" <= c <= "\x9f"], [])

    def test_largest_message(self):
        # One byte in the answer, six in the object.
        message = "\x7f" * 65000
        self.account({"status": 409, "body_text": '{{"message":"' + message + '"}}'})
        self.assertEqual(json.loads(self.create("--json").stdout)["server_message"], message)

    def test_key_of_many_characters(self):
        key = "".join(map(chr, range(0x21, 0x7F)))
        self.account({"key": key})
        self.assertEqual(self.object(self.create("--json"))["key"], key)
        self.assert_created(key)


class GetKey(ToolTest):
    """get-key: the account's key, and nothing changes."""

    def get(self, *options, **keywords):
        where = {name: keywords.pop(name) for name in ("base_url", "password_file") if name in keywords}
        command = self.command(*options, **where)
        command[1] = "get-key"
        return self.run_command(command, **keywords)

    def get_account(self, scenario=None):
        self.account({"get": scenario} if scenario else None)

    def assert_nothing_changed(self, get_requests):
        state = self.standin.account(self.username)
        self.assertEqual((state["requests"], state["get_requests"], state["replaced"]), (0, get_requests, 0))
        self.assertTrue(self.standin.is_valid(self.old_key))

    def assert_failed(self, finished, code, *texts, get_requests=1):
        self.assert_code(finished, code)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, *texts)
        self.assertNotIn(b"old key", finished.stderr)
        self.assertNotIn(self.old_key.encode(), finished.stderr)
        self.assert_nothing_changed(get_requests)

    def test_key(self):
        self.get_account()
        for _ in range(2):
            finished = self.get()
            self.assert_code(finished, 0)
            self.assertEqual(finished.stdout, self.old_key.encode() + b"\n")
            self.assert_says(finished, "the key that the account has")
            self.assertNotIn(self.old_key.encode(), finished.stderr)
        self.assert_nothing_changed(2)

    def test_key_after_an_unknown_outcome(self):
        self.account({"creates": True, "cut": {"after": 0, "how": "close"}})
        self.assert_code(self.create(), 5)
        self.assertEqual(self.get().stdout, self.valid_key().encode() + b"\n")
        self.assertNotEqual(self.valid_key(), self.old_key)

    def test_file(self):
        self.get_account()
        output = self.write("key", "the old content")
        finished = self.get("--output", output)
        self.assert_code(finished, 0)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, "was written to " + output)
        with open(output) as file:
            self.assertEqual(file.read(), self.old_key + "\n")
        self.assert_nothing_changed(1)

    def test_json(self):
        self.get_account()
        finished = self.get("--json")
        told = json.loads(finished.stdout)
        self.assertEqual((told["key"], told["key_state"], told["status"], told["exit_code"]), (self.old_key, "unchanged", 0, 0))
        self.assertEqual(set(told), Json.MEMBERS | {"key"})

    def test_refused(self):
        for status, text in ((401, "Check the user name and the password"), (429, "again later"), (402, "refused again")):
            with self.subTest(status=status):
                self.get_account(error(status, "No, thank you"))
                self.assert_failed(self.get(), 3, "No, thank you", text)

    def test_not_known(self):
        for scenario in (error(500, "Sorry"), {"cut": {"after": 0, "how": "close"}}, {"body_text": "<html>Welcome</html>"}):
            with self.subTest(scenario=scenario):
                self.get_account(scenario)
                self.assert_failed(self.get(), 4, "Run mbv again")

    def test_not_sent(self):
        self.get_account()
        finished = self.get(base_url="http://" + self.standin.facts["hosts"]["refused"])
        self.assert_failed(finished, 4, "Check the network", get_requests=0)

    def test_usage(self):
        self.get_account()
        self.assert_failed(
            self.get("--key-stdin"), 2, "--key-stdin does not belong to this command", NOTHING_SENT_AT_ALL, get_requests=0
        )
        finished = self.get(password_file=self.write("empty", ""))
        self.assert_failed(finished, 2, "There is no password", NOTHING_SENT_AT_ALL, get_requests=0)
        command = self.command("--json")
        command[1:4] = ["get-key"]
        self.assertEqual(json.loads(self.run_command(command).stdout)["exit_code"], 2)

    def test_undelivered(self):
        """Nothing is lost, so the key goes nowhere else."""
        self.get_account()
        with open("/dev/full", "wb") as full:
            finished = self.get(stdout=full)
        self.assert_code(finished, 4)
        self.assert_says(finished, "could not be written to standard output: No space left", "Nothing has changed")
        self.assertNotIn(self.old_key.encode(), finished.stderr)


class TestKey(ToolTest):
    """test-key: whether the service accepts a key."""

    def setUp(self):
        super().setUp()
        self.account()

    def test(self, *options, base_url=None, **keywords):
        command = [self.tool, "test-key", "--base-url", base_url or self.standin.http, *options]
        return self.run_command(command, **keywords)

    def assert_failed(self, finished, code, *texts, test_requests=1):
        self.assert_code(finished, code)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, *texts)
        self.assertNotIn(b"old key", finished.stderr)
        self.assertNotIn(self.old_key.encode(), finished.stderr)
        self.assertEqual(self.standin.account(self.username)["test_requests"], test_requests)

    def test_valid(self):
        key = self.old_key.encode()
        for name, content in (("newline", key + b"\n"), ("CR LF", key + b"\r\n"), ("bare", key)):
            with self.subTest(name):
                file = self.write("key", content)
                for finished in (
                    self.test("--key-file", file),
                    self.test("--key-stdin", input=content),
                    self.test("--key-file", "-", input=content),
                ):
                    self.assert_code(finished, 0)
                    self.assertEqual((finished.stdout, finished.stderr), (b"", b"mbv: The service accepts the key.\n"))
        self.assertEqual(self.standin.account(self.username)["test_requests"], 9)

    def test_closed_stdout_does_not_matter(self):
        finished = self.test("--key-stdin", input=self.old_key.encode(), preexec_fn=lambda: os.close(1), stdout=None)
        self.assert_code(finished, 0)

    def test_refused(self):
        key = "abcd1234-9922-abcd-1234-abcd1234abcd"
        finished = self.test("--key-stdin", input=key.encode())
        self.assert_failed(finished, 3, "refuses the key", "mbv get-key prints the key", test_requests=0)
        self.assertNotIn(key, finished.stderr.decode())
        self.create()
        finished = self.test("--key-stdin", input=self.old_key.encode())  # it is revoked now
        self.assert_failed(finished, 3, "refuses the key")

    def test_not_known(self):
        """Only 401 tells of the key."""
        for scenario in (
            error(429, "Slow down", retry_after="7"),
            error(403, "Opted out"),
            error(500, "Sorry"),
            {"cut": {"after": 0, "how": "close"}},
        ):
            with self.subTest(scenario=scenario):
                self.account({"test": scenario})
                finished = self.test("--key-stdin", input=self.old_key.encode())
                self.assert_failed(finished, 4)

    def test_not_sent(self):
        finished = self.test(
            "--key-stdin", input=self.old_key.encode(), base_url="http://" + self.standin.facts["hosts"]["refused"]
        )
        self.assert_failed(finished, 4, "Check the network", test_requests=0)

    def test_what_is_no_key(self):
        for content, text in (
            (b"", "There is no key in standard input"),
            (b"\n", "There is no key"),
            (b"k" * 4097, "longer than 4096 bytes"),
            (b"a key", "at byte 1"),
            (b"key\r\nX-Header: 1", "at byte 3"),
            (b"key\0", "NUL byte"),
            ("kl\u00fcssel".encode(), "at byte 2"),
            (b"\xef\xbb\xbfkey", "byte order mark"),
        ):
            with self.subTest(content=content[:20]):
                self.assert_failed(self.test("--key-stdin", input=content), 2, text, test_requests=0)
        self.assertEqual(self.standin.requests() - self.requests_before, 0)

    def test_longest_key(self):
        self.assert_failed(self.test("--key-stdin", input=b"k" * 4096), 3, test_requests=0)

    def test_usage(self):
        for options, text in (
            (["--username", "a"], "--username does not belong"),
            (["--output", "x"], "--output does not belong"),
            (["--key-file", "x", "--key-stdin"], "--key-file and --key-stdin exclude each other"),
            (["--key-file", self.path("missing")], "cannot be read"),
            (["--key", "k"], "--key is not an option"),
        ):
            with self.subTest(options=options):
                self.assert_failed(self.test(*options), 2, text, NOTHING_SENT_AT_ALL, test_requests=0)

    def test_json(self):
        finished = self.test("--json", "--key-stdin", input=self.old_key.encode())
        told = json.loads(finished.stdout)
        self.assertEqual((set(told), told["status"], told["key_state"], told["exit_code"]), (Json.MEMBERS, 0, "unchanged", 0))
        finished = self.test("--json", "--key-stdin", input=b"another-key")
        told = json.loads(finished.stdout)
        self.assertEqual(
            (told["status_name"], told["exit_code"], told["message"]),
            ("MBV_ERR_CREDENTIALS", 3, finished.stderr.decode().removeprefix("mbv: ").rstrip("\n")),
        )

    def test_typed(self):
        with Terminal() as terminal:
            before = terminal.attributes()
            process = terminal.start(
                [self.tool, "test-key", "--base-url", self.standin.http],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.environment,
            )
            terminal.read_until(b"API key: ")
            self.assertFalse(terminal.echoes())
            terminal.type(self.old_key.encode() + b"\n")
            self.assert_code(self.finish(process), 0)
            self.assertEqual(terminal.attributes(), before)
            self.assertEqual(terminal.read_rest().strip(), b"")

    def test_no_terminal(self):
        self.assert_failed(self.test(stdin=subprocess.DEVNULL), 2, "no terminal", "--key-file or --key-stdin", test_requests=0)


class Password(ToolTest):
    """Where the password comes from, and what is left of it."""

    def assert_taken(self, finished):
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))

    def assert_wrong(self, finished, *texts):
        self.assert_code(finished, 2)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, *texts, pattern=NOTHING_SENT)
        self.assert_old_key_valid(requests=0)

    # What is in the file, and the password that it stands for.
    CONTENTS = {
        "no newline": ("secret", "secret"),
        "LF": ("secret\n", "secret"),
        "CR LF": ("secret\r\n", "secret"),
        "two newlines": ("secret\n\n", "secret\n"),
        "two CR LF": ("secret\r\n\r\n", "secret\r\n"),
        "CR alone": ("secret\r", "secret\r"),
        "CR CR LF": ("secret\r\r\n", "secret\r"),
        "LF CR": ("secret\n\r", "secret\n\r"),
        "spaces": (" secret \n", " secret "),
        "in the middle": ("se\r\ncret", "se\r\ncret"),
        "unicode and quotes": ('p\u00e4ss "w\u00f6rd" \\ \u20ac\n', 'p\u00e4ss "w\u00f6rd" \\ \u20ac'),
        "one byte": ("x", "x"),
        "the longest": ("p" * 65536, "p" * 65536),
        "the longest and CR LF": ("p" * 65536 + "\r\n", "p" * 65536),
    }

    def test_files(self):
        for name, (content, password) in self.CONTENTS.items():
            with self.subTest(name):
                self.account(password=password)
                self.assert_taken(self.create(password_file=self.write("password", content)))

    def test_stdin(self):
        for name, (content, password) in self.CONTENTS.items():
            with self.subTest(name):
                self.account(password=password)
                self.assert_taken(self.create("--password-stdin", password_file="", input=content.encode()))

    def test_files_that_hold_no_password(self):
        self.account()
        for content, text in (
            (b"", "no password"),
            (b"\n", "no password"),
            (b"\r\n", "no password"),
            (b"sec\0ret", "NUL"),
            (b"\0", "NUL"),
            (b"p" * 65537, "longer than 65536 bytes"),
            (b"p" * 65537 + b"\n", "longer than 65536 bytes"),
            (b"p" * 200000, "longer than 65536 bytes"),
        ):
            with self.subTest(text, size=len(content)):
                path = self.write("password-file", content)
                self.assert_wrong(self.create(password_file=path), path, text)
                finished = self.create("--password-stdin", password_file="", input=content)
                self.assert_wrong(finished, "standard input", text)

    def test_nul_names_the_limit(self):
        self.account()
        self.assert_wrong(self.create(password_file=self.write("password", b"a\0")), "65536")

    def test_not_utf8(self):
        self.account()
        self.assert_wrong(self.create(password_file=self.write("password", b"secret\xff")), "UTF-8")

    def test_byte_order_marks(self):
        """As some editors write them, and PowerShell's redirection."""
        self.account()
        for encoding in ("utf-8-sig", "utf-16", "utf-32"):
            for text in (self.password, self.password + "\r\n", ""):
                with self.subTest(encoding=encoding, text=text):
                    content = text.encode(encoding)
                    path = self.write("password", content)
                    self.assert_wrong(self.create(password_file=path), path, "byte order mark", "Save it as UTF-8")
                    finished = self.create("--password-stdin", password_file="", input=content)
                    self.assert_wrong(finished, "standard input", "byte order mark")

    def test_byte_order_mark_within(self):
        self.account(password="se\ufeffcret")
        self.assert_taken(self.create(password_file=self.write("password", self.password)))

    def test_dash_is_stdin(self):
        self.account()
        finished = self.create(password_file="-", cwd=self.directory, input=self.password.encode() + b"\n")
        self.assert_taken(finished)

    def test_missing_file(self):
        self.account()
        path = self.path("missing")
        self.assert_wrong(self.create(password_file=path), path, "No such file")

    def test_directory(self):
        self.account()
        self.assert_wrong(self.create(password_file=self.directory), self.directory, "Is a directory")

    def test_socket(self):
        self.account()
        path = self.path("socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            self.assert_wrong(self.create(password_file=path), path)

    def test_fifo(self):
        self.account()
        path = self.path("fifo")
        os.mkfifo(path, 0o600)
        process = self.start_command(self.command(password_file=path))
        with open(path, "w") as fifo:  # waits for the tool to open it
            fifo.write(self.password[:7])
            fifo.flush()
            fifo.write(self.password[7:])
        self.assert_taken(self.finish(process))

    def test_interrupted_fifo(self):
        self.account()
        path = self.path("fifo")
        os.mkfifo(path, 0o600)
        process = self.start_command(self.command("--output", self.path("key"), password_file=path))
        with open(path, "w"):
            process.send_signal(signal.SIGINT)
            finished = self.finish(process)
        self.assert_wrong(finished, "Interrupted", path)
        self.assertEqual(os.listdir(self.directory), ["fifo"])

    def test_interrupted_fifo_without_a_writer(self):
        self.account()
        path = self.path("fifo")
        os.mkfifo(path, 0o600)
        process = self.start_command(self.command(password_file=path))
        self.await_state(process, lambda: Leaks.takes(process.pid, signal.SIGINT))
        process.send_signal(signal.SIGINT)
        self.assert_wrong(self.finish(process), "Interrupted", path)

    def test_dev_stdin(self):
        self.account()
        self.assert_taken(self.create(password_file="/dev/stdin", input=self.password.encode() + b"\n"))

    def test_dev_stdin_as_a_file(self):
        self.account()
        with open(self.write("redirected", self.password)) as file:
            self.assert_taken(self.create(password_file="/dev/stdin", stdin=file))

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_process_substitution(self):
        self.account()
        command = self.command(password_file="FILE")
        script = '"${@:1:$# - 1}" <(cat "$SOURCE")'
        self.environment["SOURCE"] = self.write("source", self.password + "\n")
        finished = self.run_command(["bash", "-c", script, "bash", *command])
        self.assert_taken(finished)
        self.assertNotIn(b"warning", finished.stderr)

    def test_terminal_as_a_file(self):
        self.account()
        with Terminal() as terminal:
            finished = self.create(password_file=os.ttyname(terminal.slave))
            self.assert_wrong(finished, os.ttyname(terminal.slave), "terminal")
            finished = self.create("--password-stdin", password_file="", stdin=terminal.slave)
            self.assert_wrong(finished, "standard input", "terminal")

    def test_closed_stdin(self):
        self.account()
        finished = self.create("--password-stdin", password_file="", preexec_fn=lambda: os.close(0))
        self.assert_wrong(finished, "standard input")

    def test_warning_for_a_file_that_others_can_read(self):
        # Of a group, wine has no entry in its access lists.
        for mode in (0o644, 0o604) if windows.IS_WINDOWS else (0o644, 0o640, 0o604, 0o440):
            with self.subTest(mode=oct(mode)):
                self.account()
                path = self.write("password-%o" % mode, self.password, mode)
                finished = self.create(password_file=path)
                self.assert_taken(finished)
                warning = finished.stderr.decode().splitlines()[0]
                self.assertIn("warning: ", warning)
                self.assertIn(path, warning)
                self.assertIn("(Everyone)" if windows.IS_WINDOWS else "%03o" % mode, warning)

    def test_no_warning_for_a_private_file(self):
        for mode in (0o600, 0o400, 0o700, 0o622):
            with self.subTest(mode=oct(mode)):
                self.account()
                finished = self.create(password_file=self.write("password-%o" % mode, self.password, mode))
                self.assert_taken(finished)
                self.assertNotIn(b"warning", finished.stderr)

    def test_environment_is_not_looked_at(self):
        self.account()
        for name in ("PASSWORD", "MBV_PASSWORD", "MOBIVATE_PASSWORD"):
            self.environment[name] = self.password
        self.assert_wrong(self.create(password_file=""), "no terminal")

    def test_no_terminal(self):
        self.account()
        self.assert_wrong(self.create(password_file=""), "no terminal", "--password-file", "--password-stdin")


class Prompt(ToolTest):
    """The password is asked for on a terminal."""

    PROMPT = b"Password of "

    def setUp(self):
        super().setUp()
        self.terminal = Terminal()
        self.terminal.__enter__()
        self.addCleanup(self.terminal.__exit__)

    def start(self, *options):
        self.before = self.terminal.attributes()
        process = self.terminal.start(
            self.command(*options, password_file=""),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        )
        self.addCleanup(lambda: (process.kill() if process.poll() is None else None, process.communicate()))
        return process

    def prompt(self):
        shown = self.terminal.read_until(self.PROMPT + self.username.encode() + b": ")
        self.assertFalse(self.terminal.echoes())
        return shown

    def finish(self, process):
        finished = super().finish(process)
        self.assertEqual(self.terminal.attributes(), self.before)
        self.assertTrue(self.terminal.echoes())
        return finished

    def assert_nothing_sent(self, finished, *texts):
        self.assert_code(finished, 2)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, *texts, pattern=NOTHING_SENT)
        self.assert_old_key_valid(requests=0)

    def test_typed(self):
        for password in (self.PASSWORD, 'p\u00e4ss "w\u00f6rd"', " x "):
            with self.subTest(password):
                self.account(password=password)
                process = self.start()
                self.prompt()
                self.terminal.type(password.encode() + b"\n")
                finished = self.finish(process)
                self.assert_code(finished, 0)
                self.assert_created(finished.stdout.decode().removesuffix("\n"))
                self.assertEqual(self.terminal.read_rest().strip(), b"")
                self.terminal.seen = b""

    def test_wrong_output_is_told_before_the_prompt(self):
        self.account()
        finished = self.finish(self.start("--output", self.path("missing/key")))
        self.assert_nothing_sent(finished, self.path("missing/key"))
        self.assertEqual(self.terminal.read_rest(), b"")

    def test_interrupted(self):
        for key, name in ((b"\x03", "Ctrl-C"), (b"\x1c", "Ctrl-backslash")):
            with self.subTest(name):
                self.account()
                process = self.start("--output", self.path("key"))
                self.prompt()
                self.terminal.type(b"half of it" + key)
                self.assert_nothing_sent(self.finish(process), "Interrupted")
                self.assertEqual(os.listdir(self.directory), [])
                self.assertNotIn(b"half", self.terminal.read_rest())
                self.terminal.seen = b""

    def test_terminated(self):
        self.account()
        process = self.start()
        self.prompt()
        process.terminate()
        self.assert_nothing_sent(self.finish(process), "Interrupted")

    def test_end_of_input(self):
        self.account()
        process = self.start()
        self.prompt()
        self.terminal.type(b"\x04")
        self.assert_nothing_sent(self.finish(process), "no password")

    def test_nothing_typed(self):
        self.account()
        process = self.start()
        self.prompt()
        self.terminal.type(b"\n")
        self.assert_nothing_sent(self.finish(process), "no password")

    def test_longest_line(self):
        self.account(password="p" * 4094)
        process = self.start()
        self.prompt()
        self.terminal.type(b"p" * 4094 + b"\n")
        finished = self.finish(process)
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))

    def test_line_that_the_terminal_cuts(self):
        for size in (4095, 4096, 6000):
            with self.subTest(size=size):
                self.account(password="p" * size)
                process = self.start()
                self.prompt()
                self.terminal.type(b"p" * 4000)
                self.terminal.type(b"p" * (size - 4000) + b"\n")
                self.assert_nothing_sent(self.finish(process), "longer than a terminal", "--password-file")

    def test_stopped_and_continued(self):
        self.account()
        # A shell with job control, since nobody could continue a session's first program.
        script = """"$@"; echo "stopped $?" >/dev/tty; stty -a >/dev/tty
                    fg >/dev/null; echo "ended $?" >/dev/tty"""
        process = self.terminal.start(
            ["sh", "-m", "-c", script, "sh", *self.command(password_file="")],
            stdin=self.terminal.slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        )
        self.addCleanup(lambda: (process.kill() if process.poll() is None else None, process.communicate()))
        self.prompt()
        self.terminal.type(b"half of it\x1a")
        settings = self.terminal.read_until(b"-echoprt")
        self.assertIn(b"stopped %d" % (128 + signal.SIGTSTP), settings)
        self.assertRegex(settings, rb"[^-]echo\b")
        self.prompt()
        self.terminal.type(self.PASSWORD.encode() + b"\n")
        self.terminal.read_until(b"ended 0")
        stdout, _ = process.communicate(timeout=PATIENCE)
        self.assertTrue(self.terminal.echoes())
        self.assert_created(stdout.decode().removesuffix("\n"))

    def test_json_stays_apart(self):
        self.account()
        process = self.start("--json")
        self.prompt()
        self.terminal.type(self.PASSWORD.encode() + b"\n")
        finished = self.finish(process)
        self.assert_created(json.loads(finished.stdout)["key"])


def full_pipe():
    """A pipe that takes no byte more, until somebody reads."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    return reading, writing


class Delivery(ToolTest):
    """A created key is never lost: exit code 6, or nothing is sent at all."""

    def assert_undelivered(self, finished, *texts):
        """The reason, and the key in a line of its own, on stderr."""
        self.assert_code(finished, 6)
        self.assert_says(finished, REVOKED, "It follows on standard error", *texts)
        lines = finished.stderr.decode().splitlines()
        # A build for coverage complains when it cannot write its counts.
        sentence, key = [line for line in lines if not line.startswith("profiling:")]
        self.assertNotIn(key, sentence)
        self.assert_created(key)

    def assert_not_started(self, finished, *texts):
        self.assert_code(finished, 2)
        self.assert_says(finished, *texts, pattern=NOTHING_SENT)
        self.assert_old_key_valid(requests=0)

    # ---- stdout ----

    def test_full_device(self):
        for options in ((), ("--json",)):
            with self.subTest(options=options), open("/dev/full", "wb") as full:
                self.account()
                finished = self.create(*options, stdout=full)
                self.assert_undelivered(finished, "standard output", "No space left")

    def test_pipe_closed_during_the_call(self):
        for options in ((), ("--json",)):
            with self.subTest(options=options), Gate(self.standin.address) as gate:
                self.account()
                reading, writing = os.pipe()
                process = self.start_command(self.command(*options, base_url=gate.url), stdout=writing)
                os.close(writing)
                gate.wait()
                os.close(reading)
                gate.open()
                self.assert_undelivered(self.finish(process), "standard output", "Broken pipe")

    def test_pipe_closed_before(self):
        self.account()
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            self.assert_not_started(self.create(stdout=pipe), "Standard output", "Broken pipe")

    def test_pipe_that_nobody_reads(self):
        """A full pipe blocks; Ctrl-C gives it up and the key goes to stderr."""
        self.account()
        reading, writing = full_pipe()
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command(base_url=gate.url), stdout=writing)
            os.close(writing)
            gate.wait()
            gate.open_and_await_end()
        # One that comes before the call has returned cancels it, too late; the next one ends the wait.
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
        self.assert_undelivered(self.finish(process), "standard output", "Interrupted")
        os.close(reading)

    def test_closed_stdout(self):
        self.account()
        for options in ((), ("--json",), ("--json", "--output", self.path("key"))):
            with self.subTest(options=options):
                finished = self.create(*options, stdout=None, preexec_fn=lambda: os.close(1))
                self.assert_not_started(finished, "Standard output", "Bad file descriptor")
                self.assertEqual(os.listdir(self.directory), ["password"])

    def test_stdout_open_for_reading_only(self):
        self.account()
        with open("/dev/null", "rb") as null:
            self.assert_not_started(self.create(stdout=null), "Standard output")

    def test_closed_stdout_does_not_matter_to_a_file(self):
        self.account()
        output = self.path("key")
        finished = self.create("--output", output, stdout=None, preexec_fn=lambda: os.close(1))
        self.assert_code(finished, 0)
        with open(output) as file:
            self.assert_created(file.read().removesuffix("\n"))

    def test_all_standard_descriptors_closed(self):
        self.account()
        output = self.path("key")
        finished = self.create("--output", output, preexec_fn=lambda: os.closerange(0, 3))
        self.assert_code(finished, 0)
        self.assertEqual((finished.stdout, finished.stderr), (b"", b""))
        with open(output) as file:
            self.assert_created(file.read().removesuffix("\n"))

    def test_stderr_fails_as_well(self):
        with open("/dev/full", "wb") as full:
            self.account()
            self.assert_code(self.create(stdout=full, stderr=full), 6)
            self.account()
            self.assert_code(self.create(stdout=full, preexec_fn=lambda: os.close(2)), 6)
            self.assertEqual(self.standin.account(self.username)["replaced"], 1)

    def test_stderr_alone_fails(self):
        self.account()
        with open("/dev/full", "wb") as full:
            finished = self.create(stderr=full)
        self.assertEqual(finished.returncode, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))

    def test_file_size_limit(self):
        self.account()
        with open(self.path("redirected"), "wb") as file:
            finished = self.create(stdout=file, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
        self.assert_undelivered(finished, "standard output", "File too large")

    def test_json_report_fails_but_the_file_has_the_key(self):
        self.account()
        output = self.path("key")
        with open("/dev/full", "wb") as full:
            finished = self.create("--json", "--output", output, stdout=full)
        self.assert_code(finished, 6)
        self.assert_says(finished, output, REVOKED.removeprefix("the "), "standard output: No space left")
        with open(output) as file:
            key = file.read().removesuffix("\n")
        self.assertNotIn(key, finished.stderr.decode())
        self.assert_created(key)

    def test_failure_that_cannot_be_printed_keeps_its_code(self):
        self.account(error(402, "No credit"))
        with open("/dev/full", "wb") as full:
            finished = self.create("--json", stdout=full)
        self.assert_code(finished, 3)
        self.assert_says(finished, "No credit", STILL_WORKS)

    # ---- --output ----

    def test_dash_is_stdout(self):
        for options in ((), ("--json",)):
            with self.subTest(options=options):
                self.account()
                finished = self.create("--output", "-", *options, cwd=self.directory)
                self.assert_code(finished, 0)
                told = finished.stdout.decode()
                if options:
                    self.assertNotIn("output", json.loads(told))
                self.assert_created(json.loads(told)["key"] if options else told.removesuffix("\n"))
                self.assertEqual(os.listdir(self.directory), ["password"])

    def test_dash_is_stdout_that_fails(self):
        self.account()
        with open("/dev/full", "wb") as full:
            self.assert_undelivered(self.create("--output=-", stdout=full), "standard output", "No space left")

    def test_file_named_dash(self):
        self.account()
        self.assert_code(self.create("--output", "./-", cwd=self.directory), 0)
        with open(self.path("-")) as file:
            self.assert_created(file.read().removesuffix("\n"))

    def assert_file(self, path, finished):
        """Delivered: the key and a newline, mode 0600, and nothing on stdout."""
        self.assert_code(finished, 0)
        self.assertEqual(finished.stdout, b"")
        self.assert_says(finished, path, REVOKED)
        with open(path) as file:
            content = file.read()
        self.assertTrue(content.endswith("\n"))
        self.assert_created(content[:-1])
        self.assertNotIn(content[:-1], finished.stderr.decode())
        self.assertTrue(stat.S_ISREG(os.lstat(path).st_mode))
        self.assert_private(path)

    def test_new_file(self):
        self.account()
        finished = self.create("--output", self.path("key"))
        self.assert_file(self.path("key"), finished)
        self.assertEqual(sorted(os.listdir(self.directory)), ["key", "password"])

    def test_file_in_the_working_directory(self):
        self.account()
        finished = self.create("--output", "key", cwd=self.directory)
        self.assert_code(finished, 0)
        with open(self.path("key")) as file:
            self.assert_created(file.read().removesuffix("\n"))

    def test_any_umask(self):
        for umask in (0o000, 0o022, 0o077, 0o777):
            with self.subTest(umask=oct(umask)):
                self.account()
                path = self.path("key-%o" % umask)
                self.assert_file(path, self.create("--output", path, preexec_fn=lambda: os.umask(umask)))

    def test_long_name(self):
        self.account()
        path = self.path("k" * 255)
        self.assert_file(path, self.create("--output", path))

    def test_old_file_is_replaced(self):
        self.account()
        old = self.write("key", "the old content, which is longer than a key: " + "x" * 8192, 0o644)
        os.link(old, self.path("other-name"))
        finished = self.create("--output", old)
        self.assert_file(old, finished)
        self.assertEqual(sorted(os.listdir(self.directory)), ["key", "other-name", "password"])
        # Replaced and not written into: whoever has the old file open never sees a part of the new one.
        with open(self.path("other-name")) as file:
            self.assertTrue(file.read().startswith("the old content"))

    def test_during_the_call_the_old_file_is_there_and_the_new_one_private(self):
        self.account()
        output = self.write("key", "the old content", 0o644)
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", output, base_url=gate.url), preexec_fn=lambda: os.umask(0))
            gate.wait()
            (temporary,) = set(os.listdir(self.directory)) - {"key", "password"}
            self.assert_private(self.path(temporary))
            with open(output) as file:
                old_content = file.read()
            gate.open()
            finished = self.finish(process)
        self.assertEqual(old_content, "the old content")
        self.assert_file(output, finished)

    @staticmethod
    def unchanging(path):
        """What a file is, but for when it was looked at."""
        status = os.stat(path)
        return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns

    def test_old_file_stays_on_failure(self):
        output = self.write("key", "the old content", 0o644)
        for name, scenario, code in (
            ("refused", error(402, "No credit"), 3),
            ("error", {"status": 500}, 5),
            ("lost", {"creates": True, "cut": {"after": 0, "how": "close"}}, 5),
        ):
            with self.subTest(name):
                self.account(scenario)
                before = self.unchanging(output)
                self.assert_code(self.create("--output", output), code)
                self.assertEqual(self.unchanging(output), before)
                self.assertEqual(sorted(os.listdir(self.directory)), ["key", "password"])
        self.account()
        refused = "http://" + self.standin.facts["hosts"]["refused"]
        self.assert_code(self.create("--output", output, base_url=refused), 4)
        self.assertEqual(self.unchanging(output), before)
        self.assertEqual(sorted(os.listdir(self.directory)), ["key", "password"])

    def assert_place_refused(self, path, *texts):
        listing = sorted(os.listdir(self.directory))
        finished = self.create("--output", path, password_file=self.path("password"))
        self.assert_not_started(finished, *texts)
        self.assertEqual(finished.stdout, b"")
        self.assertEqual(sorted(os.listdir(self.directory)), listing)

    def test_places_that_are_refused(self):
        self.account()
        self.write("password", self.password)
        os.mkdir(self.path("directory"))
        os.mkfifo(self.path("fifo"))
        for path, text in (
            (self.directory, "directory"),
            (self.path("directory"), "directory"),
            (self.path("directory/"), "names no file"),
            ("", "names no file"),
            (self.path("directory/."), "directory"),
            (self.path("directory/.."), "directory"),
            (self.path("missing/key"), "No such file"),
            (self.path("password/key"), "Not a directory"),
            (self.path("fifo"), "not a regular file"),
            ("/dev/null", "not a regular file; - is standard output"),
            (
                "/dev/stdout",
                # wine follows the link.
                "- is standard output"
                if windows.IS_WINDOWS
                else "symbolic link; name the file that it points to, or - for standard output",
            ),
            (self.path("k" * 256), "too long"),
        ):
            with self.subTest(path=path[-20:]):
                self.assert_place_refused(path, path, text, "Choose another place")

    def test_symbolic_links_are_refused(self):
        self.account()
        self.write("password", self.password)
        self.write("target", "the old content")
        for target in ("target", "nothing"):
            with self.subTest(target=target):
                link = self.path("link-to-" + target)
                os.symlink(target, link)
                self.assert_place_refused(link, link, "symbolic link")
                self.assertEqual(os.readlink(link), target)
        with open(self.path("target")) as file:
            self.assertEqual(file.read(), "the old content")

    def test_input_that_the_key_would_replace(self):
        self.account()
        password = self.write("password", self.password)
        ca = self.write("ca.pem", "not looked into yet")
        for output in (password, self.directory + "/./password", ca):
            with self.subTest(output=output):
                finished = self.create("--output", output, "--ca-file", ca, password_file=password)
                self.assert_not_started(finished, "--output names the file of --password-file or --ca-file")
        with open(password) as file:
            self.assertEqual(file.read(), self.password)

    def test_directory_behind_a_symbolic_link(self):
        self.account()
        os.mkdir(self.path("directory"))
        os.symlink("directory", self.path("link"))
        self.assert_file(self.path("link/key"), self.create("--output", self.path("link/key")))
        self.assertEqual(os.listdir(self.path("directory")), ["key"])

    def create_as(self, user, *options):
        command = self.command(*options, "--password-stdin", password_file="")
        return self.run_command(command, input=self.password.encode(), **user)

    def test_read_only_directory(self):
        user = self.as_ordinary_user()
        self.account()
        os.mkdir(self.path("directory"), 0o555)
        finished = self.create_as(user, "--output", self.path("directory/key"))
        self.assert_not_started(finished, self.path("directory/key"), "Permission denied")
        self.assertEqual(os.listdir(self.path("directory")), [])

    @unittest.skipUnless(os.geteuid() == 0, "needs a file of another user")
    def test_protected_file_of_another_user(self):
        user = self.as_ordinary_user()
        self.account()
        shared = self.path("shared")
        os.mkdir(shared)
        os.chmod(shared, 0o1777)
        victim = os.path.join(shared, "key")
        with open(victim, "w") as file:
            file.write("of root")
        finished = self.create_as(user, "--output", victim)
        self.assert_not_started(finished, victim, "another user's file")
        self.assertEqual(os.listdir(shared), ["key"])

    def test_file_size_limit_is_found_before(self):
        self.account()
        finished = self.create("--output", self.path("key"), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
        self.assert_not_started(finished, "File too large")
        self.assertEqual(os.listdir(self.directory), ["password"])

    def test_place_taken_during_the_call(self):
        for options in ((), ("--json",)):
            with self.subTest(options=options), Gate(self.standin.address) as gate:
                self.account()
                output = self.path("key")
                process = self.start_command(self.command(*options, "--output", output, base_url=gate.url))
                gate.wait()
                os.mkdir(output)
                gate.open()
                finished = self.finish(process)
                self.assert_undelivered(finished, output, "Is a directory")
                self.assertEqual(sorted(os.listdir(self.directory)), ["key", "password"])
                if options:
                    result = json.loads(finished.stdout)
                    self.assertEqual((result["exit_code"], result["key_state"]), (6, "replaced"))
                    self.assertNotIn("key", result)
                os.rmdir(output)

    # ---- What a rename cannot replace ----

    def change_attribute(self, path, attribute):
        """Such as +i; skips where that cannot be done."""
        if shutil.which("chattr") is None:
            self.skipTest("chattr is not installed")
        finished = subprocess.run(["chattr", "+" + attribute, path], capture_output=True, text=True)
        if finished.returncode != 0:
            self.skipTest(finished.stderr.strip())
        self.addCleanup(subprocess.run, ["chattr", "-" + attribute, path], check=True)

    def test_immutable_and_append_only_files(self):
        for attribute, text in (("i", "the file is immutable"), ("a", "the file is append-only")):
            with self.subTest(attribute=attribute):
                self.account()
                path = self.write("key-" + attribute, "the old content")
                self.write("password", self.password)
                self.change_attribute(path, attribute)
                self.assert_place_refused(path, path, text)

    def test_immutable_and_append_only_directories(self):
        for attribute, text in (("i", "directory is immutable"), ("a", "directory is append-only")):
            for exists in (False, True):
                with self.subTest(attribute=attribute, exists=exists):
                    self.account()
                    self.write("password", self.password)
                    directory = self.path(f"directory-{attribute}-{exists}")
                    os.mkdir(directory)
                    if exists:
                        with open(directory + "/key", "w") as file:
                            file.write("the old content")
                    self.change_attribute(directory, attribute)
                    self.assert_place_refused(directory + "/key", directory, text)
                    self.assertEqual(os.listdir(directory), ["key"] if exists else [])

    MOUNTED = 'mkdir "$PLACE/etc"; touch "$PLACE/etc/key"; mount --bind "$PLACE/secret" "$PLACE/etc/key"'

    def make_secret(self, mode=0o600):
        """A file that MOUNTED mounts over another one, as containers do it; returns the command."""
        self.make_place()
        secret = os.path.join(self.place, "secret")
        with open(secret, "w") as file:
            file.write("the old content, which is longer than a key: " + "x" * 8192)
        os.chmod(secret, mode)
        return secret, self.command("--output", os.path.join(self.place, "etc/key"))

    def assert_secret(self, secret, mode=0o600):
        with open(secret) as file:
            self.assert_created(file.read().removesuffix("\n"))
        self.assertEqual(stat.S_IMODE(os.stat(secret).st_mode), mode)
        self.assertEqual(os.listdir(os.path.join(self.place, "etc")), ["key"])

    def test_bind_mounted_file_is_written_in_place(self):
        for directory in ("is writable", "is read-only"):
            with self.subTest(directory=directory):
                secret, command = self.make_secret()
                script = self.MOUNTED
                if directory == "is read-only":
                    script = self.MOUNTED.replace("mount", 'mount --bind "$PLACE/etc" "$PLACE/etc"; mount', 1) + (
                        '; mount -o remount,bind,ro "$PLACE/etc"'
                    )
                finished = self.run_command(in_own_mounts(command, script))
                self.assert_code(finished, 0)
                self.assertNotIn(b"warning", finished.stderr)
                self.assert_secret(secret)
                shutil.rmtree(self.place)

    def test_bind_mounted_file_that_others_can_read(self):
        secret, command = self.make_secret(0o644)
        finished = self.run_command(in_own_mounts(command, self.MOUNTED))
        self.assert_code(finished, 0)
        self.assert_says(finished, "warning: ", "its mode (644) stays")
        self.assert_secret(secret, 0o644)

    def test_bind_mounted_file_stays_on_failure(self):
        secret, command = self.make_secret()
        self.standin.make_account(self.username, self.password, error(402, "No credit"))
        with open(secret) as file:
            before = file.read()
        self.assert_code(self.run_command(in_own_mounts(command, self.MOUNTED)), 3)
        with open(secret) as file:
            self.assertEqual(file.read(), before)

    def test_bind_mounted_file_that_is_read_only(self):
        secret, command = self.make_secret()
        script = self.MOUNTED + '; mount -o remount,bind,ro "$PLACE/etc/key"'
        self.assert_not_started(self.run_command(in_own_mounts(command, script)), self.place, "Read-only file system")

    def test_bind_mounted_file_of_another_run(self):
        """Two containers with the same secret have no directory in common."""
        secret, command = self.make_secret()
        with open(secret, "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            finished = self.run_command(in_own_mounts(command, self.MOUNTED))
        self.assert_not_started(finished, f"Another process, {os.getpid()}, is creating a key", self.place)

    def test_file_that_is_mounted_over_during_the_call(self):
        secret, _ = self.make_secret()
        with Gate(self.standin.address) as gate:
            command = self.command("--output", os.path.join(self.place, "etc/key"), base_url=gate.url)
            script = (
                'mkdir "$PLACE/etc"; touch "$PLACE/etc/key"; mkfifo "$PLACE/mount" "$PLACE/mounted"; '
                '(read -r _ <"$PLACE/mount"; mount --bind "$PLACE/secret" "$PLACE/etc/key"; '
                'echo >"$PLACE/mounted") & '
            )
            process = self.start_command(in_own_mounts(command, script))
            gate.wait()
            with open(self.place + "/mount", "w") as file:
                file.write("now\n")
            with open(self.place + "/mounted") as file:
                file.read()
            gate.open()
            finished = self.finish(process)
        self.assert_code(finished, 0)
        self.assert_secret(secret)

    # ---- File systems ----

    FULL = 'mount -t tmpfs -o size=64k none "$PLACE"; cat /dev/zero >"$PLACE/filler" 2>/dev/null || true'

    def setUp(self):
        super().setUp()
        self.place = self.path("place")

    def make_place(self):
        reason = why_no_mounts()
        if reason is not None:
            self.skipTest("no file system can be mounted here: " + reason)
        self.account()
        os.mkdir(self.place)
        self.environment["PLACE"] = self.place

    def test_full_file_system_is_found_before(self):
        self.make_place()
        script = self.FULL + '; trap \'ls -A "$PLACE"\' EXIT; "$@" || exit $?'
        command = self.command("--output", os.path.join(self.place, "key"))
        finished = self.run_command(in_own_mounts(command, script))
        self.assertEqual(finished.stdout, b"filler\n")
        self.assert_not_started(finished, self.place, "No space left")

    def test_stdout_on_a_full_file_system(self):
        self.make_place()
        finished = self.run_command(in_own_mounts(self.command(), self.FULL + '; exec >"$PLACE/key"'))
        self.assert_undelivered(finished, "standard output", "No space left")

    def test_file_system_that_fills_up_during_the_call(self):
        """The room was reserved, so the key gets there."""
        self.make_place()
        with Gate(self.standin.address) as gate:
            command = self.command("--output", os.path.join(self.place, "key"), base_url=gate.url)
            script = (
                'mount -t tmpfs -o size=64k none "$PLACE"; mkfifo "$PLACE/fill" "$PLACE/filled"; '
                '(read -r _ <"$PLACE/fill"; cat /dev/zero >"$PLACE/filler" 2>"$PLACE/filled") & '
                '"$@"; code=$?; cat "$PLACE/key"; wc -c <"$PLACE/filler"; exit $code'
            )
            process = self.start_command(in_own_mounts(command, script))
            gate.wait()
            # The namespace is reached through the shell that made it.
            inside = f"/proc/{process.pid}/root{self.place}"
            with open(inside + "/fill", "w") as fill:
                fill.write("now\n")
            with open(inside + "/filled") as filled:
                self.assertIn("No space left", filled.read())
            gate.open()
            finished = self.finish(process)
        self.assert_code(finished, 0)
        key, filler = finished.stdout.decode().split()
        self.assertGreater(int(filler), 0)
        self.assert_created(key)

    def test_read_only_file_system(self):
        self.make_place()
        command = self.command("--output", os.path.join(self.place, "key"))
        finished = self.run_command(in_own_mounts(command, 'mount -t tmpfs -o ro none "$PLACE"'))
        self.assert_not_started(finished, self.place, "Read-only file system")


class Lock(ToolTest):
    """Two runs with the same --output: the later key revokes the earlier one, so only one may go on."""

    STALL = {"creates": True, "cut": {"after": 0, "how": "stall"}}

    def content(self, name="key"):
        with open(self.path(name)) as file:
            return file.read().removesuffix("\n")

    def test_second_run_is_refused(self):
        self.account()
        os.symlink(".", self.path("link"))
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", self.path("key"), base_url=gate.url))
            gate.wait()
            for output in (self.path("key"), "key", "./key", "link/key"):
                with self.subTest(output=output):
                    finished = self.create("--output", output, cwd=self.directory)
                    self.assert_busy(finished, process.pid)
                    self.assertIn(output + ". ", finished.stderr.decode())
            gate.open()
            self.assert_code(self.finish(process), 0)
        self.assert_created(self.content())
        self.assertEqual(sorted(os.listdir(self.directory)), ["key", "link", "password"])

    def test_second_run_over_an_old_file_is_refused(self):
        self.account()
        self.write("key", "the old content")
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", self.path("key"), base_url=gate.url))
            gate.wait()
            self.assert_busy(self.create("--output", self.path("key")), process.pid)
            gate.open()
            self.assert_code(self.finish(process), 0)
        self.assert_created(self.content())

    def test_other_outputs_are_free(self):
        self.account()
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", self.path("key"), base_url=gate.url))
            gate.wait()
            self.username = "another-" + self.username
            self.account()
            self.assert_code(self.create("--output", self.path("other-key")), 0)
            self.assert_created(self.content("other-key"))
            gate.open()
            self.assert_code(self.finish(process), 0)
        self.assertEqual(sorted(os.listdir(self.directory)), ["key", "other-key", "password"])

    def test_next_run_after_each_end(self):
        """However a run ended, the next one may, and what only SIGKILL leaves behind goes with it."""
        for name in ("success", windows.TERMINATE.name, "SIGKILL"):
            with self.subTest(name):
                self.account()
                with Gate(self.standin.address) as gate:
                    process = self.start_command(self.command("--output", self.path("key"), base_url=gate.url))
                    gate.wait()
                    if name != "success":
                        process.send_signal(getattr(signal, name))
                        self.finish(process)
                    gate.open()
                    self.finish(process)
                self.assertEqual(len(os.listdir(self.directory)), 1 if name == windows.TERMINATE.name else 2)
                self.account()
                self.assert_code(self.create("--output", self.path("key")), 0)
                self.assert_created(self.content())
                self.assertEqual(sorted(os.listdir(self.directory)), ["key", "password"])
                os.unlink(self.path("key"))

    def test_many_at_once(self):
        """One of them goes on, in a clean directory and over what a killed run has left behind."""
        self.account(self.STALL)
        command = self.command("--output", self.path("key"))
        for round_number in range(1, 5 if windows.IS_WINDOWS else 25):
            processes = [self.start_command(command) for _ in range(12)]
            with concurrent.futures.ThreadPoolExecutor(len(processes)) as pool:
                ends = {pool.submit(process.wait): process for process in processes}
                for _, end in zip(processes[1:], concurrent.futures.as_completed(ends, PATIENCE)):
                    self.assertEqual(end.result(), 2, end.result() != 2 and ends[end].stderr.read())
                (winner,) = [process for process in processes if process.returncode is None]
                state = self.standin.account(self.username, requests=round_number)
                winner.kill()
            self.assertEqual(state["requests"], round_number)
        # Under wine, a file can be opened that another run is removing, and is gone at the end.
        self.assertIn(len(os.listdir(self.directory)), (1, 2) if windows.IS_WINDOWS else (2,))

    def new_file(self, output):
        """The name of the new file beside the output."""
        before = set(os.listdir(self.directory))
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", output, base_url=gate.url))
            gate.wait()
            (name,) = set(os.listdir(self.directory)) - before - {"password"}
            process.send_signal(windows.TERMINATE)
            self.finish(process)
        return name

    def test_what_lies_in_the_way_is_never_written(self):
        """In a directory that others may write, too."""
        self.account()
        name = self.new_file(self.path("key"))
        self.write("victim", "the old content", 0o666)
        for kind in ("file of others", "hard link", "symbolic link", "directory", "FIFO"):
            with self.subTest(kind):
                self.account()
                path = self.path(name)
                if kind == "file of others":
                    self.write(name, "planted", 0o666)
                    planted = open(path)
                    self.addCleanup(planted.close)
                elif kind == "hard link":
                    os.link(self.path("victim"), path)
                elif kind == "symbolic link":
                    os.symlink("victim", path)
                elif kind == "directory":
                    os.mkdir(path)
                else:
                    os.mkfifo(path)
                finished = self.create("--output", self.path("key"))
                if os.path.lexists(path):
                    self.assert_code(finished, 2)
                    self.assert_says(finished, path + " is in the way of writing", pattern=NOTHING_SENT)
                    self.assert_old_key_valid(requests=0)
                    os.rmdir(path) if kind == "directory" else os.unlink(path)
                else:
                    self.assert_code(finished, 0)
                    self.assert_created(self.content())
                    self.assertEqual(os.stat(self.path("key")).st_nlink, 1)
                    os.unlink(self.path("key"))
        self.assertEqual(self.content("victim"), "the old content")
        self.assertEqual(planted.read(), "planted")

    @unittest.skipUnless(os.geteuid() == 0, "needs a file of another user")
    def test_what_another_user_has_put_in_the_way(self):
        self.account()
        name = self.new_file(self.path("key"))
        user = self.as_ordinary_user()
        shared = self.path("shared")
        os.mkdir(shared)
        os.chmod(shared, 0o1777)
        for mode in (0o600, 0o666):
            with self.subTest(mode=oct(mode)):
                with open(os.path.join(shared, name), "w") as file:
                    file.write("planted")
                os.chmod(os.path.join(shared, name), mode)
                self.account()
                command = self.command("--output", shared + "/key", "--password-stdin", password_file="")
                finished = self.run_command(command, input=self.password.encode(), **user)
                self.assert_code(finished, 2)
                self.assert_says(finished, f"{shared}/{name} is in the way of writing {shared}/key", pattern=NOTHING_SENT)
                self.assert_old_key_valid(requests=0)
                with open(os.path.join(shared, name)) as file:
                    self.assertEqual(file.read(), "planted")


class Signals(ToolTest):
    """Ctrl-C and its like during a call."""

    def test_request_arrived(self):
        for number in windows.ENDING:
            for replaced in (False, True):
                with self.subTest(number.name, replaced=replaced):
                    self.account({"creates": replaced, "cut": {"after": 0, "how": "stall"}})
                    process = self.start_command(self.command("--json", "--output", self.path("key")))
                    self.standin.account(self.username, requests=1)
                    process.send_signal(number)
                    finished = self.finish(process)
                    self.assert_code(finished, 5)
                    self.assert_says(finished, "cancelled", MAY_BE_REVOKED)
                    result = json.loads(finished.stdout)
                    self.assertEqual(result["status_name"], "MBV_ERR_CANCELLED")
                    self.assertEqual(result["key_state"], "unknown")
                    self.assertEqual(self.standin.account(self.username)["replaced"], int(replaced))
                    self.assertEqual(os.listdir(self.directory), ["password"])

    def test_nothing_sent(self):
        self.account()
        for number in windows.ENDING:
            with self.subTest(number.name), socket.create_server(("127.0.0.1", 0)) as silent:
                url = "https://127.0.0.1:%d" % silent.getsockname()[1]
                process = self.start_command(self.command("--output", self.path("key"), base_url=url))
                connection, _ = silent.accept()
                with connection:
                    process.send_signal(number)
                    finished = self.finish(process)
                self.assert_code(finished, 4)
                self.assert_says(finished, "cancelled", STILL_WORKS)
                self.assertEqual(os.listdir(self.directory), ["password"])
                self.assert_old_key_valid(requests=0)

    def test_ignored_signals_stay_ignored(self):
        """As under nohup."""
        self.account()

        def ignore():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)

        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command(base_url=gate.url), preexec_fn=ignore)
            gate.wait()
            with open(f"/proc/{process.pid}/status") as file:
                masks = {
                    name: int(value, 16) for name, value in re.findall(r"^(Sig\w+):\s*([0-9a-f]+)$", file.read(), re.MULTILINE)
                }
            for number in (signal.SIGHUP, signal.SIGINT):
                bit = 1 << (number - 1)
                self.assertTrue(masks["SigIgn"] & bit)
                self.assertFalse(masks["SigBlk"] & bit)  # those that are blocked are taken for an end that is asked for
                process.send_signal(number)
            gate.open()
            finished = self.finish(process)
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))


class Leaks(ToolTest):
    """Nothing of the password where others can look."""

    @staticmethod
    def takes(pid, number):
        """Whether the signal would not simply end the process."""
        with open(f"/proc/{pid}/status") as file:
            caught = int(re.search(r"^SigCgt:\s*([0-9a-f]+)$", file.read(), re.MULTILINE).group(1), 16)
        return bool(caught & 1 << (number - 1))

    @staticmethod
    def read(path):
        """A file's content; None where not even its owner may look."""
        try:
            with open(path, "rb") as file:
                return file.read()
        except PermissionError:
            return None

    def start_and_hold(self, gate, *options, password_file=None, **keywords):
        temporary = self.path("tmp")
        os.mkdir(temporary)
        self.environment.update(TMPDIR=temporary, HOME=temporary)
        command = self.command(*options, base_url=gate.url, password_file=password_file)
        process = self.start_command(command, **keywords)
        gate.wait()
        return process, temporary

    def assert_no_temporary_file(self, directory):
        # One of wine's own is there now and then.
        self.assertEqual([name for name in os.listdir(directory) if not name.startswith("wine-")], [])

    def test_command_line_environment_and_temporary_files(self):
        self.account(password="a-very-particular-password")
        needle = self.password.encode()
        with Gate(self.standin.address) as gate:
            process, temporary = self.start_and_hold(gate, "--output", self.path("key"))
            command_line = self.read(f"/proc/{process.pid}/cmdline")
            self.assertIn(self.username.encode(), command_line)
            self.assertNotIn(needle, command_line)
            environment = self.read(f"/proc/{process.pid}/environ")
            if environment is not None:
                self.assertIn(b"TMPDIR=", environment)
                self.assertNotIn(needle, environment)
            self.assert_no_temporary_file(temporary)
            files = set(os.listdir(self.directory)) - {"password", "tmp"}
            self.assertEqual(len(files), 1)  # the new file of --output
            self.assertNotIn(needle, self.read(self.path(files.pop())))
            gate.open()
            process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0)
        self.assert_no_temporary_file(temporary)

    def test_no_core_dumps(self):
        user = self.as_ordinary_user()
        self.account()
        limit = (4096, resource.getrlimit(resource.RLIMIT_CORE)[1])
        self.write("password", self.password, 0o644)
        with Gate(self.standin.address) as gate:
            process, _ = self.start_and_hold(
                gate,
                password_file=self.path("password"),
                **user,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, limit),
            )
            limits = self.read(f"/proc/{process.pid}/limits").decode()
            owner = os.stat(f"/proc/{process.pid}/environ").st_uid
            gate.open()
            process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0)
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        # What belongs to a process that cannot be dumped belongs to root.
        self.assertEqual(owner, 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can look into the tool's memory")
    def test_memory_before_the_call(self):
        """The password is there once, in pages that are locked and left out of dumps."""
        self.account(password="a-very-particular-password")
        path = self.path("fifo")
        os.mkfifo(path, 0o600)
        process = self.start_command(self.command(password_file=path))
        with open(path, "wb", buffering=0) as fifo:
            fifo.write(self.password.encode())  # and the tool waits for more
            self.skip_with_sanitizer(process.pid)
            self.await_state(process, lambda: self.holders(process.pid, self.password))
            holders = self.holders(process.pid, self.password)
        self.assert_code(self.finish(process), 0)
        self.assert_once_and_private(holders)

    @unittest.skipUnless(os.geteuid() == 0, "only root can look into the tool's memory")
    def test_memory_after_the_call(self):
        """The password is gone, and the key is there once, in the buffer that is being delivered."""
        self.account(password="a-very-particular-password")
        reading, writing = full_pipe()
        with Gate(self.standin.address) as gate:
            process, _ = self.start_and_hold(gate, stdout=writing)
            os.close(writing)
            self.skip_with_sanitizer(process.pid)
            self.assertTrue(self.holders(process.pid, self.password))
            gate.open()
            # The key becomes a line after the password was wiped.
            key = self.valid_key()
            self.await_state(process, lambda: self.holders(process.pid, key + "\n"))
            keys = self.holders(process.pid, key)
            passwords = self.holders(process.pid, self.password)
            process.send_signal(signal.SIGINT)
            self.assert_code(self.finish(process), 6)
        os.close(reading)
        self.assertEqual(passwords, [])
        self.assert_once_and_private(keys)

    def assert_once_and_private(self, holders):
        ((count, flags),) = holders
        self.assertEqual(count, 1)
        if not windows.IS_WINDOWS:  # what is left out of reports is not seen from outside of wine
            self.assertIn("dd", flags)
        limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
        if limit != resource.RLIM_INFINITY and limit < 1 << 20:
            self.skipTest(f"no more than {limit} bytes may be locked here")
        self.assertIn("lo", flags)

    def skip_with_sanitizer(self, pid):
        if b"san.so" in self.read(f"/proc/{pid}/maps"):
            self.skipTest("a sanitizer's memory is too large to be looked through")

    def holders(self, pid, text):
        """How often a text is in each mapping that has it, and the mapping's flags."""
        found = [(data.count(text.encode()), flags) for flags, data in self.memory(pid)]
        return [(count, flags) for count, flags in found if count > 0]

    @staticmethod
    def memory(pid):
        """The flags and the content of each readable mapping."""
        mappings = []
        with open(f"/proc/{pid}/smaps") as file:
            for line in file:
                head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (.)... ", line)
                if head:
                    bounds = (int(head[1], 16), int(head[2], 16)) if head[3] == "r" else None
                if line.startswith("VmFlags:") and bounds is not None:
                    mappings.append((*bounds, line.split()[1:]))
        result = []
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
            for begin, end, flags in mappings:
                try:
                    file.seek(begin)
                    result.append((flags, file.read(end - begin)))
                except (OSError, OverflowError, ValueError):
                    continue  # the kernel's own pages
        return result

    def test_as_an_ordinary_user(self):
        """What keeps the memory private does not keep the tool from its own descriptors."""
        user = self.as_ordinary_user()
        self.account()
        # A pipe of that user's own, which /dev/stdin opens anew.
        self.environment["SECRET"] = self.password
        script = 'echo "$SECRET" | env -u SECRET "$@"'
        command = self.command(password_file="/dev/stdin")
        finished = self.run_command(["sh", "-c", script, "sh", *command], **user)
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))


if __name__ == "__main__":
    unittest.main()
