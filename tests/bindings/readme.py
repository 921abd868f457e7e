# SPDX-License-Identifier: MIT
"""What a binding's README tells its readers to type, for the tests to do.

python3 -m tests.bindings.readme LANGUAGE FENCE    prints the first block of that kind, with PROJECT in its place
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def block(language, fence):
    """The first fenced block of a kind in the README of a binding."""
    readme = (ROOT / "bindings" / language / "README.md").read_text()
    found = re.search(rf"^```{re.escape(fence)}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    if found is None:
        raise AssertionError(f"bindings/{language}/README.md has no block of {fence}")
    return found[1]


if __name__ == "__main__":
    print(block(*sys.argv[1:]).replace("PROJECT", str(ROOT)), end="")
