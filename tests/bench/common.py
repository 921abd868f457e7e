# SPDX-License-Identifier: MIT
"""What the parts of the benchmark have in common: running, statistics, and the report."""

import contextlib
import functools
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent

from tests.bench.instruments import standard_input
from tests.bindings.agent import encode
from tests.bindings.run_binding import programs
from tests.interop.parts import STANDIN, Nginx

KEY = "abcd1234-9922-abcd-1234-abcd1234abcd"
USERNAME, PASSWORD = "bench@example.com", "a-password-of-24-bytes--"
# The clients that calls.cpp is built with.
NAMES = {"mobivate": "libmobivate", "libcurl": "libcurl by hand"}
# What an agent answers to its script: see Bench.agent.
AGENT_ANSWERS = "MBV_OK unchanged 0 0 - -1 - -\nok\nok\nok"
# nginx answers by itself: what is measured is the clients.
ANSWER = 'access_log off; location /auth/createkey { default_type application/json; return 200 \'{"apiKey":"' + KEY + "\"}'; }"


@contextlib.contextmanager
def one_core():
    """What is started here shares a core. On two that are idle in turns, most of what is measured is how each of them wakes up."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def service(server="", http=""):
    """nginx that creates a key on every request and keeps its connections."""
    # As services are set up: TLS 1.3, and sessions that can be resumed.
    return Nginx(
        server=ANSWER + server,
        http="keepalive_requests 1000000; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:service:1m;" + http,
    )


def run(command, environment, created=1):
    """What a process that creates keys costs: seconds of wall-clock and CPU time, and its peak resident KiB."""
    read, write = os.pipe()
    with open(read) as report, standard_input(environment) as file:
        finished = subprocess.run(
            [run.measure, str(write), *command], env=environment, pass_fds=[write], stdin=file, capture_output=True, text=True
        )
        os.close(write)
        said = finished.stdout.strip()
        expected = (KEY, f"created {created}", "loaded", AGENT_ANSWERS, json.dumps({"apiKey": KEY}, separators=(",", ":")))
        if finished.returncode != 0 or said not in expected:
            raise RuntimeError(f"{command} ended with {finished.returncode} and said {said!r}\n{finished.stderr}")
        wall, cpu, peak = report.read().split()
    return {"wall": int(wall) / 1e9, "cpu": int(cpu) / 1e9, "peak": int(peak)}


def orders(count):
    """Orders of so many, in which each comes equally often right after each other one (Williams's squares)."""
    first = [(position + 1) // 2 if position % 2 else (count - position // 2) % count for position in range(count)]
    square = [[(member + row) % count for member in first] for row in range(count)]
    return square if count % 2 == 0 else square + [row[::-1] for row in square]


def interleave(rounds, actions):
    """Every action once in each round: what they returned, by name. What runs first leaves its mark in the caches that the next one finds,
    so each is to follow all the others."""
    found = {name: [] for name in actions}
    names = list(actions)
    for order in itertools.islice(itertools.cycle(orders(len(names))), rounds):
        for member in order:
            found[names[member]].append(actions[names[member]]())
    return found


def column(samples, what, factor=1):
    return [sample[what] * factor for sample in samples]


def middle(samples, what, factor=1):
    return statistics.median(column(samples, what, factor))


def spread(values, digits=1):
    """The median and the quartiles, as text."""
    if len(values) < 2:
        return f"{values[0]:,.{digits}f}"
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{median:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def against_itself(values):
    """By how much a candidate seems to differ from itself: its even rounds against its odd ones."""
    if len(values) < 4:
        return "-"
    return f"±{abs(statistics.median(values[::2]) / statistics.median(values[1::2]) - 1):.1%}"


class Report:
    """Collects what the parts find, and writes it as JSON, Markdown and plots."""

    def __init__(self, folder, machine):
        self.folder, self.machine = folder, machine
        self.samples, self.targets, self.texts, self.plots = {}, [], [], []

    def heading(self, text):
        print(f"\n== {text}", flush=True)
        self.texts.append(f"## {text}\n")

    def table(self, title, head, rows, note=""):
        lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
        self.texts.append("\n".join(lines + ["", note + "\n" if note else ""]))
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        print(f"\n{title}")
        for row in [head, *rows]:
            print(
                "  "
                + "  ".join(
                    cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))
                )
            )
        sys.stdout.flush()

    def left_out(self, what, why):
        print(f"left out: {what}: {why}", flush=True)
        self.texts.append(f"Left out: {what}: {why}\n")

    def target(self, name, value, limit, unit="", aim=None):
        self.targets.append({"name": name, "value": value, "limit": limit, "unit": unit, "aim": aim, "met": value <= limit})

    def plot(self, name, title, unit, bars):
        """bars: {group: {candidate: value}}."""
        text = [f"{title} ({unit})"]
        longest = max(value for group in bars.values() for value in group.values())
        for group, values in bars.items():
            text.append(group)
            for candidate, value in values.items():
                text.append(
                    f"  {candidate:<20} {'█' * round(value / longest * 60) or '▏'} {value:,.{0 if value >= 1000 else 1}f}"
                )
        self.plots.append("\n".join(text) + "\n")
        (self.folder / f"{name}.txt").write_text(self.plots[-1])
        self._draw(name, title, unit, bars)

    def _draw(self, name, title, unit, bars):
        """gnuplot, since it brings 4 packages of 3 MB where matplotlib brings dozens of 360 MB."""
        candidates = list(dict.fromkeys(candidate for values in bars.values() for candidate in values))
        rows = ["\t".join(["-", *candidates])]
        rows += [
            "\t".join([group, *(str(values.get(candidate, "?")) for candidate in candidates)]) for group, values in bars.items()
        ]
        script = f"""
set terminal pngcairo size 1100,550 noenhanced
set output "{self.folder / name}.png"
set datafile separator "\\t"
set datafile missing "?"
set title "{title}"
set ylabel "{unit}"
set yrange [0:*]
set grid ytics
set key outside right top
set style data histograms
set style fill solid 0.8
set xtics rotate by -30
$bars << END
{chr(10).join(rows)}
END
plot for [i=2:{len(candidates) + 1}] $bars using i:xtic(1) title columnheader
"""
        try:
            subprocess.run(["gnuplot"], input=script, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as problem:
            self.left_out(f"{name}.png", str(problem))

    def _target_rows(self):
        for target in self.targets:
            limit = f"≤ {target['limit']:g}{target['unit']}" + (f" (aim {target['aim']:g})" if target["aim"] else "")
            yield [target["name"], f"{target['value']:.3g}{target['unit']}", limit, "met" if target["met"] else "**missed**"]

    def write(self):
        body, self.texts = self.texts, []
        if self.targets:
            self.table("Targets", ["", "measured", "target", ""], list(self._target_rows()))
        head = ["# libmobivate, measured\n", "\n".join(f"- {name}: {value}" for name, value in self.machine.items()) + "\n"]
        plots = ["## Plots\n", *("```\n" + plot + "```\n" for plot in self.plots)] if self.plots else []
        (self.folder / "table.md").write_text("\n".join([*head, *self.texts, *body, *plots]))
        everything = {"machine": self.machine, "targets": self.targets, "samples": self.samples}
        (self.folder / "results.json").write_text(json.dumps(everything, indent=1))


class Installed(NamedTuple):
    mbv: str
    library: str


class Bench:
    """One run: where things are, how long it may take, and the report."""

    def __init__(self, build, quick, scratch, report):
        self.build, self.quick, self.scratch, self.report = build, quick, scratch, report
        self.built = build / "tests/bench"
        # As their users have them: stripped, and then written at once, as everything that is copied or unpacked. strip and linkers write in
        # pieces, which the page cache keeps as pieces: a process of such a program took a tenth longer.
        self.mbv, self.library = self.installed(build)
        # The self-contained builds, where somebody has made them.
        self.bundled, self.static = (
            self.installed(build.parent / name) if (build.parent / name / "mbv").exists() else None
            for name in ("bundled", "musl")
        )
        self.bundle = self.folder = None  # the trust of real life
        self.default_trust = None  # why the system's cannot be measured, else ""
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and name not in ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE")
        }
        self.password_file, self.body_file = scratch / "password", scratch / "body"
        self.password_file.write_text(PASSWORD)
        self.body_file.write_text(json.dumps({"username": USERNAME, "password": PASSWORD}))
        self.password_file.chmod(0o600)
        self.environment.update(MOBIVATE_USERNAME=USERNAME, MOBIVATE_PASSWORD_FILE=str(self.password_file))
        # From a folder of its own, or Python would find this one's modules first.
        self.requests = shutil.copy(HERE / "with_requests.py", scratch)
        run.measure = str(self.built / "bench_measure")

    def installed(self, build):
        stripped, prefix = self.scratch / f"stripped-{build.name}", self.scratch / build.name
        subprocess.run(["cmake", "--install", build, "--prefix", stripped, "--strip"], check=True, stdout=subprocess.DEVNULL)
        shutil.copytree(stripped, prefix, symlinks=True)
        return Installed(str(prefix / "bin/mbv"), str(next(prefix.rglob("libmobivate.so.1"))))

    @functools.cache
    def programs(self, language):
        """The commands of a binding's programs, and their environment; None where the language's tools are missing. What a compiler has
        made is copied."""
        found = programs(language, self.build)
        if found is None or language not in ("c", "cpp", "go", "rust"):
            return found
        commands, environment = found
        folder = self.scratch / "programs" / language
        folder.mkdir(parents=True)
        return {name: [*command[:-1], shutil.copy(command[-1], folder)] for name, command in commands.items()}, environment

    def rounds(self, full, quick):
        return quick if self.quick else full

    def calls(self, client, count, clients=1):
        """The program of calls.cpp."""
        return [str(self.built / f"bench_{client}"), str(count), str(clients)]

    def agent(self, environment, calls):
        """A program's environment with what makes an agent create keys."""
        options = {"base_url": environment["MOBIVATE_BASE_URL"], "proxy": "", "ca_file": environment.get("MOBIVATE_CA_FILE")}
        texts = [encode(text) for option in options.items() if option[1] is not None for text in option]
        script = [
            ["new", "0", *texts],
            ["repeat", "0", str(calls), "create", "bytes", encode(USERNAME), encode(str(self.password_file))],
            ["close", "0"],
            ["quit"],
        ]
        name = hashlib.sha256(repr(script).encode()).hexdigest()[:16]
        file = self.scratch / f"agent-{name}"
        file.write_text("".join(" ".join(words) + "\n" for words in script))
        return {**environment, "MOBIVATE_BENCH_INPUT": str(file)}

    def settings(self, url, trust="small"):
        """The environment for a program, with the trust for those that take it from there."""
        found = dict(self.environment, MOBIVATE_BASE_URL=url)
        if trust in ("small", "bundle"):
            file = STANDIN["ca_file"] if trust == "small" else str(self.bundle)
            found.update(MOBIVATE_CA_FILE=file, SSL_CERT_FILE=file, REQUESTS_CA_BUNDLE=file)
        elif trust == "directory":
            found.update(MOBIVATE_CA_DIR=str(self.folder), SSL_CERT_DIR=str(self.folder), REQUESTS_CA_BUNDLE=str(self.folder))
        return found

    def temporary(self):
        return tempfile.NamedTemporaryFile(dir=self.scratch)
