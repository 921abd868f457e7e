# SPDX-License-Identifier: MIT
"""What a call costs through each binding, against the language's own HTTP client doing the same POST on the same nginx.

python3 tests/standin -- python3 tests/bench/languages.py BUILD-DIR [LANGUAGE...]

Cold is a process with one call: its wall-clock and CPU time. Warm is the CPU time of each further call on one connection. Binding
and native client take turns; each figure is a median, and the ratios are of those.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "conformance"), str(HERE.parent / "world")]

from parts import STANDIN, Nginx  # noqa: E402
from run_binding import ROOT, programs  # noqa: E402

ROUNDS = 11
CALLS = 500
KEY = "abcd1234-9922-abcd-1234-abcd1234abcd"
ANSWER = "location /auth/createkey { default_type application/json; return 200 '{\"apiKey\":\"" + KEY + "\"}'; }"


def run(command, environment, count):
    """The wall-clock and the CPU time of a process, in seconds."""
    begin = time.perf_counter()
    process = subprocess.Popen([*command, str(count)], env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    output = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or output.strip() != f"created {count}".encode():
        raise RuntimeError(f"{command} ended with {process.returncode} and said {output!r}")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime


def measure(commands, environment):
    """For each program: cold wall, cold CPU, warm CPU of one call, in milliseconds."""
    found = {name: {"wall": [], "cpu": [], "warm": []} for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            wall, cpu = run(command, environment, 1)
            found[name]["wall"].append(wall * 1000)
            found[name]["cpu"].append(cpu * 1000)
    for _ in range(3):
        for name, command in commands.items():
            _, cpu = run(command, environment, CALLS)
            found[name]["warm"].append((cpu * 1000 - statistics.median(found[name]["cpu"])) / (CALLS - 1))
    return {name: {what: statistics.median(values) for what, values in one.items()} for name, one in found.items()}


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    languages = sys.argv[2:] or sorted(script.parent.name for script in ROOT.glob("bindings/*/programs"))
    print(f"{'':<20} {'cold, wall':>24} {'cold, CPU':>24} {'a warm call, CPU':>26}")
    print(f"{'':<20}" + f" {'binding':>8} {'native':>8} {'ratio':>6}" * 2 + f" {'binding':>9} {'native':>9} {'ratio':>6}   (milliseconds)")
    with Nginx(server=ANSWER, http="keepalive_requests 1000000;") as nginx, tempfile.NamedTemporaryFile() as password:
        password.write(b"a-password-of-24-bytes--")
        password.flush()
        for language in languages:
            built = programs(language, build)
            if built is None:
                print(f"{language:<20} skipped: its tools are missing")
                continue
            commands, environment = built
            environment.update(MOBIVATE_BASE_URL=nginx.url, MOBIVATE_CA_FILE=STANDIN["ca_file"], MOBIVATE_USERNAME="bench@example.com",
                               MOBIVATE_PASSWORD_FILE=password.name)
            found = measure({name: commands[name] for name in ("mobivate", "native") if name in commands}, environment)
            row = f"{language:<20}"
            for what, digits in (("wall", 1), ("cpu", 1), ("warm", 3)):
                own, native = found["mobivate"][what], found.get("native", {}).get(what)
                width = 9 if what == "warm" else 8
                row += f" {own:>{width}.{digits}f}" + (f" {native:>{width}.{digits}f} {own / native:>6.2f}" if native else f" {'-':>{width}} {'-':>6}")
            print(row, flush=True)


if __name__ == "__main__":
    main()
