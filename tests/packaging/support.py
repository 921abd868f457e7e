# SPDX-License-Identifier: MIT
"""What the tests of what is installed have in common."""

import hashlib
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]

# Of the self-contained library, stripped.
LARGEST = 5 * 1024 * 1024

# What libc consists of, before glibc 2.34 and since.
LIBC = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def run(*command, **options):
    finished = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if finished.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{finished.stdout}")
    return finished.stdout


def needed(file):
    """The libraries that a program or a library names as those that it needs."""
    return set(re.findall(r"\(NEEDED\).*\[(.*?)\]", run("readelf", "-d", file)))


def shown(file):
    """The functions that an archive or a library has for programs, without their versions."""
    kind = "--extern-only" if str(file).endswith(".a") else "--dynamic"
    lines = run("nm", kind, "--defined-only", "--format=posix", file).splitlines()
    # In a library those of type A are the versions themselves.
    ignored = "A" if kind == "--dynamic" else None
    return {line.split()[0].partition("@")[0] for line in lines if not line.endswith(":") and line.split()[1] != ignored}


def readme_block(language, mark):
    """The first fenced block of the README in that language that contains the mark."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if mark in block)


def pkg_config(*flags, environment, package="mobivate"):
    # Its output is meant for a shell, which takes the quoting off.
    return run(
        "sh", "-c", f"eval set -- $(pkg-config {' '.join(flags)} {package}); for flag; do echo \"$flag\"; done", env=environment
    ).splitlines()


def call_without_network(test, program, environment=os.environ):
    """Runs the README's example. The default URL is the service's own; a proxy that is not there keeps the call on this machine."""
    environment = dict(environment, https_proxy="http://127.0.0.1:1", HTTPS_PROXY="http://127.0.0.1:1", no_proxy="", NO_PROXY="")
    finished = subprocess.run([program], env=environment, capture_output=True, text=True)
    test.assertNotEqual(finished.returncode, 0, finished)
    test.assertIn("MBV_ERR_CONNECT", finished.stderr)
    test.assertIn("The old key still works.", finished.stderr)


def version():
    """The version that the header says."""
    return re.search(r'^#define MBV_VERSION "(.*)"', (ROOT / "include/mobivate.h").read_text(), re.MULTILINE)[1]


def archive():
    """Where this machine's own packages of Debian come from: (address, release)."""
    for line in run(
        "apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(ORIGIN)", "Created-By: Packages"
    ).splitlines():
        address, release, origin = line.split(" ", 2)
        if origin == "Debian" and "-" not in release:
            return address, release
    raise AssertionError("apt knows no archive of Debian's: run apt-get update")


def bundled_sources(build):
    """The folders of libcurl's and OpenSSL's sources, of a build that has them inside; else nothing."""
    cache = (build / "CMakeCache.txt").read_text()
    if not re.search(r"^MOBIVATE_BUNDLED:BOOL=ON$", cache, re.MULTILINE):
        return {}
    return {name: re.search(rf"^MOBIVATE_{name}_SOURCE:PATH=(.*)$", cache, re.MULTILINE)[1] for name in ("CURL", "OPENSSL")}


def bundled_options(build):
    """CMake's options for another build like that one."""
    sources = bundled_sources(build)
    return ["-DMOBIVATE_BUNDLED=ON", *[f"-DMOBIVATE_{name}_SOURCE={path}" for name, path in sources.items()]] if sources else []


class System:
    """A new Debian in a folder, as debootstrap makes it, and its own apt ready for use: of this machine's release, or another.

    `kept`: as it was left the last time, where there was one.
    """

    def __init__(self, folder, packages, release=None, kept=False):
        address, this_release = archive()
        release = release or this_release
        run(ROOT / "tests/prepare", "debootstrap")
        self.root = folder / f"{release}-system"
        cache = folder / f"{release}-cache"
        ready = folder / f"{release}-ready"
        if kept and ready.exists() and ready.read_text() == packages:
            return
        cache.mkdir(parents=True, exist_ok=True)
        ready.unlink(missing_ok=True)
        self.remove()
        run(
            *AS_ROOT,
            "env",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "debootstrap",
            "--variant=minbase",
            *([f"--include={packages}"] if packages else []),
            f"--cache-dir={cache}",
            release,
            self.root,
            address,
        )
        # The way out is this machine's: its name servers, and what it sets for apt.
        self.write("/etc/resolv.conf", pathlib.Path("/etc/resolv.conf").read_text())
        ways = [line for line in run("apt-config", "dump").splitlines() if line.startswith("Acquire::http") and "Proxy" in line]
        self.write("/etc/apt/apt.conf.d/way-out", "\n".join(ways) + "\n")
        self.run("apt-get", "update")
        ready.write_text(packages)

    def command(self, *command, environment=()):
        """A command in it, with nothing of this machine's environment; whatever it mounts or leaves running ends with it."""
        return [
            *AS_ROOT,
            "env",
            "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "LC_ALL=C.UTF-8",
            "DEBIAN_FRONTEND=noninteractive",
            *environment,
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "chroot",
            self.root,
            *command,
        ]

    def run(self, *command, environment=()):
        return run(*self.command(*command, environment=environment))

    def write(self, path, text):
        run(*AS_ROOT, "tee", f"{self.root}{path}", input=text)

    def copy(self, *paths, to):
        run(*AS_ROOT, "mkdir", "-p", f"{self.root}{to}")
        run(*AS_ROOT, "cp", "-R", "--preserve=timestamps", *paths, f"{self.root}{to}")

    def files(self):
        names = run(*AS_ROOT, "find", self.root, "-xdev", "-not", "-type", "d").splitlines()
        return {name.removeprefix(str(self.root)) for name in names}

    def remove(self):
        run(*AS_ROOT, "rm", "-rf", self.root)


class OldBuild:
    """The self-contained library as it is built in Debian 11 of the sources of a build here, and installed in a folder outside of it; kept, and
    built again where anything that it is made of is another one.

    `system` is that Debian, in which /srv/build is the build.
    """

    RELEASE = "bullseye"
    PACKAGES = "ccache,cmake,g++,libssl1.1,make,ninja-build,perl,rapidjson-dev"
    PROJECT = ("CMakeLists.txt", "LICENSE", "include", "src", "pkgconfig", "bindings/cpp/include")

    def __init__(self, build):
        folder = build / "old-systems"
        self.installed = folder / "installed/usr/local"
        self.system = System(folder, self.PACKAGES, release=self.RELEASE, kept=True)
        sources = {name.lower(): pathlib.Path(os.path.realpath(path)) for name, path in bundled_sources(build).items()}
        inputs = self.digest([ROOT / part for part in self.PROJECT] + [*sources.values()])
        built = self.system.root / "srv/built"  # Gone with the system.
        if not (built.exists() and built.read_text() == inputs and self.installed.exists()):
            self.system.run(
                "rm", "-rf", "/srv/built", "/srv/project", "/srv/build", "/srv/installed", *[f"/srv/{name}" for name in sources]
            )
            for part in self.PROJECT:
                self.system.copy(ROOT / part, to=os.path.dirname(f"/srv/project/{part}"))
            for name, source in sources.items():
                self.system.copy(f"{source}/.", to=f"/srv/{name}")
            self.system.run("sh", "-euc", self.STEPS, environment=["CCACHE_DIR=/srv/ccache"])
            run(*AS_ROOT, "rm", "-rf", folder / "installed")
            run(*AS_ROOT, "cp", "-R", f"{self.system.root}/srv/installed", folder)
            self.system.write("/srv/built", inputs)
        self.library = next(self.installed.rglob("libmobivate.so.1"))

    STEPS = """
        cd /srv
        cmake -S project -B build -G Ninja -DMOBIVATE_BUNDLED=ON -DMOBIVATE_CURL_SOURCE=/srv/curl -DMOBIVATE_OPENSSL_SOURCE=/srv/openssl \
            -DCMAKE_INSTALL_PREFIX=/usr/local -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
        cmake --build build
        DESTDIR=/srv/installed cmake --install build --strip
    """

    def sysroot(self):
        """Its root, for a linker of this machine to link programs with that C library: links that begin at / would lead here."""
        relative = 'find /lib/ /lib64/ -type l -lname "/*" -exec sh -c \'ln -sfnr "$(readlink "$1")" "$1"\' - {} ";"'
        self.system.run("sh", "-c", relative)
        return self.system.root

    @staticmethod
    def digest(parts):
        """Of all files, and of what is done with them."""
        digest = hashlib.sha256(OldBuild.STEPS.encode())
        for part in parts:
            for file in sorted(part.rglob("*")) if part.is_dir() else [part]:
                if file.is_file():
                    digest.update(f"{file.relative_to(part)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
        return digest.hexdigest()
