# SPDX-License-Identifier: MIT
"""Runs the tests of one binding: python3 -m tests.bindings.run_binding LANGUAGE --build-dir DIR

Installs the built library into a prefix of the test's own, starts a stand-in, and runs bindings/LANGUAGE/test there. README.md
beside this file says what is in its environment.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

from tests.bindings import header, stubs

ROOT = pathlib.Path(__file__).resolve().parents[2]
LANGUAGES = sorted(script.parent.name for script in ROOT.glob("bindings/*/test"))
SKIPPED = 77


def install(build, prefix):
    """Installs the built library into an empty prefix, and returns the shared library there."""
    shutil.rmtree(prefix, ignore_errors=True)
    subprocess.run(["cmake", "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    return next(prefix.glob("lib*/**/libmobivate.so.1"))


def prepare(language, build):
    """The folder of a binding's tests in the build directory, and the environment that they run in."""
    home = build / "bindings" / language
    prefix, scratch = home / "prefix", home / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    library = install(build, prefix)
    declarations = header.declarations()
    (home / "header.json").write_text(json.dumps(declarations))
    stubs.build(home / "stubs", declarations["functions"])
    environment = dict(
        os.environ,
        MOBIVATE_ROOT=str(ROOT),
        MOBIVATE_PYTHON=sys.executable,
        MOBIVATE_LANGUAGE=language,
        MOBIVATE_LIBRARY=str(library),
        MOBIVATE_PREFIX=str(prefix),
        MOBIVATE_STUBS=str(home / "stubs"),
        MOBIVATE_HEADER=str(home / "header.json"),
        MOBIVATE_SCRATCH=str(scratch),
        MOBIVATE_RESULT=str(home / "result.json"),
        PKG_CONFIG_PATH=str(library.parent / "pkgconfig"),
        # Nothing is written into the sources.
        PYTHONDONTWRITEBYTECODE="1",
    )
    # A test must not pass because of what this user has set.
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY", "PYTHONUNBUFFERED"):
        environment.pop(name, None)
    return home, environment


def programs(language, build):
    """The commands of a binding's `agent` and `native`, and their environment; None where the language's tools are missing."""
    _, environment = prepare(language, build)
    # Some find the library by the loader's own way alone.
    environment["LD_LIBRARY_PATH"] = str(pathlib.Path(environment["MOBIVATE_LIBRARY"]).parent)
    built = subprocess.run([ROOT / "bindings" / language / "build"], env=environment, stdout=subprocess.PIPE, text=True)
    if built.returncode == SKIPPED:
        return None
    if built.returncode != 0:
        raise RuntimeError(f"bindings/{language}/build ended with {built.returncode}:\n{built.stdout}")
    scratch = pathlib.Path(environment["MOBIVATE_SCRATCH"])
    return {
        name: (scratch / name).read_text().splitlines() for name in ("agent", "native") if (scratch / name).exists()
    }, environment


def main():
    parser = argparse.ArgumentParser(description="Run the tests of one binding.")
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--build-dir", required=True, type=pathlib.Path)
    arguments = parser.parse_args()

    home, environment = prepare(arguments.language, arguments.build_dir.resolve())
    result = home / "result.json"
    result.unlink(missing_ok=True)
    script = ROOT / "bindings" / arguments.language / "test"
    finished = subprocess.run([sys.executable, ROOT / "tests/standin", "--", script], env=environment)
    if finished.returncode == SKIPPED:
        result.write_text(json.dumps({"language": arguments.language, "runtime": None}))
    elif not result.exists():
        sys.exit(f"{script} did not run the conformance cases to their end")
    sys.exit(finished.returncode)


if __name__ == "__main__":
    main()
