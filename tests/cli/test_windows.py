# SPDX-License-Identifier: MIT
"""What is Windows's alone in mbv.exe, under wine: python3 tests/standin -- python3 -m tests.cli.test_windows

MBV_TOOL and MBV_TOOL_WINDOWS as in tests.cli.windows; MBV_LAUNCHER runs launcher.exe (see launcher.c)."""

import json
import os
import signal
import subprocess
import unittest

from tests.cli.support import PATIENCE, Gate, Terminal, ToolTest
from tests.cli.test_cli import NOTHING_SENT, full_pipe


class WindowsTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.account()

    def content(self, name="key"):
        with open(self.path(name)) as file:
            return file.read().removesuffix("\n")

    def assert_wrong(self, finished, *texts):
        self.assert_code(finished, 2)
        self.assert_says(finished, *texts, pattern=NOTHING_SENT)
        self.assert_old_key_valid(requests=0)

    def launched(self, how, *arguments):
        """What the launcher does with arguments, where it is not the tool that it starts."""
        finished = self.run_command([os.environ["MBV_LAUNCHER"], how, *arguments])
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return finished.stdout.decode().splitlines()


class Text(WindowsTest):
    """UTF-8 everywhere, whatever the code page."""

    def test_username_password_and_paths(self):
        self.username = "j\u00fcrgen.\u0142\u00f3d\u017a.\u6771\u4eac.\U0001f511@example.com"
        self.account(password='p\u00e4ss "w\u00f6rd" \u20ac \U0001f511')
        password_file = self.write("mot de pass\u00e9 \u6771\u4eac", self.password)
        output = self.path("cl\u00e9 \U0001f511 \u0142")
        finished = self.create("--json", "--output", output, password_file=password_file)
        self.assert_code(finished, 0)
        told = json.loads(finished.stdout)
        self.assertEqual(told["output"], output)
        self.assertIn(output, finished.stderr.decode())
        self.assert_created(self.content(output))

    def test_backslashes_and_drives(self):
        for name in (
            "Z:" + self.path("key").replace("/", "\\"),
            "key",
            ".\\key",
            "..\\" + os.path.basename(self.directory) + "\\key",
        ):
            with self.subTest(name):
                self.account()
                finished = self.create("--output", name, cwd=self.directory)
                self.assert_code(finished, 0)
                self.assert_created(self.content())

    def test_path_longer_than_260_characters(self):
        folder = os.path.join(self.directory, *["a folder with a name of fifty-two characters or so"] * 6)
        os.makedirs(folder)
        password_file = os.path.join(folder, "password")
        os.rename(self.write("password", self.password), password_file)
        finished = self.create("--output", os.path.join(folder, "key"), password_file=password_file)
        self.assert_code(finished, 0)
        self.assert_created(self.content(os.path.join(folder, "key")))
        self.assertEqual(sorted(os.listdir(folder)), ["key", "password"])

    def test_no_bytes_are_changed(self):
        """Standard streams are binary: no CR LF, and no end at Ctrl-Z."""
        self.account(password="be\x1afore\r\nand after")
        finished = self.create("--password-stdin", password_file="", input=self.password.encode() + b"\r\n")
        self.assert_code(finished, 0)
        self.assertNotIn(b"\r", finished.stdout + finished.stderr)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))


class Output(WindowsTest):
    def test_access_list(self):
        """The new file is the user's alone, already during the call."""
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", self.path("key"), base_url=gate.url))
            gate.wait()
            (name,) = set(os.listdir(self.directory)) - {"password"}
            owner, *entries = self.launched("access", self.path(name))
            gate.open()
            self.assert_code(self.finish(process), 0)
        # wine shows its own list, made of the file's mode, with the system's account in it.
        system = "S-1-5-18"
        for shown in (entries, self.launched("access", self.path("key"))[1:]):
            self.assertEqual({entry.split()[1] for entry in shown if entry != "protected"} - {system}, {owner})

    def test_read_only_file(self):
        self.write("key", "the old content", 0o444)
        self.assert_wrong(self.create("--output", self.path("key")), "the file is read-only")
        self.assertEqual(self.content(), "the old content")

    def test_what_is_no_file_is_refused(self):
        for output, text in (
            (self.path("key:stream"), "a stream"),
            (self.path("passwor?"), "no file's name can have"),
            (self.path("*"), "no file's name can have"),
            (self.path('"key"'), "no file's name can have"),
            ("NUL", "not a regular file"),
            ("CON", "not a regular file"),
            ("\\\\.\\COM1", "not a regular file"),
        ):
            with self.subTest(output):
                self.assert_wrong(self.create("--output", output, cwd=self.directory), text, "Choose another place")
        self.assertEqual(os.listdir(self.directory), ["password"])

    def hold(self, how="hold"):
        """Another program, which has the old file open, sharing all that can be shared. It ends with its input."""
        self.write("key", "the old content")
        reader = self.start_command([os.environ["MBV_LAUNCHER"], how, self.path("key")], stdin=subprocess.PIPE)
        self.assertEqual(reader.stdout.readline(), b"held\n")
        return reader

    def test_old_file_that_is_open(self):
        """It is waited for."""
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", self.path("key"), base_url=gate.url))
            gate.wait()
            reader = self.hold()
            (name,) = set(os.listdir(self.directory)) - {"key", "password"}
            gate.open()
            # The key is made and written, and waits for its name.
            self.await_state(process, lambda: os.stat(self.path(name)).st_size == len(self.valid_key()) + 1)
            self.assertEqual(self.content(), "the old content")
            self.assertIsNone(process.poll())
            self.assertEqual(reader.communicate()[0], b"the old content")
            self.assert_code(self.finish(process), 0)
        self.assert_created(self.content())

    def test_old_file_that_nobody_else_may_open(self):
        reader = self.hold("hold-alone")
        finished = self.create("--output", self.path("key"))
        self.assert_wrong(finished, "The key could not be written to " + self.path("key"))
        self.assertEqual(sorted(os.listdir(self.directory)), ["key", "password"])
        # One that is closed in time was waited for.
        process = self.start_command(self.command("--output", self.path("key")))
        self.assertEqual(reader.communicate()[0], b"the old content")
        self.assert_code(self.finish(process), 0)
        self.assert_created(self.content())

    def test_old_file_that_stays_open(self):
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", self.path("key"), base_url=gate.url))
            gate.wait()
            reader = self.hold()
            gate.open()
            finished = self.finish(process)
        reader.communicate()
        self.assert_code(finished, 6)
        sentence, key = finished.stderr.decode().splitlines()
        self.assertIn("could not be written to " + self.path("key"), sentence)
        self.assert_created(key)
        self.assertEqual(sorted(os.listdir(self.directory)), ["key", "password"])

    def test_all_spellings_of_a_name_are_locked(self):
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", self.path("Schl\u00fcssel"), base_url=gate.url))
            gate.wait()
            for spelling in ("schl\u00fcssel", "SCHL\u00dcSSEL", "Schl\u00fcssel."):
                with self.subTest(spelling):
                    self.assert_busy(self.create("--output", self.path(spelling)), process.pid)
            gate.open()
            self.assert_code(self.finish(process), 0)
        self.assertEqual(sorted(os.listdir(self.directory)), ["Schl\u00fcssel", "password"])

    def test_what_lies_in_the_way_is_never_written(self):
        with Gate(self.standin.address) as gate:
            process = self.start_command(self.command("--output", self.path("key"), base_url=gate.url))
            gate.wait()
            (name,) = set(os.listdir(self.directory)) - {"password"}
            process.send_signal(signal.SIGINT)
            self.finish(process)
        self.write("victim", "the old content", 0o666)
        for kind in ("file of others", "hard link", "directory"):
            with self.subTest(kind):
                self.account()
                path = self.path(name)
                if kind == "file of others":
                    self.write(name, "planted", 0o666)
                elif kind == "hard link":
                    os.link(self.path("victim"), path)
                else:
                    os.mkdir(path)
                finished = self.create("--output", self.path("key"))
                if kind == "directory":
                    self.assert_wrong(finished, path + " is in the way of writing")
                    os.rmdir(path)
                else:
                    self.assert_code(finished, 0)
                    self.assert_created(self.content())
                    self.assertEqual(os.stat(self.path("key")).st_nlink, 1)
                    os.unlink(self.path("key"))
        self.assertEqual(self.content("victim"), "the old content")


class Streams(WindowsTest):
    """Standard streams as Windows's own programs hand them over."""

    def start_with(self, how, *options):
        command = self.command(*options)
        # The launcher starts the same program that the wrapper of MBV_TOOL does.
        return self.run_command([os.environ["MBV_LAUNCHER"], how, os.environ["MBV_EXE"], *command[1:]])

    def test_output_that_cannot_be_written(self):
        for how, text in (("closed", "Bad file descriptor"), ("read-only", "Bad file descriptor"), ("broken", "Broken pipe")):
            for options in ((), ("--json",)):
                with self.subTest(how=how, options=options):
                    self.assert_wrong(self.start_with(how, *options), "Standard output cannot be written: " + text)

    def test_output_that_does_not_matter(self):
        for how in ("closed", "read-only", "broken"):
            with self.subTest(how):
                self.account()
                self.assert_code(self.start_with(how, "--output", self.path("key")), 0)
                self.assert_created(self.content())

    def test_pipe(self):
        finished = self.start_with("pipe")
        self.assert_code(finished, 0)
        self.assert_created(finished.stdout.decode().removesuffix("\n"))

    def test_pipe_that_nobody_reads(self):
        """A full pipe blocks; Ctrl-C gives it up and the key goes to stderr."""
        reading, writing = full_pipe()
        process = self.start_command(self.command(), stdout=writing)
        os.close(writing)

        def blocks():
            for thread in os.listdir(f"/proc/{process.pid}/task"):
                try:
                    with open(f"/proc/{process.pid}/task/{thread}/wchan") as file:
                        if "pipe_write" in file.read():
                            return True
                except (FileNotFoundError, ProcessLookupError):
                    pass
            return False

        self.await_state(process, blocks)
        process.send_signal(signal.SIGINT)
        finished = self.finish(process)
        os.close(reading)
        self.assert_code(finished, 6)
        sentence, key = finished.stderr.decode().splitlines()
        self.assertIn("standard output: Interrupted", sentence)
        self.assert_created(key)


class Console(WindowsTest):
    """A console, which wine shows on a terminal."""

    def setUp(self):
        super().setUp()
        self.terminal = Terminal()
        self.terminal.__enter__()
        self.addCleanup(self.terminal.__exit__)

    def start(self, *command, **streams):
        # wine has a console where both are a terminal.
        streams = {"stdin": self.terminal.slave, "stdout": self.terminal.slave, "stderr": subprocess.PIPE, **streams}
        process = self.terminal.start(list(command), env=self.environment, **streams)
        self.addCleanup(lambda: (process.kill() if process.poll() is None else None, process.communicate()))
        return process

    def prompted(self, *options):
        process = self.start(*self.command("--output", self.path("key"), *options, password_file=""))
        self.terminal.read_until(b"Password of " + self.username.encode() + b":")
        # wine shows the prompt before it reads.
        self.await_state(process, lambda: not self.terminal.echoes())
        return process

    def assert_nothing_sent(self, process, *texts):
        self.assert_wrong(self.finish(process), *texts)
        self.assertEqual(os.listdir(self.directory), [])

    def test_typed(self):
        for password in (self.PASSWORD, 'p\u00e4ss "w\u00f6rd" \u20ac', " x "):
            with self.subTest(password):
                self.account(password=password)
                process = self.prompted()
                self.terminal.type(password.encode() + b"\r")
                self.assert_code(self.finish(process), 0)
                self.assert_created(self.content())
                shown = self.terminal.read_rest()
                self.assertNotIn(password.strip().encode()[:3], shown)
                os.unlink(self.path("key"))
                self.terminal.seen = b""

    def test_key_typed(self):
        process = self.start(self.tool, "test-key", "--base-url", self.standin.http)
        self.terminal.read_until(b"API key:")
        self.await_state(process, lambda: not self.terminal.echoes())
        self.terminal.type(self.old_key.encode() + b"\r")
        self.assert_code(self.finish(process), 0)

    def test_interrupted(self):
        process = self.prompted()
        self.terminal.type(b"half of it\x03")
        self.assert_nothing_sent(process, "Interrupted while reading the password from the terminal")
        self.assertNotIn(b"half", self.terminal.read_rest())

    def test_end_of_input_and_nothing(self):
        for typed in (b"\x1a\r", b"\r"):
            with self.subTest(typed=typed):
                process = self.prompted()
                self.terminal.type(typed)
                self.assert_nothing_sent(process, "There is no password")
                self.terminal.read_rest()
                self.terminal.seen = b""

    def test_interrupted_during_the_call(self):
        """Ctrl-C of the console."""
        for command, code in (("create-key", 5), ("get-key", 4)):
            with self.subTest(command), Gate(self.standin.address) as gate:
                line = self.command("--output", self.path("key"), base_url=gate.url)
                line[1] = command
                process = self.start(*line)
                gate.wait()
                # The console takes Ctrl-C once somebody has it open, wherever the program is.
                self.terminal.type(b"\x03")
                finished = self.finish(process)
                self.assert_code(finished, code)
                self.assert_says(finished, "cancelled")
                self.assertEqual(os.listdir(self.directory), ["password"])

    def test_key_and_messages_are_shown(self):
        self.username = "j\u00fcrgen@example.com"
        self.account()
        process = self.start(*self.command(), stderr=self.terminal.slave)
        shown = self.terminal.read_until(b"Use the new key")
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertIn(self.valid_key().encode(), shown)

    def test_console_as_a_source_is_refused(self):
        process = self.start(*self.command(password_file="CONIN$"))
        self.assert_wrong(self.finish(process), "cannot be read from CONIN$, a terminal, which would show it")
        process = self.start(*self.command("--password-stdin", password_file=""))
        self.assert_wrong(self.finish(process), "cannot be read from standard input, a terminal")


if __name__ == "__main__":
    unittest.main()
