# SPDX-License-Identifier: MIT
"""Many keys: how fast, what each costs, and whether the ten thousandth costs more than the first ones."""

from common import column, interleave, middle, run, service, spread

NAMES = {"mobivate": "libmobivate", "libcurl": "libcurl by hand"}
COUNTS = (1000, 10000)


def measure(bench):
    bench.report.heading("accounts: many keys, each thread with a client of its own")
    threads = bench.rounds((1, 2, 8, 32), (1, 8))
    with service() as nginx:
        environment = bench.settings(nginx.url)
        cases = [(count, clients, name) for count in COUNTS for clients in threads for name in NAMES]
        # And one key for each client: what a start costs.
        found = interleave(bench.rounds(7, 1), {
            (count, clients, name): lambda count=count, clients=clients, name=name: run(bench.calls(name, count, clients), environment, count)
            for count, clients, name in [*cases, *((clients, clients, name) for clients in threads for name in NAMES)]})

    def further(count, clients, name):
        """The CPU seconds of a call after a client's first."""
        return (middle(found[count, clients, name], "cpu") - middle(found[clients, clients, name], "cpu")) / (count - clients)

    rows, rates, growth = [], {}, {}
    for count, clients, name in cases:
        samples = found[count, clients, name]
        each = further(count, clients, name)
        rows.append([f"{NAMES[name]}, {count:,} keys, {clients} client{'s' if clients > 1 else ''}",
                     spread([count / wall for wall in column(samples, "wall")], 0), spread(column(samples, "cpu", 1e6 / count)),
                     f"{middle(samples, 'cpu') / middle(found[count, clients, 'libcurl'], 'cpu'):.2f}", f"{each * 1e6:.1f}",
                     f"{each / further(COUNTS[0], clients, name):.2f}", f"{middle(samples, 'peak', 1 / 1024):.1f}"])
        if count == COUNTS[1]:
            rates.setdefault(f"{clients} at once", {})[NAMES[name]] = count / middle(samples, "wall")
            growth[name, clients] = each / further(COUNTS[0], clients, name)
    bench.report.table("Keys on kept connections", ["", "calls a second", "CPU of a call, µs", "÷ by hand", "of a further call, µs",
                                                    f"÷ with {COUNTS[0]:,}", "peak, MiB"], rows,
                       "One nginx process answers all, on the same cores. A further call is one after a client's first.")
    worst = max(value for (name, _), value in growth.items() if name == "mobivate")
    bench.report.target("a further call of 10,000 ÷ of 1,000, CPU (the worst)", worst, 1.10)
    bench.report.plot("accounts", "Keys created a second, 10,000 of them", "calls a second", rates)
    return {f"{name}, {count} keys, {clients} clients": samples for (count, clients, name), samples in found.items()}
