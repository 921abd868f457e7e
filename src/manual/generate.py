# SPDX-License-Identifier: MIT
"""The manual pages of section 3, out of the header's comments: python3 src/manual/generate.py [--check]

Writes libmobivate.3 and a page for each function beside this file. With --check it writes nothing, and fails when a page is not what
the header says.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE.parents[1] / "include/mobivate.h"
DATE = "November 25, 2026"


class Header:
    """include/mobivate.h, taken apart."""

    def __init__(self, text):
        self.introduction = comment_text(re.search(r"/\*(.*?)\*/", text, re.DOTALL)[1])
        # Name: (meaning, what it says of the old key).
        self.values = {
            name: (meaning.strip(), state or "")
            for name, meaning, state in re.findall(
                r"^#define (MBV_\w+) \S+[ \t]+/\* (.*?)(?: \[(.*?)\])? \*/$", text, re.MULTILINE
            )
        }
        self.constants = {
            name: comment_text(comment)
            for comment, lines in re.findall(
                r"^/\*((?:(?!\*/).)*?)\*/\n((?:#define MBV_\w+ \S+\n)+)", text, re.MULTILINE | re.DOTALL
            )
            for name in re.findall(r"MBV_\w+", lines)
        }
        self.sections, self.functions, self.notes = [], {}, {}
        for title, body in re.findall(
            r"^/\* ---- (.*?) -+ \*/\n(.*?)(?=^/\* ----|^#if defined\(__cplusplus\))", text, re.MULTILINE | re.DOTALL
        ):
            names = []
            # What stands directly below the title is said of every function of the part.
            note = re.match(r"/\*((?:(?!\*/).)*)\*/\n\n", body, re.DOTALL)
            for comment, returns, name, parameters in re.findall(
                r"/\*((?:(?!\*/).)*?)\*/\nMBV_API ([^;]*?)MBV_CALL (mbv_\w+)\(([^;]*?)\) MBV_NOEXCEPT;", body, re.DOTALL
            ):
                names.append(name)
                self.functions[name] = (
                    comment_text(comment),
                    returns.strip(),
                    [] if parameters == "void" else re.split(r",\s+", parameters),
                )
                self.notes[name] = comment_text(note[1]) if note else ""
            if names:
                self.sections.append((title, names))


def comment_text(comment):
    """A comment's text, without the stars that lead its lines."""
    return "\n".join(re.sub(r"^ ?\* ?", "", line.rstrip()) for line in comment.strip(" ").splitlines()).strip("\n ")


def first_sentence(text):
    """For the NAME of a page: one line, as part of a sentence."""
    sentence = re.match(r"(.*?)\.(\s|$)", " ".join(text.split()))[1]
    return sentence if sentence[1].isupper() else sentence[0].lower() + sentence[1:]


def prose(text):
    """A paragraph in mdoc, with the names that it has."""
    lines, words = [], []

    def flush():
        if words:
            line = " ".join(words)
            lines.append("\\&" + line if line[0] in ".'" else line)
            words.clear()

    for word in " ".join(text.split()).replace("\\", "\\e").split(" "):
        name = re.fullmatch(r"(\(?)(MBV_[A-Z_]+|mbv_\w+|`[^`]+`)([.,:;)]*)", word)
        if name and name[2] != "mbv_client":
            flush()
            macro = "Dv" if name[2].startswith("MBV_") else "Fn" if name[2].startswith("mbv_") else "Li"
            lines.append(" ".join(filter(None, [f".{macro}", name[1], name[2].strip("`"), *name[3]])))
        else:
            words.append(word)
            # A line to a sentence, as mandoc wants it.
            if re.search(r"[.?!]$", word):
                flush()
    flush()
    return lines


def blocks(text):
    """The paragraphs of a comment, and its lists of names: ("text", text) or ("list", [(name, text)])."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        kind = None
        for line in paragraph.splitlines():
            item = re.match(r" {0,2}([a-z_]+(?:, [a-z_]+)*)  +(\S.*)", line)
            if kind == "list" and not item and line.startswith("    "):
                name, told = found[-1][1][-1]
                found[-1][1][-1] = (name, f"{told} {line.strip()}")
                continue
            if kind != ("list" if item else "text"):
                kind = "list" if item else "text"
                found.append((kind, []))
            found[-1][1].append((item[1], item[2]) if item else line)
    return [(kind, content if kind == "list" else " ".join(content)) for kind, content in found]


def tagged(items, macro):
    """A list of (name, text)."""
    width = max((name for name, _ in items), key=len)
    lines = [f".Bl -tag -width {width.replace(' ', '').replace(',', '')}"]
    for names, text in items:
        lines += [f".It {macro} " + f" , {macro} ".join(names.split(", ")), *prose(text)]
    return [*lines, ".El"]


def body(text, parameters=()):
    """A comment in mdoc. What its lists name are parameters, or options."""
    lines = []
    for kind, content in blocks(text):
        if kind == "text":
            lines += [".Pp", *prose(content)] if lines else prose(content)
        else:
            lines += tagged(content, "Fa" if content[0][0].split(",")[0] in parameters else "Li")
    return lines


def page(title, name_lines, *sections):
    lines = [
        '.\\" SPDX-License-Identifier: MIT',
        '.\\" Made by generate.py from include/mobivate.h: change that, and run it.',
        f".Dd {DATE}",
        f".Dt {title.upper()} 3",
        ".Os",
        ".Sh NAME",
        *name_lines,
    ]
    for heading, content in sections:
        if content:
            lines += [f".Sh {heading}", *content]
    return "\n".join(lines) + "\n"


def see_also(names):
    # By section, then by name, as mandoc wants it.
    pages = sorted((1 if name == "mbv" else 3, name) for name in names)
    return [f".Xr {name} {section}" + ("" if (section, name) == pages[-1] else " ,") for section, name in pages]


def statuses(header):
    def sentence(meaning):
        return meaning if "_" in meaning.split()[0] else meaning[0].upper() + meaning[1:]

    return tagged(
        [(name, f"{sentence(meaning)}. The old key: {state}.") for name, (meaning, state) in header.values.items() if state], "Dv"
    )


def function_page(header, name):
    comment, returns, parameters = header.functions[name]
    siblings = next(names for _, names in header.sections if name in names)
    synopsis = [
        ".In mobivate.h",
        f'.Ft "{returns}"',
        f".Fo {name}",
        *[f'.Fa "{parameter}"' for parameter in parameters or ["void"]],
        ".Fc",
    ]
    description = body(comment, {re.search(r"\w+$", parameter)[0] for parameter in parameters})
    if header.notes[name]:
        description += [".Pp", *body(header.notes[name])]
    values = example = None
    if name == "mbv_create_key":
        values = [*prose("One of these. mbv_error_message says what it means in the case at hand."), *statuses(header)]
        example = shortest_use(header)
    return page(
        name,
        [f".Nm {name}", f".Nd {first_sentence(comment)}"],
        ("SYNOPSIS", synopsis),
        ("DESCRIPTION", description),
        ("RETURN VALUES", values),
        ("EXAMPLES", example),
        ("SEE ALSO", see_also({"libmobivate", *siblings} - {name})),
    )


def shortest_use(header):
    code = header.introduction[header.introduction.index("The shortest use:") :].split("\n\n", 1)[1]
    return [".Bd -literal", *[line[4:].replace("\\", "\\e") for line in code.splitlines()], ".Ed"]


def overview(header):
    text = header.introduction
    name = re.search(r"^libmobivate: (.*)\.$", text, re.MULTILINE)[1]
    description = text[text.index(name) + len(name) + 1 : text.index("Conventions\n")].strip()
    conventions = re.findall(
        r"^\d\. (.*?)(?=^\d\. |\Z)", text[text.index("Conventions\n") : text.index("The shortest use:")], re.MULTILINE | re.DOTALL
    )
    enumerated = [".Bl -enum"]
    for convention in conventions:
        enumerated += [".It", *prose(convention)]
    functions = []
    for title, names in header.sections:
        functions += [
            f".Ss {title}",
            *tagged([(function, first_sentence(header.functions[function][0]) + ".") for function in names], "Fn"),
        ]
    key_states = tagged([(value, meaning) for value, (meaning, state) in header.values.items() if not state], "Dv")
    return page(
        "libmobivate",
        [".Nm libmobivate", f".Nd {name}"],
        ("SYNOPSIS", [".In mobivate.h", ".Pp", "cc first.c $(pkg-config --cflags --libs mobivate)"]),
        ("DESCRIPTION", [*body(description), *functions]),
        ("CONVENTIONS", [*enumerated, ".El"]),
        ("STATUS VALUES", statuses(header)),
        ("KEY STATES", ["What became of the key that the account had before the call.", *key_states]),
        ("CONSTANTS", tagged(list(header.constants.items()), "Dv")),
        ("EXAMPLES", shortest_use(header)),
        ("SEE ALSO", see_also({"mbv", *header.functions})),
    )


def pages():
    header = Header(HEADER.read_text())
    return {"libmobivate.3": overview(header), **{f"{name}.3": function_page(header, name) for name in header.functions}}


def main():
    made = pages()
    if sys.argv[1:] != ["--check"]:
        for name, text in made.items():
            (HERE / name).write_text(text)
        return
    kept = {path.name: path.read_text() for path in HERE.glob("*.3")}
    for name in sorted(made.keys() | kept.keys()):
        old, new = kept.get(name, "").splitlines(), made.get(name, "").splitlines()
        if old != new:
            line = next((index for index, (one, other) in enumerate(zip(old, new)) if one != other), min(len(old), len(new)))
            sys.exit(f"{name} is not what include/mobivate.h says, from line {line + 1} on. Run: python3 src/manual/generate.py")


if __name__ == "__main__":
    main()
