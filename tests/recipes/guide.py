# SPDX-License-Identifier: MIT
"""The table of the recipes in src/manual/guides/recipes.md, made of their recipe.json.

python3 -m tests.recipes.guide            writes the table
python3 -m tests.recipes.guide --check    fails where it is not true
"""

import re
import sys

from tests.recipes import recipe as recipes

GUIDE = recipes.ROOT / "src/manual/guides/recipes.md"
HEAD = "| language | by way of | file | lines | Debian's packages |\n| --- | --- | --- | --- | --- |\n"
TABLE = re.compile(re.escape(HEAD) + r"(\|.*\|\n)*")


def row(recipe):
    path = f"../../../bindings/recipes/{recipe.name}/{recipe.file}"
    packages = ", ".join(f"`{package.split('/')[0]}`" for package in recipe.packages)
    others = "".join(f", npm's `{package.rpartition('@')[0]}`" for package in recipe.npm)
    return f"| {recipe.language} | {recipe.ffi} | [{recipe.file}]({path}) | {recipe.lines} | {packages}{others} |\n"


def with_table(text):
    table = HEAD + "".join(row(recipe) for recipe in recipes.load_all())
    found, count = TABLE.subn(lambda _: table, text)
    if count != 1:
        raise AssertionError(f"{GUIDE} has {count} tables of recipes, not one")
    return found


def main():
    text = GUIDE.read_text()
    wanted = with_table(text)
    if sys.argv[1:] == ["--check"]:
        if text != wanted:
            sys.exit(f"{GUIDE.relative_to(recipes.ROOT)} is not what the recipes say. Run: python3 -m tests.recipes.guide")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        GUIDE.write_text(wanted)


if __name__ == "__main__":
    main()
