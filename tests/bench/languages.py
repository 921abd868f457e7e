# SPDX-License-Identifier: MIT
"""What a call costs through each binding, against the language's own HTTP client doing the same POST on the same nginx.

Cold is a process with one call. Warm is the CPU time of each further call on one connection. The binding's cold call is also made with the
self-contained library, where there is one.
"""

import os
import statistics

from tests.bench.common import against_itself, column, interleave, one_core, run, service, spread
from tests.bindings.run_binding import LANGUAGES

SELF_CONTAINED = "self-contained"


def one_language(bench, commands, environment, url):
    calls = bench.rounds(500, 100)
    environment = {**environment, **bench.settings(url), "LD_LIBRARY_PATH": environment["LD_LIBRARY_PATH"]}

    def rounds(many, of, names=tuple(commands)):
        actions = {
            "agent": lambda: run(commands["agent"], bench.agent(environment, of)),
            "native": lambda: run([*commands["native"], str(of)], environment, of),
            SELF_CONTAINED: lambda: run(commands["agent"], bench.agent({**environment, **self_contained}, of)),
        }
        return interleave(many, {name: actions[name] for name in names})

    if bench.bundled:
        # By the loader's own way, or by the binding's.
        self_contained = {
            "LD_LIBRARY_PATH": os.path.dirname(bench.bundled.library),
            "MOBIVATE_LIBRARY": bench.bundled.library,
        }
    cold = rounds(bench.rounds(11, 3), 1, [*commands, *([SELF_CONTAINED] if bench.bundled else [])])
    with one_core(), service() as nginx:
        environment["MOBIVATE_BASE_URL"] = nginx.url
        single, warm = rounds(bench.rounds(5, 1), 1), rounds(bench.rounds(5, 1), calls)
    further = {
        name: [(sample["cpu"] - first["cpu"]) / (calls - 1) for first, sample in zip(single[name], warm[name])]
        for name in commands
    }
    return {"cold": cold, "warm": warm, "further": further}


def figures(found, name):
    if name not in found["cold"]:
        return None
    cold = found["cold"][name]
    warm = [value * 1000 for value in found["further"].get(name, [])]
    return {"wall": column(cold, "wall", 1000), "cpu": column(cold, "cpu", 1000), "warm": warm}


def ratio(figures, base, what):
    return statistics.median(figures[what]) / statistics.median(base[what])


def measure(bench):
    bench.report.heading("languages: each binding beside its language's own client")
    samples, rows, times, of_system = {}, [], {}, {}
    with service() as nginx:
        for language in LANGUAGES:
            built = bench.programs(language)
            if built is None:
                bench.report.left_out(language, "its tools are missing")
                continue
            commands, environment = built
            if "native" not in commands:
                bench.report.left_out(f"{language}'s own client", "it brings none")
            found = samples[language] = one_language(bench, commands, environment, nginx.url)
            own = figures(found, "agent")
            native, inside = figures(found, "native"), figures(found, SELF_CONTAINED)
            row = [language]
            for what, digits in (("wall", 1), ("cpu", 1), ("warm", 3)):
                row += [
                    spread(own[what], digits),
                    spread(native[what], digits) if native else "-",
                    f"{ratio(own, native, what):.2f}" if native else "-",
                ]
                if what != "warm":
                    row += [spread(inside[what], digits) if inside else "-"]
                    row += [f"{ratio(inside, native, what):.2f}" if inside and native else "-"]
            rows.append([*row, against_itself(own["cpu"])])
            clients = (("binding", own), ("binding, self-contained", inside), ("native", native))
            times[language] = {name: statistics.median(samples["cpu"]) for name, samples in clients if samples}
            if inside:
                of_system[language] = ratio(inside, own, "cpu")
                if language == "go":
                    bench.report.target(
                        "cold, Go's binding, self-contained ÷ its own client, wall", ratio(inside, native, "wall"), 1.5
                    )
            print(f"  {language}", flush=True)
    if of_system:
        worst = max(of_system, key=of_system.get)
        bench.report.target(f"cold, a binding, self-contained ÷ on the system's libcurl, CPU ({worst}'s)", of_system[worst], 1.0)
    bench.report.table(
        "Milliseconds",
        [
            "",
            "cold, wall: binding",
            "native",
            "ratio",
            "self-contained",
            "÷ native",
            "cold, CPU: binding",
            "native",
            "ratio",
            "self-contained",
            "÷ native",
            "a further call, CPU: binding",
            "native",
            "ratio",
            "cold CPU against itself",
        ],
        rows,
    )
    bench.report.plot("languages", "A process with one call in each language: CPU time", "ms", times)
    return samples
