# SPDX-License-Identifier: MIT
"""Many keys: how fast, what each costs, and whether the ten thousandth costs more than the first ones."""

import contextlib

from tests.bench.common import NAMES, column, interleave, middle, one_core, run, service, spread

COUNTS = (1000, 10000)


def measure(bench):
    bench.report.heading("accounts: many keys, each thread with a client of its own")
    threads = bench.rounds((1, 2, 8, 32), (1, 8))
    cases = [(count, clients, name) for count in COUNTS for clients in threads for name in NAMES]
    with service() as nginx, contextlib.ExitStack() as stack:
        with one_core():
            near = stack.enter_context(service())

        def create(count, clients, name):
            if clients > 1:
                return run(bench.calls(name, count, clients), bench.settings(nginx.url), count)
            with one_core():  # where nobody works while nginx does
                return run(bench.calls(name, count), bench.settings(near.url), count)

        # One key for each client: what a start costs.
        starts = [(clients, clients, name) for clients in threads for name in NAMES]
        found = interleave(bench.rounds(11, 3), {case: lambda case=case: create(*case) for case in [*cases, *starts]})

    def further(count, clients, name):
        """The CPU seconds of a call after a client's first."""
        return (middle(found[count, clients, name], "cpu") - middle(found[clients, clients, name], "cpu")) / (count - clients)

    rows, rates = [], {}
    for count, clients, name in cases:
        samples = found[count, clients, name]
        each = further(count, clients, name)
        rows.append(
            [
                f"{NAMES[name]}, {count:,} keys, {clients} client{'s' if clients > 1 else ''}",
                spread([count / wall for wall in column(samples, "wall")], 0),
                spread(column(samples, "cpu", 1e6 / count)),
                f"{middle(samples, 'cpu') / middle(found[count, clients, 'libcurl'], 'cpu'):.2f}",
                f"{each * 1e6:.1f}",
                f"{each / further(COUNTS[0], clients, name):.2f}",
                f"{middle(samples, 'peak', 1 / 1024):.1f}",
            ]
        )
        if count == COUNTS[1]:
            rates.setdefault(f"{clients} at once", {})[NAMES[name]] = count / middle(samples, "wall")
    bench.report.table(
        "Keys on kept connections",
        ["", "calls a second", "CPU of a call, µs", "÷ by hand", "of a further call, µs", f"÷ with {COUNTS[0]:,}", "peak, MiB"],
        rows,
        "One nginx process answers all, on the same cores, and a single client on one core with it. A further call is one "
        "after a client's first.",
    )
    few, many = (sum(further(count, clients, "mobivate") for clients in threads) for count in COUNTS)
    bench.report.target("a further call of 10,000 ÷ of 1,000, CPU", many / few, 1.10)
    bench.report.plot("accounts", "Keys created a second, 10,000 of them", "calls a second", rates)
    return {f"{name}, {count} keys, {clients} clients": samples for (count, clients, name), samples in found.items()}
