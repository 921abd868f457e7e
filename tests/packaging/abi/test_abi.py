# SPDX-License-Identifier: MIT
"""The ABI is what was released: python3 tests/standin -- python3 -m tests.packaging.abi.test_abi BUILD_DIR

The whole ABI is what src/boundary makes of include/mobivate.h, so that alone is compiled, with debug information, and libabigail
compares it with the baseline, 1.0/libmobivate.so.1.abi. `test_abi.py --write` makes the baseline anew, for a release that adds to
the ABI. 1.0/client.c is a program of the day of the release, and runs with the library that was built, and with a later one.
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
RELEASED = HERE / "1.0"
BASELINE = RELEASED / "libmobivate.so.1.abi"
COMPILER, C_COMPILER = os.environ.get("CXX", "c++"), os.environ.get("CC", "cc")

# The bits of abidiff's exit status.
ERROR, USAGE, CHANGED, INCOMPATIBLE = 1, 2, 4, 8


def build(folder, *parts):
    """The ABI's library from the sources in a folder: the boundary, with nothing behind it but the parts that are named."""
    library = folder / "libmobivate.so.1"
    flags = subprocess.run(["pkg-config", "--cflags", "libcurl"], check=True, capture_output=True, text=True).stdout.split()
    subprocess.run([COMPILER, "-std=c++17", "-g", "-O0", "-fPIC", "-shared", "-fvisibility=hidden", *flags,
                    f"-ffile-prefix-map={folder}=.", "-DMBV_BUILDING",
                    f"-I{folder}/include", f"-I{folder}/src", "-Wl,-soname,libmobivate.so.1",
                    f"-Wl,--version-script={folder}/src/boundary/mobivate.map", "-o", library, folder / "src/boundary/mobivate.cpp", *parts], check=True)
    return library


def copy(folder):
    for name in ("src", "include"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def describe(library, folder):
    """The ABI as libabigail writes it: what the public header declares, and nothing of where it was built."""
    return subprocess.run(["abidw", "--headers-dir", folder / "include", "--drop-private-types", "--no-comp-dir-path", "--no-corpus-path",
                           "--no-show-locs", library], check=True, capture_output=True, text=True).stdout


def compare(library, folder):
    return subprocess.run(["abidiff", "--headers-dir2", folder / "include", "--drop-private-types", BASELINE, library], capture_output=True, text=True)


def verdict(compared):
    """None, or the sentence of what has changed."""
    if compared.returncode == 0:
        return None
    if compared.returncode & (ERROR | USAGE):
        raise RuntimeError(compared.stderr or compared.stdout)
    # abidiff leaves it to its user whether a changed function breaks programs: here it does.
    if compared.returncode & INCOMPATIBLE or re.search(r"[1-9]\d* (Removed|Changed)", compared.stdout):
        return "This breaks programs that use libmobivate.so.1. Take it back:\n" + compared.stdout
    return ("This adds to the ABI. Put the new functions into the next node of src/boundary/mobivate.map (MBV_1.1 { ... } MBV_1;), and run "
            "tests/packaging/abi/test_abi.py --write:\n" + compared.stdout)


def edit(folder, *edits):
    """Makes each edit in a copy of the sources: (file, pattern, replacement)."""
    for path, pattern, replacement in edits:
        text, count = re.subn(pattern, replacement, (folder / path).read_text(), count=1)
        if count != 1:
            raise AssertionError(f"{path} has no {pattern}")
        (folder / path).write_text(text)


ADDED = (("include/mobivate.h", r"/\* ---- The library", "MBV_API int32_t MBV_CALL mbv_more(void) MBV_NOEXCEPT;\n\n/* ---- The library"),
         ("src/boundary/mobivate.cpp", r"\Z", "\nint32_t MBV_CALL mbv_more(void) noexcept { return 0; }\n"))
INTO_THE_OLD_NODE = ("src/boundary/mobivate.map", r"mbv_new;", "mbv_new; mbv_more;")
INTO_THE_NEXT_NODE = ("src/boundary/mobivate.map", r"\Z", "\nMBV_1.1 { global: mbv_more; } MBV_1;\n")


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
        said = self.changed(("include/mobivate.h", r"mbv_retry_after_ms\(const mbv_client \*client\)", "mbv_retry_after_ms(const mbv_client *client, int32_t unit)"),
                            ("src/boundary/mobivate.cpp", r"mbv_retry_after_ms\(const mbv_client\* client\)", "mbv_retry_after_ms(const mbv_client* client, int32_t)"))
        self.assertIn("This breaks programs", said or "")
        self.assertIn("mbv_retry_after_ms", said)

    def test_another_result_is_noticed(self):
        said = self.changed(("include/mobivate.h", r"int64_t MBV_CALL mbv_retry_after_ms", "int32_t MBV_CALL mbv_retry_after_ms"),
                            ("src/boundary/mobivate.cpp", r"int64_t MBV_CALL mbv_retry_after_ms", "int32_t MBV_CALL mbv_retry_after_ms"))
        self.assertIn("This breaks programs", said or "")

    def test_a_removed_function_is_noticed(self):
        said = self.changed(("src/boundary/mobivate.map", r"\s*mbv_uncancel;", ""))
        self.assertIn("This breaks programs", said or "")
        self.assertIn("mbv_uncancel", said)

    def test_an_addition_asks_for_the_next_version(self):
        said = self.changed(*ADDED, INTO_THE_OLD_NODE)
        self.assertIn("This adds to the ABI", said or "")
        self.assertIn("mbv_more", said)


class Client(unittest.TestCase):
    """The program of 1.0, compiled with the header of 1.0 and linked with nothing but the baseline's names."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobivate-client-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        symbols = ElementTree.parse(BASELINE).findall("elf-function-symbols/elf-symbol")
        nodes = {}
        for symbol in symbols:
            nodes.setdefault(symbol.get("version"), []).append(symbol.get("name"))
        (cls.folder / "stub.c").write_text("".join(f"void {name}(void) {{}}\n" for names in nodes.values() for name in names))
        (cls.folder / "stub.map").write_text("".join(f"{node} {{ global: {'; '.join(names)}; }};\n" for node, names in nodes.items()))
        (cls.folder / "stub").mkdir()
        subprocess.run([C_COMPILER, "-shared", "-fPIC", "-Wl,-soname,libmobivate.so.1", f"-Wl,--version-script={cls.folder}/stub.map",
                        "-o", cls.folder / "stub/libmobivate.so", cls.folder / "stub.c"], check=True)
        cls.program = cls.folder / "client"
        subprocess.run([C_COMPILER, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{RELEASED}", "-o", cls.program,
                        RELEASED / "client.c", f"-L{cls.folder}/stub", "-lmobivate"], check=True)

    def run_with(self, folder):
        finished = subprocess.run([self.program], env=dict(os.environ, LD_LIBRARY_PATH=str(folder)), capture_output=True, text=True)
        self.assertEqual((finished.returncode, finished.stdout, finished.stderr), (0, "as in 1.0\n", ""))

    def test_it_uses_every_function_there_was(self):
        undefined = subprocess.run(["nm", "-u", self.program], check=True, capture_output=True, text=True).stdout
        names = {symbol.get("name") for symbol in ElementTree.parse(BASELINE).findall("elf-function-symbols/elf-symbol")}
        self.assertEqual(set(re.findall(r"\b(mbv_\w+)@MBV_1\b", undefined)), names)

    def test_it_runs_with_the_library_that_was_built(self):
        self.run_with(BUILD)

    def test_it_runs_with_a_later_library(self):
        folder = copy(self.folder / "later")
        edit(folder, *ADDED, INTO_THE_NEXT_NODE)
        flags = subprocess.run(["pkg-config", "--libs", "libcurl"], check=True, capture_output=True, text=True).stdout.split()
        library = build(folder, BUILD / "libmobivate.a", *flags, "-pthread")
        self.assertIn("mbv_more@@MBV_1.1", subprocess.run(["nm", "-D", library], check=True, capture_output=True, text=True).stdout)
        self.run_with(folder)

    def test_the_header_of_today_only_adds(self):
        released, today = header.declarations((RELEASED / "mobivate.h").read_text()), header.declarations()
        for kind, names in released.items():
            for name, value in names.items():
                self.assertEqual(today[kind].get(name), value, name)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        with tempfile.TemporaryDirectory(prefix="mobivate-abi-") as name:
            folder = copy(pathlib.Path(name))
            BASELINE.write_text(describe(build(folder), folder))
    else:
        BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
        unittest.main()
