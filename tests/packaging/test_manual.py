# SPDX-License-Identifier: MIT
"""The pages of section 3 say what the header says: python3 -m tests.packaging.test_manual"""

import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from tests.packaging.support import ROOT, run

from tests.bindings import header

MANUAL = ROOT / "src/manual"


class Manual(unittest.TestCase):
    def test_the_pages_are_what_the_header_says(self):
        run(sys.executable, MANUAL / "generate.py", "--check")

    def test_a_change_of_the_header_alone_is_noticed(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            shutil.copytree(ROOT / "include", folder / "include")
            shutil.copytree(MANUAL, folder / "src/manual")
            changed = folder / "include/mobivate.h"
            changed.write_text(changed.read_text().replace("default 30000.", "default 40000."))
            with self.assertRaisesRegex(
                AssertionError, r"mbv_set\.3 is not what .* from line \d+ on\. Run: python3 src/manual/generate\.py"
            ):
                run(sys.executable, folder / "src/manual/generate.py", "--check")

    def test_mandoc_finds_nothing(self):
        self.assertEqual(run("mandoc", "-T", "lint", "-W", "warning", *MANUAL.glob("*.3")), "")

    def test_every_function_has_a_page_with_its_parameters(self):
        functions = header.declarations()["functions"]
        self.assertEqual({path.stem for path in MANUAL.glob("*.3")}, {"libmobivate", *functions})
        for name, function in functions.items():
            text = (MANUAL / f"{name}.3").read_text()
            self.assertEqual(re.search(r'^\.Ft "(.*)"$', text, re.MULTILINE)[1], function["returns"], name)
            parameters = [header.parameter_type(parameter) for parameter in re.findall(r'^\.Fa "(.*)"$', text, re.MULTILINE)]
            self.assertEqual([parameter for parameter in parameters if parameter], function["parameters"], name)

    def test_every_status_key_state_and_option_is_told(self):
        declared = header.declarations()
        overview = self.shown("libmobivate.3")
        for name in (*declared["status"], *declared["key_states"], *declared["constants"], *declared["functions"]):
            self.assertIn(name, overview)
        options = re.findall(
            r"^ \*   ([a-z_]+) {2,}", (ROOT / "include/mobivate.h").read_text().split("mbv_set(")[0], re.MULTILINE
        )
        self.assertIn("base_url", options)
        for name in options:
            self.assertIn(name, self.shown("mbv_set.3"))

    def test_each_name_stands_where_it_belongs(self):
        declared = header.declarations()
        text = (MANUAL / "libmobivate.3").read_text()
        for title, names in (
            ("STATUS VALUES", declared["status"]),
            ("KEY STATES", declared["key_states"]),
            ("CONSTANTS", {*declared["constants"], "MBV_VERSION", "MBV_NUL_TERMINATED"}),
        ):
            section = re.search(rf"^\.Sh {title}\n(.*?)^\.Sh ", text, re.MULTILINE | re.DOTALL)[1]
            self.assertEqual(sorted(re.findall(r"^\.It Dv (\w+)$", section, re.MULTILINE)), sorted(names), title)

    def shown(self, name):
        return re.sub(".\b", "", run("mandoc", "-T", "ascii", MANUAL / name))


if __name__ == "__main__":
    unittest.main()
