# SPDX-License-Identifier: MIT
"""Sizes: of the library, of a process with one call, and of a client that waits for its answer."""

import os
import pathlib
import re
import socket
import subprocess

from tests.bench.cold import candidates
from tests.bench.common import NAMES, Nginx, interleave, middle, run, service
from tests.bench.instruments import heap_at_end
from tests.interop.parts import await_true, established


def waiting(bench, client, clients, dhat=None):
    """What a process holds while so many of its clients wait for an answer, in bytes."""
    command = [*bench.calls(client, clients, clients), "wait"]
    if dhat:
        command = ["valgrind", "--quiet", "--tool=dhat", f"--dhat-out-file={dhat}", *command]
    # Nobody takes what arrives there.
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as silent:
        port = silent.getsockname()[1]
        with Nginx(upstream=f"127.0.0.1:{port}", location="proxy_read_timeout 600s;") as nginx:
            process = subprocess.Popen(command, env=bench.settings(nginx.url), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                await_true(lambda: established(port) == clients, f"{clients} calls of {client}")
                return mapped(process.pid)
            finally:
                process.stdin.close()
                process.wait()


def mapped(process):
    """Resident bytes, and those of the pages kept out of core dumps, which are libmobivate's buffers for secrets."""
    facts = pathlib.Path(f"/proc/{process}/smaps").read_text()
    secret = 0
    for size, flags in re.findall(r"^Size: +(\d+) kB$.*?^VmFlags: ([^\n]*)", facts, re.MULTILINE | re.DOTALL):
        secret += int(size) * 1024 if "dd" in flags.split() else 0
    return {"resident": sum(int(size) for size in re.findall(r"^Rss: +(\d+) kB", facts, re.MULTILINE)) * 1024, "secret": secret}


def heap(bench, client, clients):
    with bench.temporary() as file:
        waiting(bench, client, clients, dhat=file.name)
        with open(file.name) as output:
            return heap_at_end(output, "libmobivate.so")


def held(bench, client):
    """What one more waiting client adds."""
    found = {}
    # Few under dhat, where a handshake takes a hundred times as long.
    for way, many in ((waiting, bench.rounds(101, 21)), (heap, 11)):
        less, more = way(bench, client, 1), way(bench, client, many)
        found.update({what: (more[what] - less[what]) / (many - 1) for what in more})
    return found


def measure(bench):
    bench.report.heading("footprint: sizes")
    sizes = {"libmobivate.so.1": os.path.getsize(bench.library)}
    bench.report.target("libmobivate.so.1, stripped", sizes["libmobivate.so.1"] / 1024, 256, " KiB")
    if bench.bundled:
        size = os.path.getsize(bench.bundled.library)
        sizes["libmobivate.so.1, self-contained"] = size
        bench.report.target("libmobivate.so.1, self-contained, stripped", size / 1024, 5 * 1024, " KiB")
    with service() as nginx:
        commands = candidates(bench, nginx.url, "small" if bench.default_trust else "default")
        peaks = interleave(bench.rounds(21, 5), {name: lambda command=commands[name]: run(*command) for name in ("mbv", "curl")})
    peak = {name: middle(samples, "peak", 1 / 1024) for name, samples in peaks.items()}
    bench.report.table(
        "Sizes",
        ["", ""],
        [
            *([f"{name}, stripped", f"{size / 1024:,.1f} KiB"] for name, size in sizes.items()),
            *([f"a process of {name}, at its peak", f"{value:.1f} MiB"] for name, value in peak.items()),
        ],
    )
    bench.report.target("mbv ÷ curl, peak memory", peak["mbv"] / peak["curl"], 1.00)

    clients = {client: held(bench, client) for client in NAMES}
    rows = []
    for client, found in clients.items():
        found["the library's"] = found["own"] + found["secret"]
        rows.append(
            [NAMES[client], *(f"{found[what] / 1024:.1f}" for what in ("the library's", "own", "secret", "all", "resident"))]
        )
    bench.report.table(
        "A client that waits for its answer, KiB",
        ["", "the library's own", "on the heap", "pages for secrets", "whole heap", "resident"],
        rows,
        "The whole heap has libcurl's and OpenSSL's share; what is resident has the waiting thread's stack, too.",
    )
    bench.report.target("a waiting client, the library's own memory", clients["mobivate"]["the library's"] / 1024, 64, " KiB")
    return {"stripped": sizes, "processes": peaks, "waiting": clients}
