# SPDX-License-Identifier: MIT
"""What a binding's README tells its readers to type, for the tests to do.

python3 -m tests.bindings.readme LANGUAGE FENCE [HEADING]    prints the first block of that kind, or the first one after the heading,
with PROJECT in its place
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def block(language, fence, heading=""):
    """The first fenced block of a kind in the README of a binding, after a heading."""
    _, found, readme = (ROOT / "bindings" / language / "README.md").read_text().partition(heading or "#")
    found = found and re.search(rf"^```{re.escape(fence)}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    if not found:
        raise AssertionError(f"bindings/{language}/README.md has no block of {fence} {heading}")
    return found[1]


if __name__ == "__main__":
    print(block(*sys.argv[1:]).replace("PROJECT", str(ROOT)), end="")
