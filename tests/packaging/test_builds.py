# SPDX-License-Identifier: MIT
"""Every compiler, and other versions and flavours of libcurl: python3 -m tests.packaging.test_builds BUILD_DIR [Class[.test]]

Each build runs the tests that see most of the library. What was built is told, with the seconds that it took.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest

from tests.packaging.support import ROOT, System, archive, run

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
    needed = run("readelf", "-d", folder / "libmobivate.so.1")
    shutil.rmtree(folder)
    return needed


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
    def test_the_flavour_on_gnutls(self):
        run(ROOT / "tests/prepare", "libcurl3-gnutls")
        # Its development package cannot be installed beside the other one's; its header and the library's name are all that is needed.
        download, unpacked = FOLDER / "download", FOLDER / "libcurl4-gnutls-dev"
        shutil.rmtree(download, ignore_errors=True)
        download.mkdir(parents=True)
        run("apt-get", "-o", "APT::Sandbox::User=root", "download", "libcurl4-gnutls-dev", cwd=download)
        run("dpkg-deb", "-x", *download.glob("*.deb"), unpacked)
        library = re.search(r"libcurl-gnutls\.so\.4 .*=> (\S+)", run("/sbin/ldconfig", "-p"))[1]
        needed = build_and_test(
            "gnutls",
            f"-DCURL_INCLUDE_DIR={next(unpacked.rglob('curl/curl.h')).parents[1]}",
            f"-DCURL_LIBRARY={library}",
            "-DCMAKE_CXX_FLAGS=-O2",
        )
        self.assertIn("libcurl-gnutls.so.4", needed)
        self.assertNotIn("libcurl.so.4", needed)

    def from_source(self, name, *options):
        """CMake's options for a libcurl that is built from Debian's source, for http and https alone."""
        run(ROOT / "tests/prepare", "libmbedtls-dev", "dpkg-dev")
        source = FOLDER / "curl-source"
        if not source.exists():
            (source / "lists/partial").mkdir(parents=True)
            (source / "sources.list").write_text(f"deb-src {' '.join(archive())} main\n")
            apt = [
                "apt-get",
                "-o",
                "APT::Sandbox::User=root",
                "-o",
                f"Dir::Etc::SourceList={source}/sources.list",
                "-o",
                "Dir::Etc::SourceParts=/dev/null",
                "-o",
                f"Dir::State::Lists={source}/lists",
            ]
            run(*apt, "update")
            run(*apt, "source", "--only-source", "curl", cwd=source)
        built, installed = FOLDER / f"curl-{name}", FOLDER / f"curl-{name}-installed"
        run(
            "cmake",
            "-S",
            next(source.glob("curl-*/")),
            "-B",
            built,
            "-G",
            "Ninja",
            "-DCMAKE_BUILD_TYPE=Release",
            f"-DCMAKE_INSTALL_PREFIX={installed}",
            "-DCURL_USE_OPENSSL=OFF",
            "-DHTTP_ONLY=ON",
            "-DBUILD_CURL_EXE=OFF",
            "-DBUILD_TESTING=OFF",
            "-DCURL_USE_LIBSSH2=OFF",
            "-DCURL_USE_LIBPSL=OFF",
            "-DUSE_LIBIDN2=OFF",
            "-DCURL_ZLIB=OFF",
            *options,
        )
        run("cmake", "--build", built, "--target", "install")
        return f"-DCURL_INCLUDE_DIR={installed}/include", f"-DCURL_LIBRARY={installed}/lib/libcurl.so", "-DCURL_NO_CURL_CMAKE=ON"

    def test_one_on_mbedtls(self):
        """It takes CURLOPT_SSL_CTX_FUNCTION, and hands over a context of its own."""
        build_and_test("mbedtls", *self.from_source("mbedtls", "-DCURL_USE_MBEDTLS=ON"))

    def test_one_without_tls_is_named(self):
        folder = FOLDER / "no-tls"
        configure(folder, *self.from_source("no-tls", "-DCURL_ENABLE_SSL=OFF"))
        run("cmake", "--build", folder, "--target", "mbv")
        password = FOLDER / "password"
        password.write_text("a-password")
        password.chmod(0o600)
        said = subprocess.run(
            [
                folder / "mbv",
                "create-key",
                "--username",
                "somebody@example.com",
                "--password-file",
                password,
                "--base-url",
                "https://localhost:1",
            ],
            stderr=subprocess.PIPE,
            text=True,
        ).stderr
        self.assertRegex(said, r"this libcurl \(\d+\.\d+\.\d+\) has no TLS")

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

    def test_newer_ones_on_a_newer_debian(self):
        """Debian 13 has newer versions of everything: libcurl, OpenSSL, the compiler."""
        begin = time.monotonic()
        packages = (ROOT / "tests/support/packages/build.txt").read_text().split() + ["doctest-dev", "tinyproxy-bin"]
        system = System(FOLDER, ",".join(packages), release="trixie")
        self.addCleanup(system.remove)
        parts = ("CMakeLists.txt", "CHANGELOG.md", "README.md", "include", "src", "pkgconfig", "tests")
        system.copy(*[ROOT / part for part in parts], to="/srv/project")
        said = system.run(
            "sh",
            "-euc",
            f"""
            mount -t proc proc /proc
            mount -t devpts devpts /dev/pts
            cd /srv/project
            cmake -S . -B build -G Ninja -DMOBIVATE_TESTS=ON -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
            cmake --build build --target {' '.join(TARGETS)} secrets_host thread_tests
            ctest --test-dir build --output-on-failure -R '{TESTS}|^secrets$|^threads$'
            dpkg-query -W -f '${{Package}} ${{Version}}\n' libcurl4t64 libssl3t64 g++ cmake
        """,
        )
        tests = re.search(r"tests passed, 0 tests failed out of (\d+)", said)[1]
        versions = re.findall(r"^(libcurl4t64|libssl3t64|g\+\+|cmake) (\S+)$", said, re.MULTILINE)
        print(
            f"{'trixie':<16} {tests} tests passed, {time.monotonic() - begin:.0f} s:",
            *[" ".join(version) for version in versions],
            flush=True,
        )


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    unittest.main(verbosity=1)
