# SPDX-License-Identifier: MIT
"""The recipes of bindings/recipes: what recipe.json says, and the packages that they need.

python3 -m tests.recipes.recipe packages    prints the Debian packages of all that are not slow
"""

import dataclasses
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "bindings/recipes"


@dataclasses.dataclass
class Recipe:
    """One language's recipe.json. bindings/recipes/README.md describes the members."""

    folder: pathlib.Path
    language: str
    ffi: str
    file: str
    packages: list
    tools: list
    version: list
    run: list
    build: list = dataclasses.field(default_factory=list)
    format: list = dataclasses.field(default_factory=list)
    slow: bool = False
    npm: list = dataclasses.field(default_factory=list)
    path: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        if self.npm and not self.slow:
            raise ValueError("what comes from npm is slow")

    @property
    def name(self):
        return self.folder.name

    @property
    def source(self):
        return self.folder / self.file

    @property
    def lines(self):
        return len(self.source.read_text().splitlines())


def load(name):
    folder = FOLDER / name
    try:
        return Recipe(folder=folder, **json.loads((folder / "recipe.json").read_text()))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{folder / 'recipe.json'}: {error}") from error


def load_all():
    return sorted((load(path.parent.name) for path in FOLDER.glob("*/recipe.json")), key=lambda recipe: recipe.language.lower())


if __name__ == "__main__":
    if sys.argv[1:] != ["packages"]:
        sys.exit(__doc__)
    print(*sorted({package for recipe in load_all() if not recipe.slow for package in recipe.packages}), sep="\n")
