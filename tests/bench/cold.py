# SPDX-License-Identifier: MIT
"""A whole process, from its start to the key in hand."""

from tests.bench.common import STANDIN, USERNAME, against_itself, column, interleave, middle, run, service, spread
from tests.bench.instruments import instructions, together

TRUSTS = {
    "small": "one certificate to trust",
    "bundle": "a bundle: Debian's certificates and one more",
    "directory": "a hashed directory with the same certificates",
    "default": "the system's trust with the same certificates: nothing is set",
}
SELF_CONTAINED = "mbv, self-contained"
STATIC = "mbv, one static file"
COUNTED = ("mbv", SELF_CONTAINED, STATIC, "curl", "libcurl by hand", "C++ binding")


def curl_trust(bench, trust):
    if trust == "directory":
        # Without --cacert it would parse the system's bundle as well.
        return ["--capath", str(bench.folder), "--cacert", STANDIN["ca_file"]]
    files = {"small": STANDIN["ca_file"], "bundle": str(bench.bundle)}
    return ["--cacert", files[trust]] if trust in files else []


def candidates(bench, url, trust):
    """{name: (command, environment)}."""
    environment = bench.settings(url, trust)
    arguments = ["create-key", "--username", USERNAME, "--password-file", str(bench.password_file), "--base-url", url]
    found = {
        "mbv": [bench.mbv, *arguments],
        "curl": [
            "curl",
            "-q",
            "--silent",
            "--header",
            "Content-Type: application/json",
            "--data-binary",
            f"@{bench.body_file}",
            *curl_trust(bench, trust),
            url + "/auth/createkey",
        ],
        "libcurl by hand": bench.calls("libcurl", 1),
        "Python requests": ["/usr/bin/python3", str(bench.requests)],
    }
    if bench.bundled:
        found[SELF_CONTAINED] = [bench.bundled.mbv, *arguments]
    if bench.static:
        found[STATIC] = [bench.static.mbv, *arguments]
    found = {name: (command, environment) for name, command in found.items()}
    if built := bench.programs("cpp"):
        found["C++ binding"] = built[0]["agent"], bench.agent(dict(environment, LD_LIBRARY_PATH=built[1]["LD_LIBRARY_PATH"]), 1)
    # Go's program reads a file of certificates.
    if trust in ("small", "bundle") and (built := bench.programs("go")):
        found["Go's own client"] = [*built[0]["native"], "1"], environment
    return found


def show(report, title, found, counted, base):
    head = ["", "wall, ms", f"÷ {base}", "CPU, ms", f"÷ {base}", "peak, MiB", "million instructions", "CPU against itself"]
    rows = []
    for name, samples in found.items():
        row = [name]
        for what in ("wall", "cpu"):
            row += [spread(column(samples, what, 1000)), f"{middle(samples, what) / middle(found[base], what):.2f}"]
        row.append(f"{middle(samples, 'peak', 1 / 1024):.1f}")
        row.append(f"{counted[name] / 1e6:,.1f}" if name in counted else "-")
        row.append(against_itself(column(samples, "cpu")))
        rows.append(row)
    report.table(title, head, rows)


def count(bench, commands):
    found = together({name: lambda command=command: instructions(bench, *command) for name, command in commands.items()})
    return {name: sum(costs.values()) for name, costs in found.items()}


def process(bench, nginx, trust):
    programs_here = candidates(bench, nginx.url, trust)
    found = interleave(
        bench.rounds(41, 7), {name: lambda command=command: run(*command) for name, command in programs_here.items()}
    )
    counted = {}
    # The longest to count are the bundles: in a quick run only the default is.
    if not bench.quick or trust == "default":
        counted = count(bench, {name: programs_here[name] for name in COUNTED if name in programs_here})
    show(bench.report, f"Cold, with {TRUSTS[trust]}", found, counted, "curl")
    return {"processes": found, "instructions": counted}


def loading(bench):
    """What it costs to have the library in a process at all."""
    commands = {"nothing": [], "libcurl": ["libcurl.so.4"], "libmobivate": [bench.library]}
    if bench.bundled:
        commands["libmobivate, self-contained"] = [bench.bundled.library]
    commands = {name: ([str(bench.built / "bench_load"), *arguments], bench.environment) for name, arguments in commands.items()}
    found = interleave(bench.rounds(101, 21), {name: lambda command=command: run(*command) for name, command in commands.items()})
    counted = count(bench, commands)
    show(bench.report, "Loading alone (dlopen)", found, counted, "libcurl")
    for what, name in (("wall", "wall"), ("cpu", "CPU")):
        ratio = middle(found["libmobivate"], what) / middle(found["libcurl"], what)
        bench.report.target(f"loading libmobivate ÷ libcurl, {name}", ratio, 1.1)
    bench.report.target("loading libmobivate ÷ libcurl, instructions", counted["libmobivate"] / counted["libcurl"], 1.1)
    return {"processes": found, "instructions": counted}


def measure(bench):
    bench.report.heading("cold: a process with one call")
    samples = {}
    with service() as nginx:
        for trust in TRUSTS:
            if trust == "default" and bench.default_trust:
                bench.report.left_out("cold with the system's trust", bench.default_trust)
                continue
            samples[trust] = process(bench, nginx, trust)
    bench.report.left_out(
        "cold, Go's own client with a directory or the system's trust", "its program reads a file of certificates"
    )
    for language in ("cpp", "go"):
        if bench.programs(language) is None:
            bench.report.left_out(f"cold, {language}", "its tools are missing")
    if not bench.bundled:
        bench.report.left_out(SELF_CONTAINED, "there is no build/bundled (MOBIVATE_PRESET=bundled tests/run makes it)")
    if not bench.static:
        bench.report.left_out(STATIC, "there is no build/musl (cmake --preset musl && cmake --build --preset musl makes it)")
    for mbv, trust, base, limit in (
        (SELF_CONTAINED, "default", "curl", 0.16),
        (STATIC, "default", "curl", 0.16),
        (SELF_CONTAINED, "small", "Go's own client", 1.0),
        (STATIC, "small", "Go's own client", 0.9),
        (SELF_CONTAINED, "bundle", "Go's own client", 1.0),
    ):
        found = samples.get(trust, {}).get("processes", {})
        if mbv in found and base in found:
            for what, name in (("wall", "wall"), ("cpu", "CPU")):
                ratio = middle(found[mbv], what) / middle(found[base], what)
                bench.report.target(f"cold, {TRUSTS[trust].partition(':')[0]}, {mbv} ÷ {base}, {name}", ratio, limit)
    for trust in ("default", "bundle"):
        found = samples.get(trust, {}).get("processes")
        for what, name in (("wall", "wall"), ("cpu", "CPU")) if found else ():
            ratio = middle(found["mbv"], what) / middle(found["curl"], what)
            bench.report.target(f"cold, {TRUSTS[trust].partition(':')[0]}, mbv ÷ curl, {name}", ratio, 0.35)
    bench.report.plot(
        "cold",
        "A process with one call: wall-clock time",
        "ms",
        {
            trust: {
                name: middle(samples, "wall", 1000) for name, samples in sample["processes"].items() if name != "Python requests"
            }
            for trust, sample in samples.items()
        },
    )
    samples["loading"] = loading(bench)
    return samples
