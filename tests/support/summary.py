# SPDX-License-Identifier: MIT
"""The tables of the bindings and the recipes that were tested: python3 -m tests.support.summary BUILD_DIR"""

import json
import pathlib
import sys


def results(build, folder):
    return [json.loads(path.read_text()) for path in sorted(build.glob(f"{folder}/*/result.json"))]


def show_bindings(found):
    print(f"\n{'language':<12} {'runtime':<44} {'passed':>6} {'failed':>6} {'skipped':>7}")
    for result in found:
        if result["runtime"] is None:
            print(f"{result['language']:<12} SKIPPED: its tools are not installed")
            continue
        print(
            f"{result['language']:<12} {result['runtime']:<44} "
            f"{result['passed']:>6} {result['failed']:>6} {result['skipped']:>7}"
        )
    print()


def show_recipes(found):
    checks = list(dict.fromkeys(name for result in found for name in result["checks"]))
    print(f"\n{'recipe':<16} {'version':<12}", *(f"{name:<8}" for name in checks), f"{'seconds':>8}")
    for result in found:
        row = f"{result['language']:<16} "
        if result["version"] is None:
            print(f"{row}SKIPPED: its tools are not installed")
        elif not result["checks"]:
            print(f"{row}{result['version']:<12} FAILED: it could not be built")
        else:
            words = {True: "ok", False: "FAILED"}
            print(
                f"{row}{result['version']:<12}",
                *(f"{words[result['checks'][name]]:<8}" for name in checks),
                f"{result['seconds']:>8}",
            )
    print()


def main():
    for folder, show in (("bindings", show_bindings), ("recipes", show_recipes)):
        found = results(pathlib.Path(sys.argv[1]), folder)
        if found:
            show(found)


if __name__ == "__main__":
    main()
