# SPDX-License-Identifier: MIT
"""A further call of a process: on its kept connection, and on a new one."""

import collections
import statistics

from tests.bench.common import NAMES, interleave, one_core, run, service, spread
from tests.bench.instruments import UNREPEATED, allocations, instructions, system_calls, together

CLIENTS = {**NAMES, "openssl": "OpenSSL alone (the floor)"}


def difference(measured, few, many):
    """What a call costs: the difference of two processes, one with more of them, so that nothing else is in it."""
    less, more = measured(few), measured(many)
    return collections.Counter(
        {name: (more[name] - less.get(name, 0)) / (many - few) for name in more if more[name] != less.get(name, 0)}
    )


def share(costs, part):
    return sum(cost for (place, _), cost in costs.items() if part in place) / sum(costs.values())


def count(bench, url):
    """{client: {what: {name: how many a call}}}."""
    environment = bench.settings(url)
    few, many = bench.rounds((100, 300), (50, 150))
    ways = {
        "instructions": lambda command: instructions(bench, command, environment),
        "unrepeated": lambda command: instructions(bench, command, {**environment, **UNREPEATED}),
        "allocations": lambda command: allocations(command, environment),
    }
    found = together(
        {
            (client, what): lambda client=client, way=way: difference(lambda calls: way(bench.calls(client, calls)), few, many)
            for client in CLIENTS
            for what, way in ways.items()
        }
    )
    return {client: {what: found[client, what] for what in ways} for client in CLIENTS}


def top(costs, functions):
    """The functions that cost most, one a row."""
    whole = sum(costs.values())
    longest = sorted(costs.items(), key=lambda cost: -cost[1])[:functions]
    return [
        [f"`{name[:60]}` in {place.rpartition('/')[2]}", f"{cost:,.0f}", f"{cost / whole:.1%}"] for (place, name), cost in longest
    ]


def kept(bench):
    with service() as nginx:
        counted = count(bench, nginx.url)
    few, many = bench.rounds((100, 300), (50, 150))
    with one_core(), service() as nginx:
        # How often a client has to wait depends on when it is woken: on one core that is always the same.
        for client in CLIENTS:
            counted[client]["system calls"] = difference(
                lambda calls: system_calls(bench, bench.calls(client, calls), bench.settings(nginx.url)), few, many
            )
        few, many = bench.rounds((1000, 5000), (200, 1200))
        environment = bench.settings(nginx.url)
        timed = interleave(
            bench.rounds(21, 5),
            {
                client: lambda client=client: difference(
                    lambda calls: run(bench.calls(client, calls), environment, calls), few, many
                )
                for client in CLIENTS
            },
        )
    whole = {client: sum(counts["instructions"].values()) for client, counts in counted.items()}
    unrepeated = {client: sum(counts["unrepeated"].values()) for client, counts in counted.items()}
    calls = {client: sum(counts["system calls"].values()) for client, counts in counted.items()}
    own, own_unrepeated = (share(counted["mobivate"][what], "libmobivate.so") for what in ("instructions", "unrepeated"))
    rows = []
    for client, name in CLIENTS.items():
        cpu = [sample["cpu"] * 1e6 for sample in timed[client]]
        named = ", ".join(f"{call} {number:.0f}" for call, number in counted[client]["system calls"].most_common())
        heap = counted[client]["allocations"]
        rows.append(
            [
                name,
                f"{whole[client]:,.0f}",
                f"{whole[client] / whole['libcurl']:.2f}",
                f"{unrepeated[client]:,.0f}",
                f"{unrepeated[client] / unrepeated['libcurl']:.2f}",
                f"{own:.1%}, {own_unrepeated:.1%}" if client == "mobivate" else "-",
                f"{calls[client]:.0f}: {named}",
                spread(cpu),
                f"{statistics.median(cpu) / statistics.median([sample['cpu'] * 1e6 for sample in timed['libcurl']]):.2f}",
                f"{heap.get('blocks', 0):.1f}",
                f"{heap.get('bytes', 0):,.0f}",
            ]
        )
    head = [
        "",
        "instructions",
        "÷ by hand",
        "without repeated ones",
        "÷ by hand",
        "its own code",
        "system calls",
        "CPU, µs",
        "÷ by hand",
        "allocations",
        "bytes",
    ]
    bench.report.table(
        "A call on a kept connection",
        head,
        rows,
        "Callgrind counts every byte that a repeated string instruction (rep stosb) writes as an instruction; without them, "
        "glibc clears memory with vectors. Its own code's share is of the first and of the second count.",
    )
    bench.report.table(
        "Where libmobivate's instructions are", ["", "a call", "share"], top(counted["mobivate"]["instructions"], 12)
    )
    bench.report.table("Where those are of libcurl by hand", ["", "a call", "share"], top(counted["libcurl"]["instructions"], 6))
    bench.report.target("warm, instructions ÷ libcurl by hand", whole["mobivate"] / whole["libcurl"], 1.00, aim=0.85)
    bench.report.target("warm, system calls ÷ libcurl by hand", calls["mobivate"] / calls["libcurl"], 1.00)
    bench.report.target("warm, its own code's share", own * 100, 5, " %")
    return {
        "counted": {
            client: {
                what: {" ".join(name) if isinstance(name, tuple) else name: value for name, value in counts.items()}
                for what, counts in found.items()
            }
            for client, found in counted.items()
        },
        "timed": timed,
    }


def renewed(bench):
    """The server closes after each answer."""
    few, many = bench.rounds((5, 15), (2, 4))
    trusts = bench.rounds(("bundle", "directory"), ("directory",))
    if bench.quick:
        bench.report.left_out("new connections with a bundle", "counting them takes a minute, and this run is a quick one")
    with service(server="keepalive_timeout 0;") as nginx:

        def cost(client, trust):
            environment = bench.settings(nginx.url, trust)
            return sum(difference(lambda calls: instructions(bench, bench.calls(client, calls), environment), few, many).values())

        found = together(
            {
                (client, trust): lambda client=client, trust=trust: cost(client, trust)
                for trust in trusts
                for client in ("mobivate", "libcurl")
            }
        )
    rows = [
        [f"{NAMES[client]}, {trust}", f"{count:,.0f}", f"{count / found['libcurl', trust]:.2f}"]
        for (client, trust), count in found.items()
    ]
    bench.report.table("A call on a new connection of the same client", ["", "instructions", "÷ by hand"], rows)
    return {" ".join(name): count for name, count in found.items()}


def measure(bench):
    bench.report.heading("warm: a further call of the same client")
    return {"kept": kept(bench), "renewed": renewed(bench)}
