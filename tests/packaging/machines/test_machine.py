# SPDX-License-Identifier: MIT
"""The library, the tool and the core tests, built for another machine and run under qemu: python3 tests/standin -- python3 -m
tests.packaging.machines.test_machine BUILD_DIR MACHINE
With libcurl and OpenSSL inside, where BUILD_DIR is such a build; then programs in C, Rust and Go are made of the packages, too, and a wheel is used.

Nothing of the other machine's is installed on this one: its packages are downloaded with an apt of its own, and unpacked in a folder.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
from tests.packaging import test_packages
from tests.packaging.support import LIBC, ROOT, archive, bundled_options, needed, run

# Debian's name: the compiler's, qemu's, and what readelf says of the files.
MACHINES = {
    "arm64": ("aarch64-linux-gnu", "aarch64", "AArch64", "ELF64", "little endian"),
    "armhf": ("arm-linux-gnueabihf", "arm", "ARM", "ELF32", "little endian"),
    "s390x": ("s390x-linux-gnu", "s390x", "IBM S/390", "ELF64", "big endian"),
}
PACKAGES = ["libcurl4-openssl-dev", "libssl-dev", "libc6-dev", "libstdc++-12-dev", "rapidjson-dev", "doctest-dev"]
# For the programs: what a language has on that machine, and what has to be on this one.
LANGUAGES = ["libstd-rust-dev", "python3"]
TOOLS = ["cargo", "golang-go", "pkg-config", "python3-pip", "rustc"]


def make_sysroot(folder, sysroot, machine, packages):
    """The machine's libraries and headers, as Debian has them today."""
    state = folder / "apt"
    for part in ("state/lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    address, release = archive()
    (state / "sources.list").write_text(f"deb {address} {release} main\n")
    options = [
        f"APT::Architecture={machine}",
        f"APT::Architectures={machine}",
        f"Dir::State={state}/state",
        f"Dir::State::status={state}/status",
        f"Dir::Cache={state}/cache",
        f"Dir::Etc::sourcelist={state}/sources.list",
        "Dir::Etc::sourceparts=-",
        "APT::Sandbox::User=root",
        "APT::Install-Recommends=0",
    ]
    apt = ["apt-get", "-q", "-y", *[part for option in options for part in ("-o", option)]]
    run(*apt, "update")
    run(*apt, "--download-only", "install", *packages)
    shutil.rmtree(sysroot, ignore_errors=True)
    sysroot.mkdir()
    # As one tree: /lib is a link to /usr/lib, and so are its like.
    for name in ("lib", "bin", "sbin", "lib64"):
        (sysroot / "usr" / name).mkdir(parents=True)
        (sysroot / name).symlink_to(f"usr/{name}")
    for package in sorted((state / "cache/archives").glob("*.deb")):
        # tar alone keeps the links that are in the way; dpkg-deb -x would put folders in their place.
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as packed:
            run("tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", sysroot, stdin=packed.stdout)
    for link in sysroot.rglob("*"):
        if link.is_symlink() and os.readlink(link).startswith("/"):
            target = sysroot / os.readlink(link)[1:]
            link.unlink()
            link.symlink_to(os.path.relpath(target, link.parent))
    shutil.rmtree(state)


def conform(language, *command):
    said = run(sys.executable, "-m", "tests.bindings.conformance", language, "--", *command, cwd=ROOT)
    print(f"{language}: {said.splitlines()[-1]}", flush=True)


def python_command(home, environment, packages, processor, sysroot):
    """That machine's Python with the wheel, which this machine's pip unpacks."""
    (wheel,) = packages.glob("*.whl")
    platform = wheel.stem.rpartition("-")[2]
    choice = ["--no-index", "--only-binary=:all:", "--platform", platform, "--target", home / "modules"]
    run(*environment, "/usr/bin/python3", "-m", "pip", "install", "--quiet", *choice, wheel)
    found = [f"PYTHONHOME={sysroot}/usr", f"PYTHONPATH={home / 'modules'}"]
    return [*environment, *found, f"qemu-{processor}-static", "-L", sysroot, sysroot / "usr/bin/python3", "-W", "error"]


def programs(build, triplet, processor, sysroot, goarch):
    """The agents in C, Rust and Go pass all cases, each as one file, and so does Python's with the wheel."""
    target = test_packages.Target(processor, [f"{triplet}-gcc"], sysroot, goarch)
    run("cmake", "--build", build, "--target", "mobivate_static")
    with tempfile.TemporaryDirectory(prefix="mobivate-machine-") as name:
        folder = pathlib.Path(name)
        run("cmake", "--install", build, "--prefix", folder / "prefix", "--strip")
        for language in ("python", "c", "rust", "go"):
            run(ROOT / "bindings/package", "--output", folder / "packages", "--language", language, folder / "prefix")
            home = folder / f"{language}-home"
            home.mkdir()
            environment = ["env", "-i", f"PATH={test_packages.PATH}", f"HOME={home}", "LC_ALL=C.UTF-8"]
            if language == "python":
                agent = ROOT / "bindings/python/tests/agent.py"
                conform(language, *python_command(home, environment, folder / "packages/python", processor, sysroot), agent)
                continue
            program = getattr(test_packages, f"{language}_program")(home, environment, folder / "packages" / language, target)
            if not needed(program) <= {*LIBC, "libgcc_s.so.1"}:
                sys.exit(f"the program in {language} was to need libc alone: {needed(program)}")
            conform(language, f"qemu-{processor}-static", "-L", sysroot, program)


def main():
    begin = time.monotonic()
    machine = sys.argv[1]
    triplet, processor, *wanted = MACHINES[machine]
    bundled = bundled_options(test_packages.BUILD)
    run(ROOT / "tests/prepare", f"g++-{triplet}", "qemu-user-static", *(TOOLS if bundled else []))
    folder = test_packages.BUILD / "machines" / machine
    folder.mkdir(parents=True, exist_ok=True)
    sysroot = folder / "sysroot"
    packages = [*PACKAGES, *(LANGUAGES if bundled else [])]
    ready = folder / "ready"
    if not ready.exists() or ready.read_text().split() != packages:
        ready.unlink(missing_ok=True)
        make_sysroot(folder, sysroot, machine, packages)
        ready.write_text("\n".join(packages))
    build = folder / "build"
    run(
        "cmake",
        "-S",
        ROOT,
        "-B",
        build,
        "-G",
        "Ninja",
        "-DMOBIVATE_TESTS=ON",
        "-DCMAKE_BUILD_TYPE=Release",
        f"-DCMAKE_TOOLCHAIN_FILE={HERE / 'toolchain.cmake'}",
        f"-DMOBIVATE_TRIPLET={triplet}",
        f"-DMOBIVATE_PROCESSOR={processor}",
        f"-DMOBIVATE_SYSROOT={sysroot}",
        f"-DPython3_EXECUTABLE={sys.executable}",
        *bundled,
    )
    run(
        "cmake",
        "--build",
        build,
        "--target",
        "mobivate",
        "mbv",
        "unit_tests",
        "integration_tests",
        "host_tests",
        "thread_tests",
        "differential_probe",
        "fuzz_answer",
        "fuzz_redact",
        "fuzz_options",
        "fuzz_request",
    )
    built = run("readelf", "-h", build / "libmobivate.so.1")
    for word in wanted:
        if word not in built:
            sys.exit(f"libmobivate.so.1 was to be {word}:\n{built}")
    # The tool has nothing of another's in it that would show this.
    if machine == "arm64" and not re.search(r"\bpaciasp\b", run(f"{triplet}-objdump", "-d", build / "mbv")):
        sys.exit("mbv was to be compiled with -mbranch-protection=standard")
    if bundled:
        programs(build, triplet, processor, sysroot, machine)
    said = run("ctest", "--test-dir", build, "-L", "core", "-E", "^standin$", "--output-on-failure", "-j", os.cpu_count())
    tests = re.search(r"tests passed, 0 tests failed out of (\d+)", said)[1]
    print(
        f"{machine:<6} {wanted[0]}, {wanted[1]}, {wanted[2]}: {tests} tests passed, libmobivate.so.1 "
        f"{(build / 'libmobivate.so.1').stat().st_size // 1024} KiB, {time.monotonic() - begin:.0f} s"
    )


if __name__ == "__main__":
    main()
