# SPDX-License-Identifier: MIT
"""Counts that do not depend on the clock: instructions, system calls, memory."""

import collections
import concurrent.futures
import json
import os
import re
import subprocess


def standard_input(environment):
    """What a command reads: the file that its environment names, else nothing."""
    return open(environment.get("MOBIVATE_BENCH_INPUT", os.devnull))


def _observed(instrument, command, environment):
    with standard_input(environment) as file:
        finished = subprocess.run([*instrument, *command], env=environment, stdin=file, capture_output=True, text=True)
    if finished.returncode != 0:
        raise RuntimeError(f"{instrument[0]} {command} ended with {finished.returncode}\n{finished.stdout}{finished.stderr}")
    return finished


def together(actions):
    """What they return, by name. No clock is read, so that every core may be busy."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = {name: pool.submit(action) for name, action in actions.items()}
        return {name: future.result() for name, future in found.items()}


# callgrind counts each round of a repeated string instruction, so that clearing a KiB with one is 1024. This has glibc do without.
UNREPEATED = {"GLIBC_TUNABLES": "glibc.cpu.x86_rep_stosb_threshold=1073741824:glibc.cpu.x86_rep_movsb_threshold=1073741824"}


def instructions(bench, command, environment):
    """How many instructions each function of a process ran by itself: {(object, function): count}."""
    with bench.temporary() as file:
        _observed(["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={file.name}"], command, environment)
        with open(file.name) as lines:
            return _self_costs(lines)


def _self_costs(lines):
    """Reads callgrind's output. A name is written out once, with a number, and is that number from then on."""
    names = {"ob": {}, "fn": {}}
    current = {"ob": "?", "fn": "?"}
    costs = collections.Counter()
    skip = False
    for line in lines:
        match = re.match(r"(c?)(ob|fn)=(\(\d+\))(?: (.*))?", line)
        if match:
            called, kind, number, name = match.groups()
            if name:
                names[kind][number] = name
            if not called:
                current[kind] = names[kind][number]
        elif line.startswith("calls="):
            skip = True  # the line that follows is what the called function cost
        elif line[0] in "0123456789+-*":
            if not skip:
                costs[current["ob"], current["fn"]] += int(line.split()[1])
            skip = False
    return costs


def system_calls(bench, command, environment):
    """{name: count} of a process and its threads."""
    with bench.temporary() as file:
        _observed(["strace", "-f", "-c", "-o", file.name], command, environment)
        rows = [line.split() for line in open(file.name) if re.match(r" *\d", line)]
    return collections.Counter({row[-1]: int(row[3]) for row in rows if row[-1] != "total"})


def allocations(command, environment):
    """How many blocks a process allocated, and how many bytes."""
    said = _observed(["valgrind", "--tool=memcheck", "--leak-check=no"], command, environment).stderr
    found = re.search(r"total heap usage: ([\d,]+) allocs, [\d,]+ frees, ([\d,]+) bytes", said)
    return {"blocks": int(found[1].replace(",", "")), "bytes": int(found[2].replace(",", ""))}


def heap_at_end(file, part):
    """From dhat's output: the bytes still allocated at the end, all of them and those that the library `part` itself allocated."""
    found = json.load(file)
    frames = found["ftbl"]
    everything = own = 0
    for place in found["pps"]:
        everything += place["eb"]
        caller = next((frames[i] for i in place["fs"] if "vgpreload" not in frames[i]), "")
        own += place["eb"] if part in caller else 0
    return {"all": everything, "own": own}
