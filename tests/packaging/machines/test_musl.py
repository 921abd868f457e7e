# SPDX-License-Identifier: MIT
"""The self-contained build for musl, and the cases with it where nothing but musl is: python3 tests/standin -- python3 -m
tests.packaging.machines.test_musl BUILD_DIR (as root, or with sudo)

Debian has musl, but no C++ library for it: the compiler is Zig's, which brings one. Alpine's own packages are not tried; the system is a
folder with Debian's musl, what was built, and nothing else. The core tests run on this one, whose loader for musl is Debian's, too.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from tests.bindings import header
from tests.packaging import test_packages
from tests.packaging.support import AS_ROOT, LARGEST, ROOT, bundled_options, needed, run, shown, version
from tests.support import standin

MUSL = "libc.so"
# What bindings/package makes of it, beside that whose programs are tried here: a file, and what is in it where it is for all platforms.
PACKAGED = {
    "csharp": ("Mobivate.*.nupkg", "runtimes/linux-musl-x64/native/libmobivate.so.1"),
    "lua": ("*.linux-x86_64.rock", "lua/mobivate/linux-x64-musl/libmobivate.so.1"),
    "node": ("mobivate-linux-x64-musl-*.tgz", "package/libmobivate.so.1"),
    "ocaml": ("*.tar.gz", "src/native/linux-x64-musl/libmobivate.a"),
    "perl": ("*.tar.gz", "native/linux-x64-musl/libmobivate.so.1"),
    "php": ("*.zip", "src/linux-x64-musl/libmobivate.so.1"),
    "python": ("*-musllinux_1_2_x86_64.whl", "mobivate/libmobivate.so.1"),
    "ruby": ("*-x86_64-linux-musl.gem", "lib/mobivate/libmobivate.so.1"),
    "rust": ("mobivate-x86_64-linux-musl-*.crate", "libmobivate.a"),
}
# It asks for the names of source files in OpenSSL's errors, and the program's OpenSSL is a copy of what is inside, which has none.
LEFT_OUT = "the calling thread's queue of OpenSSL's errors is as it was"


def build(folder, options):
    """Where it was installed."""
    run(ROOT / "src/bundled/get-zig", folder / "zig")
    run(
        *("cmake", "-S", ROOT, "-B", folder / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DMOBIVATE_TESTS=ON"),
        f"-DPython3_EXECUTABLE={sys.executable}",
        *(f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'src/bundled/musl.cmake'}", f"-DMOBIVATE_ZIG={folder / 'zig'}", *options),
    )
    run("cmake", "--build", folder / "build")
    shutil.rmtree(folder / "installed", ignore_errors=True)
    run("cmake", "--install", folder / "build", "--prefix", folder / "installed", "--strip")
    return folder / "installed"


def exports_and_needs(installed):
    declared = set(header.declarations()["functions"])
    library = next(installed.rglob("libmobivate.so.1"))
    for file in (library, library.with_name("libmobivate.a")):
        if shown(file) != declared:
            sys.exit(f"{file.name} was to show the header's functions alone: {sorted(shown(file) ^ declared)}")
    if needed(library) != {MUSL}:
        sys.exit(f"the library was to need {MUSL} alone: {needed(library)}")
    if library.stat().st_size > LARGEST:
        sys.exit(f"the library was to have 5 MiB at most, and has {library.stat().st_size} bytes")
    if not re.search(r"^ +Type: +DYN", one_file(installed / "bin/mbv"), re.MULTILINE):
        sys.exit("mbv was to be one that lies elsewhere in memory each time (PIE)")
    for name in ("musl", "libcxx", "libcxxabi", "libunwind", "compiler_rt", "openssl", "curl", "rapidjson", "libmobivate"):
        if not list(installed.glob(f"share/doc/*/licenses/{name}.txt")):
            sys.exit(f"the license of {name} was to be installed")
    (bill,) = installed.glob("share/doc/*/mobivate.spdx.json")
    inside = {package["name"]: package.get("versionInfo", "") for package in json.loads(bill.read_text())["packages"]}
    if not all(re.match(r"\d+\.\d+", inside.get(name, "")) for name in ("musl", "libc++", "OpenSSL", "libcurl", "mbv")):
        sys.exit(f"the bill of materials was to name the versions of all that is inside: {inside}")
    return library


def one_file(program):
    """It has no loader, and needs no library."""
    headers = run("readelf", "-W", "--file-header", "--program-headers", "--dynamic", program)
    if "INTERP" in headers or "NEEDED" in headers:
        sys.exit(f"{program} was to be static:\n{headers}")
    return headers


def core_tests(tests):
    """Unit, integration, threads, the walk and the secrets."""
    for name, options in (
        ("unit_tests", ()),
        ("integration_tests", (f"--test-case-exclude={LEFT_OUT}",)),
        ("thread_tests", ()),
        ("walk_tests", ()),
    ):
        text = run(tests / name, *options, cwd=ROOT)
        passed = re.findall(r"test cases:\s*\d+ \|\s*(\d+ passed) \|\s*0 failed", text)[-1]
        claims = re.search(r"^all\s+(\d+)\s+(\d+)", text, re.MULTILINE)
        if claims and claims[2] != "0":
            sys.exit(text)
        print(f"{name}: {passed}" + (f", {claims[1]} claims, {claims[2]} wrong" if claims else ""), flush=True)
    for name in ("answer", "redact", "options", "request"):
        run(tests / f"fuzz_{name}", ROOT / "tests/security/fuzz/corpus" / name)
    text = run(sys.executable, "-m", "tests.security.secrets.test_secrets", tests / "secrets_host", cwd=ROOT)
    for line in re.findall(r"^\w+: \d+ scans, .*$", text, re.MULTILINE):
        print(f"secrets, {line}", flush=True)


def programs(scratch, installed, zig):
    """{name: program}: the agent in C with either library, and the one in Go, made of the packages as their users make them; and the one
    in C by Debian's compiler for musl."""
    made = {}
    target = test_packages.Target("x86_64-musl", [str(zig / "musl-cc")])
    target.go = [f"CC={zig / 'musl-cc'}", "CGO_ENABLED=1", "CGO_LDFLAGS=-static"]
    for language in ("c", "go"):
        packages = scratch / "packages"
        run(ROOT / "bindings/package", "--output", packages, "--language", language, installed)
        home = scratch / language
        home.mkdir()
        environment = ["env", "-i", f"PATH={test_packages.PATH}", f"HOME={home}", "LC_ALL=C.UTF-8"]
        if language == "c":
            made["c"] = test_packages.c_program(home, environment, packages / "c", target, package="mobivate")
            made["c, static"] = test_packages.c_program(home, environment, packages / "c", target)
            made["c, static, musl-gcc"] = home / "musl-gcc-agent"
            run(
                *("musl-gcc", "-static", "-std=c11", "-I", ROOT / "include", "-o", home / "musl-gcc-agent"),
                *(ROOT / "bindings/c/tests/agent.c", next(installed.rglob("libmobivate.a"))),
            )
        else:
            made["go, static"] = test_packages.go_program(home, environment, packages / "go", target, tags="musl")
    for name, program in made.items():
        if "static" in name:
            one_file(program)
    return made


def package(scratch, installed):
    """All other packages are made; what a language's tools are missing for is told."""
    for language, (name, content) in PACKAGED.items():
        output = scratch / "packages"
        command = [ROOT / "bindings/package", "--output", output, "--language", language, installed]
        made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode == test_packages.SKIPPED:
            print(f"{language}: {made.stdout.strip().splitlines()[-1]}", flush=True)
            continue
        if made.returncode != 0:
            sys.exit(made.stdout)
        (archive,) = output.glob(f"{language}/**/{name}")
        names = test_packages.contents(archive)
        if not any(each == content or each.endswith("/" + content) for each in names):
            sys.exit(f"{archive} was to have {content}: {names}")


def system(folder, installed, made):
    """A root with musl, what was installed, and the programs."""
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
    run("cp", "-R", f"{installed}/.", root / "usr/local")
    for name, program in made.items():
        shutil.copy(program, root / "srv" / name)
    # The stand-in's certificates have the same name inside.
    certificates = pathlib.Path(standin.facts()["ca_file"]).parent
    (root / str(certificates.parent)[1:]).mkdir(parents=True, exist_ok=True)
    run("cp", "-R", certificates, root / str(certificates)[1:])
    return root


def inside(root, *command):
    """A command in it, which sees /dev and the processes' /proc, as everywhere."""
    steps = f'mount -t proc proc "{root}/proc"; mount --bind /dev "{root}/dev"; exec env -i LD_LIBRARY_PATH=/usr/local/lib "$0" "{root}" "$@"'
    return [*AS_ROOT, "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", steps, "/usr/sbin/chroot", *command]


def main():
    begin = time.monotonic()
    run(ROOT / "tests/prepare", "musl", "musl-tools")
    build_folder = test_packages.BUILD
    folder = build_folder / "musl"
    folder.mkdir(exist_ok=True)
    installed = build(folder, bundled_options(build_folder))
    library = exports_and_needs(installed)
    print(
        f"libmobivate.so.1 {library.stat().st_size // 1024} KiB, mbv {(installed / 'bin/mbv').stat().st_size // 1024} KiB",
        flush=True,
    )
    core_tests(folder / "build/tests")
    with tempfile.TemporaryDirectory(prefix="mobivate-musl-") as scratch:
        made = programs(pathlib.Path(scratch), installed, folder / "zig")
        package(pathlib.Path(scratch), installed)
        root = system(folder, installed, made)
        try:
            told = run(*inside(root, "/usr/local/bin/mbv", "--version"))
            if told.splitlines()[:2] != [f"mbv {version()}", f"libmobivate {version()}"]:
                sys.exit(f"mbv was to tell its version and the library's:\n{told}")
            for name in made:
                language = name.partition(",")[0]
                command = inside(root, f"/srv/{name}")
                said = run(sys.executable, "-m", "tests.bindings.conformance", language, "--", *command, cwd=ROOT)
                print(f"{name}: {said.splitlines()[-1]}", flush=True)
        finally:
            run(*AS_ROOT, "rm", "-rf", root)
    # Where another libc is, it is the same tool.
    environment = {**os.environ, "MBV_TOOL": str(installed / "bin/mbv"), "MOBIVATE_BUNDLED": "1"}
    for module in ("test_cli", "test_rotate"):
        said = run(sys.executable, "-m", f"tests.cli.{module}", env=environment, cwd=ROOT)
        print(f"mbv, {module}: {said.splitlines()[-3]}, {said.splitlines()[-1]}", flush=True)
    print(f"musl: {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
