# SPDX-License-Identifier: MIT
"""Finds copies of a secret in another process's memory.

The secret is held XORed here, though the memory that is read is another process's: this file can be used on the
process that it runs in, too.
"""

import hashlib
import pathlib
import secrets

MASK = secrets.randbelow(255) + 1
FRAGMENT = 8  # characters: a run of a secret that is this long counts


def shaped_as_key(text):
    """A UUID, as the service's keys are: the stand-in derives a key so from a password."""
    digits = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


class Needle:
    """A secret to look for: the text itself, or any run of it."""

    def __init__(self, name, text, character=1):
        """`text` in bytes, `character` of them for each."""
        self.name = name
        self.size = len(text)
        self.fragment = FRAGMENT * character
        self._masked = bytes(byte ^ MASK for byte in text)

    def text(self):
        return bytes(byte ^ MASK for byte in self._masked)


def regions(pid):
    """The readable regions of a process: (start, end, offset, name). The offset is in the file that is mapped; None where there is none, or
    where what is written goes into it."""
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        fields = line.split(maxsplit=5)
        name = fields[5] if len(fields) > 5 else ""
        if "r" in fields[1] and name not in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
            start, end = (int(part, 16) for part in fields[0].split("-"))
            is_private_file = name.startswith("/") and fields[1][3] == "p"
            yield start, end, int(fields[2], 16) if is_private_file else None, name


def stands_in_file(name, offset, text):
    """Whether the file that is mapped there has that text itself. A key is a UUID, and among the thousands of them in the libraries of a
    large system (wine) some have eight characters in common with it."""
    try:
        with open(name, "rb") as file:
            file.seek(offset)
            return file.read(len(text)) == text
    except OSError:
        return False


def find_all(memory, wanted):
    at = memory.find(wanted)
    while at >= 0:
        yield at
        at = memory.find(wanted, at + 1)


def runs(memory, text, fragment):
    """The runs of `text` in memory that are at least `fragment` bytes, which is at least 8: {offset: size}.

    Every run of 8 bytes contains one of the 4-byte pieces that start at a multiple of 5, so that it is enough to look for those.
    """
    found = {}
    for begin in range(0, len(text) - 3, 5):
        for at in find_all(memory, text[begin : begin + 4]):
            start, first = at, begin
            while first > 0 and start > 0 and memory[start - 1] == text[first - 1]:
                start, first = start - 1, first - 1
            end, last = at + 4, begin + 4
            while last < len(text) and end < len(memory) and memory[end] == text[last]:
                end, last = end + 1, last + 1
            if end - start >= fragment:
                found[start] = max(end - start, found.get(start, 0))
    return found


def scan(pid, needles, own=()):
    """What is found of each needle: {name: {"copies": N, "fragments": N, "own": N, "places": [...]}}.

    `own` are the addresses of the caller's buffers: what lies there is counted apart, and must be there.
    """
    found = {needle.name: {"copies": 0, "fragments": 0, "own": 0, "places": []} for needle in needles}
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory_file:
        for start, end, file_offset, name in regions(pid):
            try:
                memory_file.seek(start)
                memory = memory_file.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            for needle in needles:
                result = found[needle.name]
                for offset, size in runs(memory, needle.text(), needle.fragment).items():
                    whole = size == needle.size
                    if whole and start + offset in own:
                        result["own"] += 1
                        continue
                    text = memory[offset : offset + size]
                    if not whole and file_offset is not None and stands_in_file(name, file_offset + offset, text):
                        continue
                    result["copies" if whole else "fragments"] += 1
                    result["places"].append(f"{size} bytes at {start + offset:#x} {name or 'anonymous'}")
    return found
