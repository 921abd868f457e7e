# SPDX-License-Identifier: MIT
"""Every compiler, and what is said of a libcurl that is too old: python3 -m tests.packaging.test_builds BUILD_DIR [Class[.test]]

Each build runs the tests that see most of the library. What was built is told, with the seconds that it took.
"""

import pathlib
import re
import shutil
import sys
import time
import unittest

from tests.packaging.support import ROOT, run

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
FOLDER = BUILD / "builds"
TARGETS = ("mobivate", "mbv", "unit_tests", "integration_tests", "host_tests")
TESTS = r"^(unit|integration|integration\.hosts|cli)$"


def configure(folder, *options):
    return run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DMOBIVATE_TESTS=ON", "-DCMAKE_BUILD_TYPE=None", *options)


def build_and_test(name, *options):
    begin, folder = time.monotonic(), FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    configure(folder, *options)
    run("cmake", "--build", folder, "--target", *TARGETS)
    said = run("ctest", "--test-dir", folder, "--output-on-failure", "-R", TESTS)
    tests = re.search(r"tests passed, 0 tests failed out of (\d+)", said)[1]
    print(
        f"{name:<16} {tests} tests passed, {(folder / 'libmobivate.so.1').stat().st_size // 1024} KiB, {time.monotonic() - begin:.0f} s",
        flush=True,
    )
    shutil.rmtree(folder)


class Compilers(unittest.TestCase):
    def test_each_compiler_at_each_level(self):
        run(ROOT / "tests/prepare", "clang", "lld")
        for c, cpp, linker in (("gcc", "g++", ""), ("clang", "clang++", "-fuse-ld=lld")):
            for flags in ("-O0", "-O1", "-O2", "-O3", "-O2 -flto"):
                with self.subTest(compiler=c, flags=flags):
                    name = c + flags.replace(" ", "")
                    link = f"{flags} {linker if 'lto' in flags else ''}".strip()
                    build_and_test(
                        name,
                        f"-DCMAKE_C_COMPILER={c}",
                        f"-DCMAKE_CXX_COMPILER={cpp}",
                        f"-DCMAKE_C_FLAGS={flags}",
                        f"-DCMAKE_CXX_FLAGS={flags}",
                        f"-DCMAKE_EXE_LINKER_FLAGS={link}",
                        f"-DCMAKE_SHARED_LINKER_FLAGS={link}",
                        "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON",
                        *(
                            [f"-DCMAKE_AR={shutil.which('llvm-ar') or shutil.which('llvm-ar-14')}"]
                            if c == "clang" and "lto" in flags
                            else []
                        ),
                    )


class Libcurl(unittest.TestCase):
    def test_an_older_one_than_is_supported_is_refused_by_name(self):
        with self.assertRaisesRegex(AssertionError, r'(?s)CURL.*"7\.86\.0".*at\s+least "7\.87"'):
            self.configure_with("7.86.0")
        self.configure_with("7.87.0")

    def configure_with(self, version):
        """With this libcurl, whose header says that it is another version."""
        include = re.search(r"CURL_INCLUDE_DIR:PATH=(.*)", (BUILD / "CMakeCache.txt").read_text())[1]
        other, folder = FOLDER / "other-include", FOLDER / "other"
        for old in (other, folder):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(pathlib.Path(include) / "curl", other / "curl")
        header = other / "curl/curlver.h"
        header.write_text(re.sub(r'LIBCURL_VERSION "[^"]*"', f'LIBCURL_VERSION "{version}"', header.read_text()))
        configure(folder, f"-DCURL_INCLUDE_DIR={other}", "-DCURL_NO_CURL_CMAKE=ON")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    unittest.main(verbosity=1)
