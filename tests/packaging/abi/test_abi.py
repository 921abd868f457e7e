# SPDX-License-Identifier: MIT
"""The ABI is what was released: python3 tests/standin -- python3 -m tests.packaging.abi.test_abi BUILD_DIR

The whole ABI is what src/boundary makes of include/mobivate.h, so that alone is compiled, with debug information, and libabigail
compares it with the baseline, libmobivate.so.1.abi of the last release that added to the ABI; each such release has a folder here.
`test_abi.py --write` makes that baseline anew, for the next one. A folder's client.c is a program of the day of the release, and runs
with the library that was built, and with a later one; an earlier one is refused by the loader.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
from tests.bindings import header

# The releases that added to the ABI, each with the node of what it added; the last one is today's.
NODES = {"1.0": "MBV_1", "1.1": "MBV_1.1"}
NEXT = "MBV_1.2"
LATEST = list(NODES)[-1]
COMPILER, C_COMPILER = os.environ.get("CXX", "c++"), os.environ.get("CC", "cc")

# The bits of abidiff's exit status.
ERROR, USAGE, CHANGED, INCOMPATIBLE = 1, 2, 4, 8


def baseline(release):
    return HERE / release / "libmobivate.so.1.abi"


def symbols(release):
    """The functions of a release: {name: node}."""
    found = ElementTree.parse(baseline(release)).findall("elf-function-symbols/elf-symbol")
    return {symbol.get("name"): symbol.get("version") for symbol in found}


def build(folder, *parts):
    """The ABI's library from the sources in a folder: the boundary, with nothing behind it but the parts that are named."""
    library = folder / "libmobivate.so.1"
    flags = subprocess.run(["pkg-config", "--cflags", "libcurl"], check=True, capture_output=True, text=True).stdout.split()
    subprocess.run(
        [
            COMPILER,
            "-std=c++17",
            "-g",
            "-O0",
            "-fPIC",
            "-shared",
            "-fvisibility=hidden",
            *flags,
            f"-ffile-prefix-map={folder}=.",
            "-DMBV_BUILDING",
            f"-I{folder}/include",
            f"-I{folder}/src",
            "-Wl,-soname,libmobivate.so.1",
            f"-Wl,--version-script={folder}/src/boundary/mobivate.map",
            "-o",
            library,
            folder / "src/boundary/mobivate.cpp",
            *parts,
        ],
        check=True,
    )
    return library


def everything_but_the_boundary():
    """What is behind it in the library that was built. Self-contained, its archive shows nothing but the boundary."""
    if "MOBIVATE_BUNDLED" not in os.environ:
        return [BUILD / "libmobivate.a"]
    objects = [path for path in BUILD.glob("src/CMakeFiles/mobivate_o*.dir/**/*.o") if path.parent.name != "boundary"]
    return [*objects, *(BUILD / "bundled" / name for name in ("curl/lib/libcurl.a", "openssl/libssl.a", "openssl/libcrypto.a"))]


def copy(folder):
    for name in ("src", "include"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def describe(library, folder):
    """The ABI as libabigail writes it: what the public header declares, and nothing of where it was built."""
    return subprocess.run(
        [
            "abidw",
            "--headers-dir",
            folder / "include",
            "--drop-private-types",
            "--no-comp-dir-path",
            "--no-corpus-path",
            "--no-show-locs",
            library,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def compare(library, folder):
    return subprocess.run(
        ["abidiff", "--headers-dir2", folder / "include", "--drop-private-types", baseline(LATEST), library],
        capture_output=True,
        text=True,
    )


def verdict(compared):
    """None, or the sentence of what has changed."""
    if compared.returncode == 0:
        return None
    if compared.returncode & (ERROR | USAGE):
        raise RuntimeError(compared.stderr or compared.stdout)
    # abidiff leaves it to its user whether a changed function breaks programs: here it does.
    if compared.returncode & INCOMPATIBLE or re.search(r"[1-9]\d* (Removed|Changed)", compared.stdout):
        return "This breaks programs that use libmobivate.so.1. Take it back:\n" + compared.stdout
    return (
        f"This adds to the ABI. Put the new functions into the next node of src/boundary/mobivate.map ({NEXT} {{ ... }} {NODES[LATEST]};), give "
        "their release a folder here, with a program, and run tests/packaging/abi/test_abi.py --write:\n" + compared.stdout
    )


def edit(folder, *edits):
    """Makes each edit in a copy of the sources: (file, pattern, replacement)."""
    for path, pattern, replacement in edits:
        text, count = re.subn(pattern, replacement, (folder / path).read_text(), count=1)
        if count != 1:
            raise AssertionError(f"{path} has no {pattern}")
        (folder / path).write_text(text)


ADDED = (
    (
        "include/mobivate.h",
        r"/\* ---- The library",
        "MBV_API int32_t MBV_CALL mbv_more(void) MBV_NOEXCEPT;\n\n/* ---- The library",
    ),
    ("src/boundary/mobivate.cpp", r"\Z", "\nint32_t MBV_CALL mbv_more(void) noexcept { return 0; }\n"),
)
INTO_THE_OLD_NODE = ("src/boundary/mobivate.map", r"mbv_new;", "mbv_new; mbv_more;")
INTO_THE_NEXT_NODE = ("src/boundary/mobivate.map", r"\Z", f"\n{NEXT} {{ global: mbv_more; }} {NODES[LATEST]};\n")


class Abi(unittest.TestCase):
    def changed(self, *edits):
        """What is said of a copy in which the edits were made."""
        with tempfile.TemporaryDirectory(prefix="mobivate-abi-") as name:
            folder = copy(pathlib.Path(name))
            edit(folder, *edits)
            return verdict(compare(build(folder), folder))

    def test_the_abi_is_the_one_that_was_released(self):
        said = self.changed()
        self.assertIsNone(said, said)

    def test_another_parameter_is_noticed(self):
        said = self.changed(
            (
                "include/mobivate.h",
                r"mbv_retry_after_ms\(const mbv_client \*client\)",
                "mbv_retry_after_ms(const mbv_client *client, int32_t unit)",
            ),
            (
                "src/boundary/mobivate.cpp",
                r"mbv_retry_after_ms\(const mbv_client\* client\)",
                "mbv_retry_after_ms(const mbv_client* client, int32_t)",
            ),
        )
        self.assertIn("This breaks programs", said or "")
        self.assertIn("mbv_retry_after_ms", said)

    def test_another_result_is_noticed(self):
        said = self.changed(
            ("include/mobivate.h", r"int64_t MBV_CALL mbv_retry_after_ms", "int32_t MBV_CALL mbv_retry_after_ms"),
            ("src/boundary/mobivate.cpp", r"int64_t MBV_CALL mbv_retry_after_ms", "int32_t MBV_CALL mbv_retry_after_ms"),
        )
        self.assertIn("This breaks programs", said or "")

    def test_a_removed_function_is_noticed(self):
        said = self.changed(("src/boundary/mobivate.map", r"\s*mbv_uncancel;", ""))
        self.assertIn("This breaks programs", said or "")
        self.assertIn("mbv_uncancel", said)

    def test_an_addition_asks_for_the_next_version(self):
        for edits in (ADDED + (INTO_THE_OLD_NODE,), ADDED + (INTO_THE_NEXT_NODE,)):
            said = self.changed(*edits)
            self.assertIn("This adds to the ABI", said or "")
            self.assertIn(NEXT, said)
            self.assertIn("mbv_more", said)

    def test_a_function_in_another_node_is_noticed(self):
        """A program that was linked with it before would not find it."""
        said = self.changed(
            ("src/boundary/mobivate.map", r"\s*mbv_get_key;", ""),
            ("src/boundary/mobivate.map", r"mbv_new;", "mbv_new; mbv_get_key;"),
        )
        self.assertIsNotNone(said)
        self.assertIn("mbv_get_key", said)

    def test_a_release_keeps_the_nodes_of_the_one_before(self):
        before = {}
        for release, node in NODES.items():
            today = symbols(release)
            self.assertEqual({name: today.get(name) for name in before}, before)
            self.assertEqual({today[name] for name in set(today) - set(before)}, {node})
            before = today


class Program:
    """The program of a release, compiled with its header and linked with nothing but its baseline's names."""

    release = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobivate-client-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = cls.folder / "client"
        released = HERE / cls.release
        subprocess.run(
            [
                C_COMPILER,
                "-std=c99",
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
                f"-I{released}",
                "-o",
                cls.program,
                released / "client.c",
                cls.stub(cls.release),
            ],
            check=True,
        )

    @classmethod
    def stub(cls, release):
        """A library with the names of a release, and nothing behind them."""
        library = cls.folder / release / "libmobivate.so.1"
        if library.exists():
            return library
        library.parent.mkdir()
        nodes = {}
        for name, node in symbols(release).items():
            nodes.setdefault(node, []).append(name)
        code, script = library.with_name("stub.c"), library.with_name("stub.map")
        code.write_text("".join(f"void {name}(void) {{}}\n" for names in nodes.values() for name in names))
        script.write_text("".join(f"{node} {{ global: {'; '.join(names)}; }};\n" for node, names in nodes.items()))
        subprocess.run(
            [
                C_COMPILER,
                "-shared",
                "-fPIC",
                "-Wl,-soname,libmobivate.so.1",
                f"-Wl,--version-script={script}",
                "-o",
                library,
                code,
            ],
            check=True,
        )
        return library

    def run_with(self, folder):
        return subprocess.run([self.program], env=dict(os.environ, LD_LIBRARY_PATH=str(folder)), capture_output=True, text=True)

    def check_with(self, folder):
        finished = self.run_with(folder)
        self.assertEqual((finished.returncode, finished.stdout, finished.stderr), (0, f"as in {self.release}\n", ""))

    def test_it_uses_every_function_that_the_release_added(self):
        undefined = subprocess.run(["nm", "-u", self.program], check=True, capture_output=True, text=True).stdout
        used = dict(re.findall(r"\b(mbv_\w+)@(MBV_[\d.]+)", undefined))
        names = symbols(self.release)
        self.assertEqual(used, {name: names[name] for name in used})
        self.assertEqual(
            {name for name, node in used.items() if node == NODES[self.release]},
            {name for name, node in names.items() if node == NODES[self.release]},
        )

    def test_it_runs_with_the_library_that_was_built(self):
        self.check_with(BUILD)

    def test_it_runs_with_a_later_library(self):
        folder = copy(self.folder / "later")
        edit(folder, *ADDED, INTO_THE_NEXT_NODE)
        flags = subprocess.run(["pkg-config", "--libs", "libcurl"], check=True, capture_output=True, text=True).stdout.split()
        library = build(folder, *everything_but_the_boundary(), *flags, "-pthread")
        self.assertIn(
            f"mbv_more@@{NEXT}", subprocess.run(["nm", "-D", library], check=True, capture_output=True, text=True).stdout
        )
        self.check_with(folder)

    def test_the_loader_refuses_an_earlier_library(self):
        for earlier in list(NODES)[: list(NODES).index(self.release)]:
            finished = self.run_with(self.stub(earlier).parent)
            self.assertNotEqual(finished.returncode, 0)
            self.assertEqual(finished.stdout, "")
            self.assertIn(
                f"libmobivate.so.1: version `{NODES[self.release]}' not found (required by {self.program})", finished.stderr
            )

    def test_the_header_of_today_only_adds(self):
        released, today = header.declarations((HERE / self.release / "mobivate.h").read_text()), header.declarations()
        for kind, names in released.items():
            for name, value in names.items():
                if name != "MBV_VERSION_NUMBER":
                    self.assertEqual(today[kind].get(name), value, name)
        self.assertEqual(set(released["functions"]), set(symbols(self.release)))


class Program10(Program, unittest.TestCase):
    release = "1.0"


class Program11(Program, unittest.TestCase):
    release = "1.1"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        with tempfile.TemporaryDirectory(prefix="mobivate-abi-") as name:
            folder = copy(pathlib.Path(name))
            baseline(LATEST).write_text(describe(build(folder), folder))
    else:
        BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
        unittest.main()
