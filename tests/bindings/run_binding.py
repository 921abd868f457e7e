# SPDX-License-Identifier: MIT
"""Runs the tests of one binding: python3 -m tests.bindings.run_binding LANGUAGE --build-dir DIR

Installs the built library into a prefix of the test's own, starts a stand-in, and runs bindings/LANGUAGE/test in
this environment:

  MOBIVATE_LIBRARY   the shared library            PKG_CONFIG_PATH     where mobivate.pc is
  MOBIVATE_PREFIX    the prefix                    MOBIVATE_STANDIN    the stand-in's facts, a line of JSON
  MOBIVATE_CASES     cases.json                    MOBIVATE_HEADER     header.py's JSON, in a file
  MOBIVATE_SCRATCH   a folder to build in          MOBIVATE_RESULT     the file to report to

The script reports {"language", "runtime", "passed", "failed", "skipped"} into MOBIVATE_RESULT, which the closing
summary prints, and exits with 0, with 77 where the language's tools are missing (it says which), or with 1.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

from tests.bindings import header

ROOT = pathlib.Path(__file__).resolve().parents[2]


def prepare(language, build):
    """The folder of a binding's tests in the build directory, and the environment that they run in."""
    home = build / "bindings" / language
    prefix, scratch = home / "prefix", home / "scratch"
    shutil.rmtree(prefix, ignore_errors=True)
    scratch.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cmake", "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    library = next(prefix.glob("lib*/**/libmobivate.so.1"))
    (home / "header.json").write_text(json.dumps(header.declarations()))
    environment = dict(
        os.environ,
        MOBIVATE_LIBRARY=str(library), MOBIVATE_PREFIX=str(prefix),
        MOBIVATE_CASES=str(ROOT / "tests/bindings/cases.json"), MOBIVATE_HEADER=str(home / "header.json"),
        MOBIVATE_SCRATCH=str(scratch), MOBIVATE_RESULT=str(home / "result.json"),
        PKG_CONFIG_PATH=str(library.parent / "pkgconfig"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        environment.pop(name, None)
    return home, environment


def programs(language, build):
    """The commands of a binding's programs, and their environment; None where the language's tools are missing."""
    _, environment = prepare(language, build)
    # Some find the library by the loader's own way alone.
    environment["LD_LIBRARY_PATH"] = str(pathlib.Path(environment["MOBIVATE_LIBRARY"]).parent)
    built = subprocess.run([ROOT / "bindings" / language / "programs"], env=environment, stdout=subprocess.PIPE, text=True)
    if built.returncode == 77:
        return None
    if built.returncode != 0:
        raise RuntimeError(f"bindings/{language}/programs ended with {built.returncode}:\n{built.stdout}")
    return json.loads(built.stdout.splitlines()[-1]), environment


def main():
    parser = argparse.ArgumentParser(description="Run the tests of one binding.")
    parser.add_argument("language")
    parser.add_argument("--build-dir", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    script = ROOT / "bindings" / arguments.language / "test"
    if not script.exists():
        parser.error(f"there is no {script}; the languages are the folders of bindings/")

    home, environment = prepare(arguments.language, arguments.build_dir.resolve())
    result = home / "result.json"
    result.unlink(missing_ok=True)
    finished = subprocess.run([sys.executable, ROOT / "tests/standin", "--", script], env=environment, cwd=script.parent)
    if finished.returncode == 0 and not result.exists():
        sys.exit(f"{script} reported nothing into MOBIVATE_RESULT")
    if finished.returncode == 77:
        result.write_text(json.dumps({"language": arguments.language, "runtime": None}))
    sys.exit(finished.returncode)


if __name__ == "__main__":
    main()
