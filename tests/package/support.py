# SPDX-License-Identifier: MIT
"""What the tests of what is installed have in common."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **options):
    finished = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if finished.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{finished.stdout}")
    return finished.stdout


def readme_block(language, mark):
    """The first fenced block of the README in that language that contains the mark."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if mark in block)


def version():
    """The version that CMakeLists.txt says."""
    return re.search(r"^project\(mobivate VERSION ([0-9.]+) ", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
