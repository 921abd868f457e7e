# SPDX-License-Identifier: MIT
"""What a call costs through each binding, against the language's own HTTP client doing the same POST on the same nginx.

Cold is a process with one call. Warm is the CPU time of each further call on one connection.
"""

import statistics

from tests.bench.common import against_itself, column, interleave, one_core, run, service, spread
from tests.bindings.run_binding import LANGUAGES


def one_language(bench, commands, environment, url):
    calls = bench.rounds(500, 100)
    environment = {**environment, **bench.settings(url), "LD_LIBRARY_PATH": environment["LD_LIBRARY_PATH"]}

    def rounds(many, of):
        actions = {
            "agent": lambda: run(commands["agent"], bench.agent(environment, of)),
            "native": lambda: run([*commands["native"], str(of)], environment, of),
        }
        return interleave(many, {name: actions[name] for name in commands})

    cold = rounds(bench.rounds(11, 3), 1)
    with one_core(), service() as nginx:
        environment["MOBIVATE_BASE_URL"] = nginx.url
        single, warm = rounds(bench.rounds(5, 1), 1), rounds(bench.rounds(5, 1), calls)
    further = {
        name: [(sample["cpu"] - first["cpu"]) / (calls - 1) for first, sample in zip(single[name], warm[name])]
        for name in commands
    }
    return {"cold": cold, "warm": warm, "further": further}


def figures(found, name):
    cold = found["cold"][name]
    warm = [value * 1000 for value in found["further"][name]]
    return {"wall": column(cold, "wall", 1000), "cpu": column(cold, "cpu", 1000), "warm": warm}


def measure(bench):
    bench.report.heading("languages: each binding beside its language's own client")
    samples, rows, times = {}, [], {}
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
            native = figures(found, "native") if "native" in commands else None
            row = [language]
            for what, digits in (("wall", 1), ("cpu", 1), ("warm", 3)):
                row += [
                    spread(own[what], digits),
                    spread(native[what], digits) if native else "-",
                    f"{statistics.median(own[what]) / statistics.median(native[what]):.2f}" if native else "-",
                ]
            rows.append([*row, against_itself(own["cpu"])])
            times[language] = {
                name: statistics.median(samples["cpu"]) for name, samples in (("binding", own), ("native", native)) if samples
            }
            print(f"  {language}", flush=True)
    bench.report.table(
        "Milliseconds",
        [
            "",
            "cold, wall: binding",
            "native",
            "ratio",
            "cold, CPU: binding",
            "native",
            "ratio",
            "a further call, CPU: binding",
            "native",
            "ratio",
            "cold CPU against itself",
        ],
        rows,
    )
    bench.report.plot("languages", "A process with one call in each language: CPU time", "ms", times)
    return samples
