# SPDX-License-Identifier: MIT
"""mbv.exe under wine: the tool's own tests, and those of what is Windows's alone."""

import os
import re
import shlex
import subprocess
import sys

from tests.cli import windows
from tests.packaging.support import ROOT, run

MODULES = {"tool": "tests.cli.test_cli", "tool, rotation": "tests.cli.test_rotate", "tool, Windows": "tests.cli.test_windows"}

LEFT_OUT = {
    **{f"tests.cli, {name}": why for name, why in {**windows.LEFT_OUT_CLASSES, **windows.LEFT_OUT}.items()},
    "tests.cli, Walk, system calls that fail": "wine's system calls are not the tool's",
}


def check_file(exe, system_dlls, said):
    """What mbv.exe needs: the DLL, and what Windows has."""
    imports = set(re.findall(r"DLL Name: (\S+)", run("x86_64-w64-mingw32-objdump", "-p", exe)))
    assert imports <= {*system_dlls, "ntdll.dll", "mobivate.dll"}, f"imports: {sorted(imports)}"
    said.append(f"imports {' '.join(sorted(imports))}")


def check_names():
    """Whatever is left out is a test."""
    names = set()
    for module in MODULES.values():
        text = (ROOT / (module.replace(".", "/") + ".py")).read_text()
        for of, body in re.findall(r"^class (\w+)\(.*?\):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL):
            names |= {of, *(f"{of}.{name}" for name in re.findall(r"^    def (test_\w+)", body, re.MULTILINE))}
    unknown = {*windows.LEFT_OUT, *windows.LEFT_OUT_CLASSES} - names
    assert not unknown, f"left out, but not there: {sorted(unknown)}"


class Tool:
    """What stands for the tool in its tests."""

    def __init__(self, wine, build):
        self.wine, self.exe = wine, build / "mbv.exe"
        self.wrappers = build / "tests"
        self.launcher = self.wrapper("launcher", build / "tests" / "launcher.exe")
        self.tool = self.wrapper("mbv", self.exe)

    def wrapper(self, name, program):
        """A test has an environment of its own, and the process that it starts is the program's."""
        # The names of files and the arguments are UTF-8 where the locale is.
        variables = {"LC_ALL": "C.UTF-8"}
        variables.update({name: self.wine.environment[name] for name in ("WINEPREFIX", "HOME", "WINEDEBUG", "WINEDLLOVERRIDES")})
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        path = self.wrappers / name
        path.write_text(f'#!/bin/sh\nexport {exports}\nexec {shlex.quote(self.wine.program)} {shlex.quote(str(program))} "$@"\n')
        path.chmod(0o755)
        return path

    def run(self, part, said):
        """One of MODULES; every test that is skipped has its reason in tests.cli.windows, or there is none on this machine."""
        check_names()
        finished = subprocess.run(
            [sys.executable, ROOT / "tests/standin", "--", sys.executable, "-m", MODULES[part], "-v"],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                **{name: value for name, value in os.environ.items() if name not in ("SSL_CERT_FILE", "SSL_CERT_DIR")},
                "MBV_TOOL": str(self.tool),
                "MBV_TOOL_WINDOWS": "1",
                "MBV_LAUNCHER": str(self.launcher),
                "MBV_EXE": str(self.exe),
            },
        )
        assert finished.returncode == 0, finished.stdout
        count = int(re.search(r"^Ran (\d+) tests", finished.stdout, re.MULTILINE)[1])
        reasons = re.findall(r"\.\.\. skipped ['\"](.*)['\"]$", finished.stdout, re.MULTILINE)
        named = {*windows.LEFT_OUT.values(), *windows.LEFT_OUT_CLASSES.values()}
        missing = sorted(reason for reason in reasons if reason not in named)
        assert count > len(reasons), "nothing was run"
        said.append(f"{count - len(reasons)} tests passed, {len(reasons) - len(missing)} left out")
        said += [f"1 skipped: {reason}" for reason in missing]
