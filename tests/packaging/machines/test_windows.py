# SPDX-License-Identifier: MIT
"""mobivate.dll, built by mingw-w64 and run under wine: test_windows.py BUILD_DIR

The stand-in runs outside. What is built, wine's files and its server lie in BUILD_DIR/machines/windows; libcurl and OpenSSL are kept there
from one run to the next. The table at the end has a line for each part; what is left out on Windows is named in it, with the reason.
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

from tests.bindings import header
from tests.packaging.machines import windows_tool
from tests.packaging.machines.windows_bindings import NOT_RUN, Bindings, LeftOut
from tests.packaging.support import ROOT, bundled_sources, run, version

SYSTEM_DLLS = {
    "ADVAPI32.dll",
    "bcrypt.dll",
    "CRYPT32.dll",
    "IPHLPAPI.DLL",
    "KERNEL32.dll",
    "msvcrt.dll",
    "USER32.dll",
    "WS2_32.dll",
}
OBJDUMP = "x86_64-w64-mingw32-objdump"
NO_FORK = "Windows has no fork"
NO_PIPES = "pipes are no files there"
NO_SYMBOLS = "a DLL's calls are not found by name in the program first"
# The cases of the sources that the programs for Windows do not have.
LEFT_OUT = {
    "after a fork both processes go on, each on a connection of its own": NO_FORK,
    "a fork during a call": NO_FORK,
    "exit during a call": NO_FORK,
    "exit while clients connect": NO_FORK,
    "a call is cancelled while a bundle is read and parsed": "it waits for the reading by inotify",
    "a call is cancelled while a bundle is a pipe that nobody writes to": NO_PIPES,
    "a bundle may come out of a pipe": NO_PIPES,
    "the calling thread's queue of OpenSSL's errors is as it was": "the program's OpenSSL is another one than the DLL's",
    "an answer without end takes bounded memory": "it reads Linux's account of a process's memory",
}
LEFT_OUT_FILES = {
    "unit/test_system_places.cpp": "Windows's trust is in no such place",
    "integration/hosts": "programs that fork, start others or cancel threads; " + NO_SYMBOLS,
    "faults/test_sends.cpp": NO_SYMBOLS,
    "faults/test_system.cpp": NO_SYMBOLS,
}
PARTS_LEFT_OUT = {
    "what of a request the system has not sent yet": "Windows does not tell (TCP_INFO): the key state is then unknown, not unchanged",
}
SECRETS_LEFT_OUT = {
    "test_sends_that_fall_short": NO_SYMBOLS,
    "test_other_clients_leave_copies": "it scans Python, which is this machine's",
}


class Wine:
    """Wine with files and a server of its own, which ends with it."""

    def __init__(self, folder):
        self.prefix = folder / "wine"
        self.program = next(
            path
            for path in (shutil.which("wine64"), "/usr/lib/wine/wine64", "/usr/lib/wine/wine")
            if path and os.path.exists(path)
        )
        self.server = next(
            path
            for path in (shutil.which("wineserver"), "/usr/lib/wine/wineserver64", "/usr/lib/wine/wineserver")
            if path and os.path.exists(path)
        )
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.lower().endswith("_proxy") and name not in ("SSL_CERT_FILE", "SSL_CERT_DIR", "DISPLAY")
            },
            "WINEPREFIX": str(self.prefix),
            "HOME": str(home),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mshtml,winemenubuilder.exe=",
            "MOBIVATE_EMULATOR": self.program,
            # .NET's memory is either written or run, which wine does not follow.
            "DOTNET_EnableWriteXorExecute": "0",
        }

    def __enter__(self):
        if not (self.prefix / "ready").exists():
            shutil.rmtree(self.prefix, ignore_errors=True)
            # Without .NET and HTML of wine's own, which it would ask about; later .NET's loader needs the first.
            overrides = "mscoree," + self.environment["WINEDLLOVERRIDES"]
            run(self.program, "wineboot", "--init", env={**self.environment, "WINEDLLOVERRIDES": overrides})
            self.run("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
            self.end()
            (self.prefix / "ready").touch()
        self.begin()
        return self

    def begin(self):
        """A server until it is told to end: by itself it does so when nobody has needed it for a moment, perhaps as somebody starts."""
        self.serve("-p")
        # The first program starts all that goes on beside it, which must not hold a pipe of this program's either.
        self.quietly(self.program, "wineboot")

    def run(self, *command):
        return run(self.program, *command, env=self.environment)

    def quietly(self, *command):
        subprocess.run(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def serve(self, order):
        self.quietly(self.server, order)

    def end(self):
        self.serve("-k")
        self.serve("-w")

    def __exit__(self, *_):
        self.end()


class Report:
    def __init__(self):
        self.rows = []
        self.failed = False

    @contextlib.contextmanager
    def part(self, name):
        """A line of the table: what is appended to the list that it gives, or what went wrong."""
        said, begin = [], time.monotonic()
        try:
            yield said
        except (AssertionError, subprocess.CalledProcessError) as problem:
            self.failed = True
            said = ["FAILED"]
            print(f"---- {name}\n{problem}", flush=True)
        self.rows.append((name, ", ".join(said) or "passed", time.monotonic() - begin))
        print(f"{name}: {self.rows[-1][1]}, {self.rows[-1][2]:.0f} s", flush=True)

    def print(self):
        print(f"\n{'part':<28} {'seconds':>7}  result")
        for name, result, seconds in self.rows:
            print(f"{name:<28} {seconds:>7.1f}  {result}")
        print("\nleft out on Windows:")
        for what, why in {
            **LEFT_OUT,
            **LEFT_OUT_FILES,
            **PARTS_LEFT_OUT,
            **SECRETS_LEFT_OUT,
            **windows_tool.LEFT_OUT,
            **NOT_RUN,
        }.items():
            print(f"  {what}: {why}")


# ---- what is built ----


def sources(given, folder):
    """The folders of libcurl's and OpenSSL's sources: the given build's, else Debian's."""
    found = bundled_sources(given)
    if not found:
        run(ROOT / "src/bundled/get-sources", folder / "sources")
        found = {name: folder / "sources" / name.lower() for name in ("CURL", "OPENSSL")}
    return [f"-DMOBIVATE_{name}_SOURCE={path}" for name, path in found.items()]


def build(given, folder, name="build", *options):
    path = folder / name
    run(
        "cmake",
        "-S",
        ROOT,
        "-B",
        path,
        "-G",
        "Ninja",
        "-DCMAKE_BUILD_TYPE=Release",
        f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'src/system/windows/toolchain.cmake'}",
        "-DMOBIVATE_BUNDLED=ON",
        "-DMOBIVATE_TESTS=ON",
        f"-DPython3_EXECUTABLE={sys.executable}",
        *sources(given, folder),
        *options,
    )
    run("cmake", "--build", path)
    return path


def check_file(library, said):
    """What the DLL shows, needs and says of itself."""
    listing = run(OBJDUMP, "-p", library)
    exports = set(
        re.findall(r"^\s*\[\s*\d+\] (?:\+base\[\s*\d+\] \w+ )?(\w+)$", listing[listing.index("[Ordinal/Name Pointer]") :], re.M)
    )
    wanted = set(header.declarations()["functions"])
    assert exports == wanted, f"exports: {sorted(exports ^ wanted)}"
    imports = set(re.findall(r"DLL Name: (\S+)", listing))
    assert imports <= SYSTEM_DLLS, f"imports: {sorted(imports - SYSTEM_DLLS)}"
    for flag in ("DYNAMIC_BASE", "NX_COMPAT", "HIGH_ENTROPY_VA"):
        assert flag in listing, f"{flag} is not set"
    resource = version().encode("utf-16-le")
    assert resource in library.read_bytes(), "no version resource"
    assert str(ROOT).encode() not in library.read_bytes(), "a path of this machine's is in it"
    said += [f"{len(exports)} exports", f"imports {' '.join(sorted(imports))}"]


def check_archive(path, said):
    """All that belongs to it is in the archive, which has the same bytes the next time."""
    archive = path / f"mobivate-{version()}-windows-x64.zip"
    made = []
    for _ in range(2):
        run("cmake", "--build", path, "--target", "archive")
        made.append(archive.read_bytes())
    assert made[0] == made[1], "a second archive has other bytes"
    with zipfile.ZipFile(archive) as packed:
        names = {name.partition("/")[2] for name in packed.namelist()}
    wanted = {"bin/mobivate.dll", "bin/mbv.exe", "include/mobivate.h", "lib/libmobivate.dll.a", "lib/mobivate.def"}
    wanted |= {"share/doc/mobivate/mobivate.spdx.json"}
    wanted |= {f"share/doc/mobivate/licenses/{name}.txt" for name in ("curl", "libmobivate", "openssl", "rapidjson")}
    assert wanted <= names, f"not in the archive: {sorted(wanted - names)}"
    said.append(f"{len(names)} files, {archive.stat().st_size:,} bytes")


def check_same_bytes(given, folder, path, said):
    """All of it is built once more from the sources, libcurl and OpenSSL too, in another folder."""
    shutil.rmtree(folder / "again", ignore_errors=True)
    again = build(given, folder, "again", "-DMOBIVATE_TESTS=OFF")
    for name in ("mobivate.dll", "libmobivate.dll.a", "mbv.exe"):
        assert (path / name).read_bytes() == (again / name).read_bytes(), f"a second build gives another {name}"
    shutil.rmtree(again)
    said.append("two builds give the same bytes")


# ---- what is run ----


def cases_of(*files):
    return {
        name.encode().decode("unicode_escape")
        for file in files
        for name in re.findall(r'^TEST_CASE\("((?:[^"\\]|\\.)*)"', (ROOT / "tests" / file).read_text(), re.MULTILINE)
    }


class Runner:
    def __init__(self, wine, path):
        self.wine, self.path = wine, path
        self.environment = {**wine.environment, "WINEPATH": f"Z:{path}"}

    def command(self, program, *arguments):
        return [self.wine.program, str(self.path / "tests" / f"{program}.exe"), *arguments]

    def run(self, *command, standin=True):
        around = [sys.executable, ROOT / "tests/standin", "--"] if standin else []
        return run(*around, *command, env=self.environment, cwd=ROOT)

    def cases(self, program, standin=True):
        text = self.run(*self.command(program, "--list-test-cases", "--no-version"), standin=standin)
        return {line.strip() for line in text.splitlines()} - {""}

    def run_cases(self, program, chosen, standin=True):
        """The text of a run, and how many cases it was."""
        text = self.run(*self.command(program, chosen, "--no-version"), standin=standin)
        # The last ones are its own: a case may have started the program again.
        _, passed, failed = re.findall(r"test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed", text)[-1]
        assert failed == "0" and passed != "0", text
        return text, int(passed)

    def doctest(self, program, said, files=(), standin=True):
        """A program of doctest's: its cases are those of the sources, without what is left out."""
        wanted = cases_of(*files)
        missing = wanted - self.cases(program, standin) - set(LEFT_OUT)
        assert not missing, f"cases that {program} does not have: {sorted(missing)}"
        text, passed = self.run_cases(program, "--test-case=*", standin)
        left_out = len(wanted & set(LEFT_OUT))
        said.append(f"{passed} cases passed" + (f", {left_out} left out" if left_out else ""))
        return text

    def each_alone(self, program, said):
        """The cases of a program, each in a process of its own."""
        wanted = sorted(name for name in cases_of("integration/windows/test_system_trust.cpp"))
        for name in wanted:
            self.run_cases(program, "--test-case=" + name.replace(",", "?"))
        said.append(f"{len(wanted)} cases passed")


def main():
    begin = time.monotonic()
    run(ROOT / "tests/prepare", *(ROOT / "tests/packaging/machines/windows-packages.txt").read_text().split())
    given = pathlib.Path(sys.argv[1]).resolve()
    only = sys.argv[2:]
    folder = given / "machines/windows"
    folder.mkdir(parents=True, exist_ok=True)
    report = Report()
    path = folder / "build"
    with report.part("build") as said:
        build(given, folder)
    if report.failed:
        sys.exit("it cannot be built")
    library = path / "mobivate.dll"

    def wanted(name):
        return not only or name in only

    with report.part("file") as said:
        check_file(library, said)
        said.append(f"{library.stat().st_size:,} bytes")
    with report.part("archive") as said:
        check_archive(path, said)
    with report.part("file, mbv.exe") as said:
        windows_tool.check_file(path / "mbv.exe", SYSTEM_DLLS, said)
    with Wine(folder) as wine:
        runner = Runner(wine, path)
        tests = ROOT / "tests"
        if wanted("unit"):
            with report.part("unit") as said:
                files = [
                    f"unit/{file.name}"
                    for file in (tests / "unit").glob("test_*.cpp")
                    if f"unit/{file.name}" not in LEFT_OUT_FILES
                ]
                runner.doctest("unit_tests", said, files, standin=False)
        if wanted("integration"):
            with report.part("integration") as said:
                files = [f"integration/{file.name}" for file in (tests / "integration").glob("test_*.cpp")]
                text = runner.doctest("integration_tests", said, files)
                slowest = re.findall(r"(\d+) us", text)
                if slowest:
                    said.append(f"slowest cancel {max(map(int, slowest)) / 1000:.1f} ms")
        if wanted("trust"):
            with report.part("trust by Windows") as said:
                runner.each_alone("system_trust_tests", said)
        if wanted("threads"):
            with report.part("threads") as said:
                runner.doctest("thread_tests", said, ["faults/test_threads.cpp"])
        if wanted("growth"):
            with report.part("growth") as said:
                text = runner.doctest("growth_tests", said)
                grown = {tuple(map(int, pair)) for pair in re.findall(r"(-?\d+) and (-?\d+) (?:bytes|blocks|handles)", text)}
                said.append(f"{len(re.findall('MESSAGE: ', text))} kinds, largest growth {max(max(pair) for pair in grown)}")
        if wanted("walk"):
            with report.part("walk") as said:
                files = [f"faults/test_{name}.cpp" for name in ("answers", "bytes", "random", "threads")]
                text = runner.doctest("walk_tests", said, files)
                cases, wrong = re.search(r"^all\s+(\d+)\s+(\d+)", text, re.MULTILINE).groups()
                assert wrong == "0", text
                said.append(f"{cases} claims, {wrong} wrong")
        if wanted("corpora"):
            with report.part("corpora") as said:
                for name in ("answer", "redact", "options", "request"):
                    runner.run(*runner.command(f"fuzz_{name}", ROOT / "tests/security/fuzz/corpus" / name), standin=False)
        if wanted("secrets"):
            with report.part("secrets") as said:
                chosen = [
                    f"Secrets.{name}"
                    for name in re.findall(r"^    def (test_\w+)", (tests / "security/secrets/test_secrets.py").read_text(), re.M)
                    if name not in SECRETS_LEFT_OUT
                ]
                text = runner.run(
                    sys.executable, "-m", "tests.security.secrets.test_secrets", path / "tests/secrets_host.exe", *chosen
                )
                said += re.findall(r"^(\w+: \d+ scans, .*)$", text, re.MULTILINE)
        if wanted("tool"):
            tool = windows_tool.Tool(wine, path)
            for part in windows_tool.MODULES:
                with report.part(part) as said:
                    tool.run(part, said)
        chosen = [language for language in ("cpp", "csharp", "go", "node", "rust") if wanted("bindings") or language in only]
        if chosen:
            bindings = Bindings(wine, path, folder / "bindings")
        for language in chosen:
            with report.part(f"conformance, {language}") as said:
                try:
                    result = bindings.conformance(language, said)
                    said.append(result["runtime"])
                except LeftOut as why:
                    report.failed |= language == "cpp"
                    said.append(f"left out: {why}")
    if wanted("bytes"):
        with report.part("bytes") as said:
            check_same_bytes(given, folder, path, said)
    report.print()
    left_out = [name for name, result, _ in report.rows if result.startswith("left out")]
    print(
        f"\nwindows {version()}: {time.monotonic() - begin:.0f} s in all"
        + (f"; LEFT OUT: {'; '.join(left_out)}" if left_out else "")
    )
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
