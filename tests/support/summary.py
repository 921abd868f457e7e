# SPDX-License-Identifier: MIT
"""The table of the bindings that were tested: python3 -m tests.support.summary BUILD_DIR"""

import json
import pathlib
import sys


def main():
    results = sorted(pathlib.Path(sys.argv[1]).glob("bindings/*/result.json"))
    if not results:
        return
    print(f"\n{'language':<12} {'runtime':<44} {'passed':>6} {'failed':>6} {'skipped':>7}")
    for path in results:
        result = json.loads(path.read_text())
        if result["runtime"] is None:
            print(f"{result['language']:<12} SKIPPED: its tools are not installed")
            continue
        print(
            f"{result['language']:<12} {result['runtime']:<44} "
            f"{result['passed']:>6} {result['failed']:>6} {result['skipped']:>7}"
        )
    print()


if __name__ == "__main__":
    main()
