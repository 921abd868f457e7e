# SPDX-License-Identifier: MIT
"""Compares the ABI with the one that was released: python3 tests/abi/test_abi.py [--write]

The whole ABI is what src/boundary makes of include/mobivate.h, so that alone is compiled, with debug information, and libabigail
compares it with the baseline in this folder. --write makes the baseline anew, for a release that adds to the ABI.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BASELINE = HERE / "libmobivate.so.1.abi"

# The bits of abidiff's exit status.
ERROR, USAGE, CHANGED, INCOMPATIBLE = 1, 2, 4, 8


def build(folder):
    """The ABI's library from the sources in a folder."""
    library = folder / "libmobivate.so.1"
    flags = subprocess.run(["pkg-config", "--cflags", "libcurl"], check=True, capture_output=True, text=True).stdout.split()
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-g", "-O0", "-fPIC", "-shared", "-fvisibility=hidden", *flags,
                    f"-ffile-prefix-map={folder}=.", "-DMBV_BUILDING", '-DMOBIVATE_VERSION="1.0.0"', "-DMOBIVATE_VERSION_NUMBER=10000",
                    f"-I{folder}/include", f"-I{folder}/src", "-Wl,-soname,libmobivate.so.1",
                    f"-Wl,--version-script={folder}/src/boundary/mobivate.map", "-o", library, folder / "src/boundary/mobivate.cpp"], check=True)
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
            "tests/abi/test_abi.py --write:\n" + compared.stdout)


class Abi(unittest.TestCase):
    def changed(self, *edits):
        """What is said of a copy in which each edit was made: (file, pattern, replacement)."""
        with tempfile.TemporaryDirectory(prefix="mobivate-abi-") as name:
            folder = copy(pathlib.Path(name))
            for path, pattern, replacement in edits:
                text = (folder / path).read_text()
                self.assertRegex(text, pattern)
                (folder / path).write_text(re.sub(pattern, replacement, text, count=1))
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
        said = self.changed(("include/mobivate.h", r"/\* ---- The library", "MBV_API int32_t MBV_CALL mbv_more(void) MBV_NOEXCEPT;\n\n/* ---- The library"),
                            ("src/boundary/mobivate.map", r"mbv_new;", "mbv_new; mbv_more;"),
                            ("src/boundary/mobivate.cpp", r"\Z", "\nint32_t MBV_CALL mbv_more(void) noexcept { return 0; }\n"))
        self.assertIn("This adds to the ABI", said or "")
        self.assertIn("mbv_more", said)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        with tempfile.TemporaryDirectory(prefix="mobivate-abi-") as name:
            folder = copy(pathlib.Path(name))
            BASELINE.write_text(describe(build(folder), folder))
    else:
        unittest.main()
