# SPDX-License-Identifier: MIT
"""The library on one libcurl after the other: python3 -m tests.packaging.test_libcurls BUILD_DIR [FLAVOUR]...

On each, the tests against the stand-in, a walk through the failures, and, where OpenSSL is below, the scan for secrets. Prints a line of
figures for each. What is built stays in BUILD_DIR/libcurls, and the next run begins with it; remove that for the newest libcurl.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import time

from tests.packaging.support import ROOT, System, archive, run

BUILD = pathlib.Path(sys.argv[1]).resolve()
FOLDER = BUILD / "libcurls"
TARGETS = (
    "mobivate integration_tests host_tests walk_tests secrets_host one_call other_backend foreign_1.1.1 foreign_same".split()
)
TESTS = ["integration", r"integration\.hosts", r"integration\.trust_hosts", r"faults\.walk"]
SOURCES = ("CMakeLists.txt", "CHANGELOG.md", "README.md", "include", "src", "pkgconfig", "tests")


class Here:
    """This machine."""

    project = ROOT
    build = FOLDER

    def path(self, name):
        return pathlib.Path(name)

    def run(self, *command, environment=()):
        return run("env", *environment, *command)

    def install(self, *packages):
        run(ROOT / "tests/prepare", *packages)


class NextDebian(System):
    """A Debian in a folder of this machine."""

    project = "/srv/project"
    build = pathlib.Path("/srv/libcurls")

    def __init__(self):
        packages = (ROOT / "tests/support/packages/build.txt").read_text().split()
        packages += ["ccache", "curl", "doctest-dev", "libcurl3t64-gnutls", "openssl", "tinyproxy-bin"]
        super().__init__(FOLDER, ",".join(sorted(packages)), release="trixie", kept=True)
        self.copy(*[ROOT / part for part in SOURCES], to=self.project)
        super().run("mkdir", "-p", self.build)

    def path(self, name):
        return pathlib.Path(f"{self.root}{name}")

    def run(self, *command, environment=()):
        mounted = 'mount -t proc proc /proc; mount -t devpts devpts /dev/pts; exec "$@"'
        cached = [f"CMAKE_{language}_COMPILER_LAUNCHER=ccache" for language in ("C", "CXX")]
        return super().run(
            "sh", "-euc", mounted, "sh", *command, environment=(*cached, f"CCACHE_DIR={self.build}/ccache", *environment)
        )

    def install(self, *packages):
        self.run("apt-get", "-q", "-y", "install", "--no-install-recommends", *packages)


def own(_where):
    return []


def gnutls_flavour(where):
    """Its development package cannot be installed beside the other one's, which has the same header."""
    where.install("libcurl3t64-gnutls" if isinstance(where, NextDebian) else "libcurl3-gnutls")
    library = re.search(r"libcurl-gnutls\.so\.4 .*=> (\S+)", where.run("/sbin/ldconfig", "-p"))[1]
    return [f"-DCURL_LIBRARY={library}"]


def source(*releases):
    """libcurl's source as Debian has it in the first of these releases that gives it, without Debian's own packaging."""
    for release in releases:
        folder = FOLDER / "sources" / release
        found = list(folder.glob("curl-*/"))
        if found:
            return found[0]
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "lists/partial").mkdir(parents=True)
        (folder / "sources.list").write_text(f"deb-src {archive()[0]} {release} main\n")
        options = {
            "APT::Sandbox::User": "root",
            "Dir::Etc::SourceList": folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": folder / "lists",
        }
        apt = ["apt-get", "-q", *[part for name, value in options.items() for part in ("-o", f"{name}={value}")]]
        try:
            run(*apt, "update")
            run(*apt, "source", "--only-source", "--tar-only", "curl", cwd=folder)
        except AssertionError as error:
            print(f"{release} does not give it: {str(error).splitlines()[-2:]}", flush=True)
            continue
        run("tar", "-x", "-f", *folder.glob("curl_*.orig.tar.*z"), "-C", folder)
        return next(folder.glob("curl-*/"))
    raise AssertionError(f"no libcurl in {releases}")


def from_source(name, releases, packages, *options):
    """CMake's options for a libcurl that is built here, for http and https alone."""

    def provide(where):
        where.install("dpkg-dev", *packages)
        built, installed = FOLDER / f"{name}-libcurl", FOLDER / f"{name}-installed"
        tree = source(*releases)
        if not (installed / "lib/libcurl.so").exists():
            off = "USE_OPENSSL USE_LIBSSH2 USE_LIBPSL ZLIB BROTLI ZSTD".split()
            where.run(
                *("cmake", "-S", tree, "-B", built, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"),
                *(
                    "-DHTTP_ONLY=ON",
                    "-DBUILD_CURL_EXE=OFF",
                    "-DBUILD_TESTING=OFF",
                    "-DBUILD_LIBCURL_DOCS=OFF",
                    "-DBUILD_MISC_DOCS=OFF",
                ),
                *("-DENABLE_CURL_MANUAL=OFF", "-DUSE_LIBIDN2=OFF", "-DUSE_NGHTTP2=OFF", f"-DCMAKE_INSTALL_PREFIX={installed}"),
                *[f"-DCURL_{feature}=OFF" for feature in off],
                *options,
            )
            where.run("cmake", "--build", built, "--target", "install")
        return [
            f"-DCURL_INCLUDE_DIR={installed}/include",
            f"-DCURL_LIBRARY={installed}/lib/libcurl.so",
            "-DCURL_NO_CURL_CMAKE=ON",
        ]

    return provide


# Not every mirror has all that the newest release names.
NEWEST = ("sid", "testing", "trixie-backports")
THIS = (archive()[1],)
FLAVOURS = {
    "openssl": (Here, own),
    "gnutls": (Here, gnutls_flavour),
    "trixie": (NextDebian, own),
    "trixie-gnutls": (NextDebian, gnutls_flavour),
    "newest": (Here, from_source("newest", NEWEST, ["libssl-dev"], "-DCURL_USE_OPENSSL=ON")),
    "newest-gnutls": (Here, from_source("newest-gnutls", NEWEST, ["libgnutls28-dev"], "-DCURL_USE_GNUTLS=ON")),
    "mbedtls": (Here, from_source("mbedtls", THIS, ["libmbedtls-dev"], "-DCURL_USE_MBEDTLS=ON")),
}
FORMAT = "{:<14} {:<32} {:>11} {:>11} {:>7} {:>6} {:>6} {:>9} {:>15} {:>8} {:>16} {:>6}"
HEAD = (
    "flavour",
    "libcurl",
    "tests",
    "integration",
    "walked",
    "wrong",
    "vague",
    "requests",
    "slowest cancel",
    "secrets",
    "copies, pieces",
    "s",
)


def figures(log):
    """What the tests have said of themselves: (cases of the integration, of the walk's ledger, of the scan)."""
    parts = {
        name: text for name, text in re.findall(r"^\d+/\d+ Test: (\S+)\n(.*?)^<end of output>", log, re.MULTILINE | re.DOTALL)
    }
    cases = [
        re.findall(r"test cases: +(\d+) \| +(\d+) passed", parts.get(name, "")) for name in ("integration", "integration.hosts")
    ]
    total, passed = (sum(int(found[-1][i]) for found in cases if found) for i in (0, 1))
    walk = re.findall(r"^all +(\d+) +(\d+) +(\d+) +(\d+) .*?([\d.]+ ms)?$", parts.get("faults.walk", ""), re.MULTILINE)
    scans = re.findall(r"(\d+) scans, .*: \[(\d+), (\d+)\], fragments: \[(\d+), (\d+)\]", parts.get("security.secrets", ""))
    found = "-"
    if scans:
        sums = [sum(map(int, column)) for column in zip(*scans)]
        scans, found = sums[0], f"{sums[1]} + {sums[2]}, {sums[3]} + {sums[4]}"
    return [f"{passed} of {total}", *(walk[-1] if walk else ["-"] * 5), scans or "-", found]


def try_flavour(name):
    """Its line of figures, and whether all was well."""
    begin = time.monotonic()
    system, provide = FLAVOURS[name]
    where = system()
    folder = where.build / name
    options = provide(where)
    where.run(
        "cmake", "-S", where.project, "-B", folder, "-G", "Ninja", "-DMOBIVATE_TESTS=ON", "-DCMAKE_BUILD_TYPE=Release", *options
    )
    where.run("cmake", "--build", folder, "--target", *TARGETS)
    version = where.run(
        "python3",
        "-c",
        "import ctypes, sys; f = ctypes.CDLL(sys.argv[1]).curl_version; f.restype = ctypes.c_char_p; print(*f().decode().split()[:2])",
        folder / "libmobivate.so.1",
    ).strip()
    tests = TESTS + ([r"security\.secrets"] if "OpenSSL/" in version else [])
    passed, said = True, ""
    try:
        said = where.run(
            *("ctest", "--test-dir", folder, "--output-on-failure", "-R", f"^({'|'.join(tests)})$"),
            environment=("MOBIVATE_WALK=sample",),
        )
    except AssertionError as error:
        passed, said = False, str(error)
        print(said, flush=True)
    percent = re.search(r"tests passed, (\d+) tests failed out of (\d+)", said)
    log = where.path(folder / "Testing/Temporary/LastTest.log").read_text(errors="replace")
    all_tests = int(percent[2])
    if all_tests != len(tests):
        passed = False
        print(f"{name}: {all_tests} of {len(tests)} tests were there")
    seconds = f"{time.monotonic() - begin:.0f}"
    line = (name, version, f"{all_tests - int(percent[1])} of {all_tests}", *figures(log), seconds)
    return FORMAT.format(*line), passed


def one_without_tls_is_named():
    where, folder = Here(), FOLDER / "no-tls"
    options = from_source("no-tls", THIS, [], "-DCURL_ENABLE_SSL=OFF")(where)
    run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", *options)
    run("cmake", "--build", folder, "--target", "mbv")
    said = subprocess.run(
        [
            folder / "mbv",
            "create-key",
            "--username",
            "somebody@example.com",
            "--password-stdin",
            "--base-url",
            "https://localhost:1",
        ],
        input="a-password\n",
        stderr=subprocess.PIPE,
        text=True,
    ).stderr
    passed = re.search(r"this libcurl \(\d+\.\d+\.\d+\) has no TLS", said) is not None
    return f"{'no-tls':<14} {said.strip()}", passed


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines, failed = [], []
    for name in sys.argv[2:] or [*FLAVOURS, "no-tls"]:
        line, passed = one_without_tls_is_named() if name == "no-tls" else try_flavour(name)
        print(line, flush=True)
        lines.append(line)
        if not passed:
            failed.append(name)
    print("\n" + FORMAT.format(*HEAD), *lines, sep="\n")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
