# SPDX-License-Identifier: MIT
"""The benchmark's driver, which tests/bench/run starts beside a stand-in for the service: bench.py BUILD-DIR [--quick] [PART...]"""

import argparse
import ctypes
import datetime
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tests.bench import accounts
from tests.bench import cold
from tests.bench import footprint
from tests.bench import languages
from tests.bench import warm
from tests.bench.common import STANDIN, Bench, Report
from tests.interop.parts import PATH

PARTS = {"cold": cold, "warm": warm, "languages": languages, "accounts": accounts, "footprint": footprint}
SYSTEM_TRUST = "/etc/ssl/certs"
CLONE_NEWNS = 0x20000


def said(*command):
    finished = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ, PATH=PATH)
    )
    return finished.stdout.strip()


def machine():
    processor = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": processor[1] if processor else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "curl": said("curl", "--version").splitlines()[0],
        "OpenSSL": said("openssl", "version"),
        "nginx": said("nginx", "-v").rpartition("/")[2],
        "compiler": said("c++", "--version").splitlines()[0],
        "load at the start": "%.2f" % os.getloadavg()[0],
    }


def take_trust(bench):
    """Debian's certificates and the stand-in's, in one folder that is both a bundle and hashed, in the place of the system's for this
    process and what it starts."""
    bench.folder = bench.scratch / "certs"
    bench.bundle = bench.folder / "ca-certificates.crt"
    shutil.copytree(SYSTEM_TRUST, bench.folder, symlinks=True)
    with open(bench.bundle, "a") as bundle:
        bundle.write(pathlib.Path(STANDIN["ca_file"]).read_text())
    for certificate in pathlib.Path(STANDIN["ca_dir"]).iterdir():
        shutil.copy(certificate, bench.folder)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        return f"it has to be replaced for this run, and unshare said {os.strerror(ctypes.get_errno())}: only root may"
    for options in (["--make-rprivate", "/"], ["--bind", str(bench.folder), SYSTEM_TRUST]):
        problem = said("mount", *options)
        if problem:
            return problem
    return ""


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Measure libmobivate beside what people use instead.")
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="few rounds, less than three minutes")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    arguments = parser.parse_intermixed_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")

    # Told to end, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begin = time.monotonic()
    build = arguments.build.resolve()
    report = Report(build, machine())
    try:
        with tempfile.TemporaryDirectory(prefix="mobivate-bench-") as scratch:
            bench = Bench(build, arguments.quick, pathlib.Path(scratch), report)
            bench.default_trust = take_trust(bench)
            for name in arguments.parts or PARTS:
                report.samples[name] = PARTS[name].measure(bench)
    finally:  # a part that fails takes nothing of the others with it
        report.machine["duration"] = f"{time.monotonic() - begin:.0f} s" + (", a quick run" if arguments.quick else "")
        report.write()
    print(f"\n{build}/table.md has all of it, results.json every sample.")


if __name__ == "__main__":
    main()
