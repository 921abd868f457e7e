# SPDX-License-Identifier: MIT
"""The tables that text is compared by: python3 src/text/generate_tables.py [--check]

Writes case_folding.inc, out of Unicode's CaseFolding.txt (Debian: unicode-data), and html_entities.inc, out of the list of names of the
HTML standard that Python has. With --check it writes nothing, and fails when a table is not what they say.
"""

import html.entities
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
CASE_FOLDING = pathlib.Path("/usr/share/unicode/CaseFolding.txt")
WIDTH = 110


def wrapped(items):
    """The items of a list, in lines of at most WIDTH characters."""
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > WIDTH:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return "\n".join([*lines, line])


def made_from(what):
    return f"// SPDX-License-Identifier: MIT\n// Made by generate_tables.py from {what}.\n// clang-format off\n"


def ranges(mappings):
    """(first, last, step, difference) for every run of code points that are mapped alike, each or each second one."""
    found = []
    for source, target in sorted(mappings.items()):
        difference = target - source
        if found:
            first, last, step, same = found[-1]
            gap = source - last
            if same == difference and gap in (1, 2) and (first == last or gap == step):
                found[-1] = (first, source, gap, difference)
                continue
        found.append((source, source, 1, difference))
    return found


def case_folding():
    text = CASE_FOLDING.read_text(encoding="utf-8")
    version = re.match(r"# CaseFolding-([\d.]+)\.txt", text)[1]
    one, more = {}, {}
    for line in text.splitlines():
        fields = line.partition("#")[0].split(";")
        # Full case folding: C and F. S is the simple one, T is for Turkic languages alone.
        if len(fields) < 3 or fields[1].strip() not in ("C", "F"):
            continue
        targets = [int(target, 16) for target in fields[2].split()]
        if len(targets) == 1:
            one[int(fields[0], 16)] = targets[0]
        else:
            more[int(fields[0], 16)] = targets
    return (
        made_from(f"Unicode's CaseFolding.txt, version {version}") + "// First, last, step, what is added.\n"
        "constexpr Range ranges[] = {\n"
        + wrapped(f"{{0x{first:X}, 0x{last:X}, {step}, {difference}}}" for first, last, step, difference in ranges(one))
        + "\n};\n"
        "constexpr Expansion expansions[] = {\n"
        + wrapped(
            "{0x%X, {%s}}" % (source, ", ".join(f"0x{target:X}" for target in targets))
            for source, targets in sorted(more.items())
        )
        + "\n};\n"
    )


def html_entities():
    names = html.entities.html5
    offset, rows, text = 0, [], []
    for name in sorted(name[:-1] for name in names if name.endswith(";")):
        points = [ord(character) for character in names[name + ";"]]
        bare = "true" if name in names else "false"
        rows.append(f"{{{offset}, {len(name)}, {bare}, {{{', '.join(f'0x{point:X}' for point in points)}}}}}")
        text.append(name)
        offset += len(name)
    joined = "".join(text)
    lines = "\n".join(f'    "{joined[at:at + WIDTH - 6]}"' for at in range(0, offset, WIDTH - 6))
    # What a browser reads in place of the controls U+0080 to U+009F, if anything.
    windows = [ord(bytes([byte]).decode("cp1252", "replace")) for byte in range(0x80, 0xA0)]
    windows = [byte if point == 0xFFFD else point for byte, point in zip(range(0x80, 0xA0), windows)]
    return (
        made_from("the named character references of the HTML standard, as Python's html.entities has them")
        + f"constexpr char names[] =\n{lines};\n"
        "// Where the name is, its size, whether it counts without a semicolon as well, what it stands for. By name.\n"
        f"constexpr Entity entities[] = {{\n{wrapped(rows)}\n}};\n"
        f"constexpr std::uint32_t windows_1252[] = {{\n{wrapped(f'0x{point:X}' for point in windows)}\n}};\n"
    )


def main():
    tables = {"case_folding.inc": case_folding(), "html_entities.inc": html_entities()}
    for name, text in tables.items():
        if sys.argv[1:] != ["--check"]:
            (HERE / name).write_text(text)
        elif (HERE / name).read_text() != text:
            sys.exit(f"{name} is not what its source says. Run: python3 src/text/generate_tables.py")


if __name__ == "__main__":
    main()
