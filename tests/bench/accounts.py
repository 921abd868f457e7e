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
        found = interleave(bench.rounds(7, 1), {
            (count, clients, name): lambda count=count, clients=clients, name=name: run(bench.calls(name, count, clients), environment, count)
            for count, clients, name in cases})
    rows, rates, growth = [], {}, []
    for count, clients, name in cases:
        samples = found[count, clients, name]
        rate = [count / wall for wall in column(samples, "wall")]
        each = column(samples, "cpu", 1e6 / count)
        ratio = middle(samples, "cpu") / count / (middle(found[COUNTS[0], clients, name], "cpu") / COUNTS[0])
        against = middle(samples, "cpu") / middle(found[count, clients, "libcurl"], "cpu")
        rows.append([f"{NAMES[name]}, {count:,} keys, {clients} clients", spread(rate, 0), spread(each), f"{against:.2f}",
                     f"{middle(samples, 'peak', 1 / 1024):.1f}", f"{ratio:.2f}" if count != COUNTS[0] else "-"])
        if count != COUNTS[0]:
            rates.setdefault(f"{clients} clients", {})[NAMES[name]] = count / middle(samples, "wall")
            growth += [ratio] if name == "mobivate" else []
    bench.report.table("Keys on kept connections", ["", "calls a second", "CPU of a call, µs", "÷ by hand", "peak, MiB", f"a call ÷ one of {COUNTS[0]:,}"],
                       rows, "One nginx process answers all, on the same cores.")
    bench.report.target("a call of 10,000 ÷ one of 1,000, CPU (the worst)", max(growth), 1.10)
    bench.report.plot("accounts", "Keys created a second, 10,000 of them", "calls a second", rates)
    return {f"{name} {count} {clients}": samples for (count, clients, name), samples in found.items()}
