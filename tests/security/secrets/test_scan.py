# SPDX-License-Identifier: MIT
"""What the scan for secrets makes of a file that is mapped: python3 -m tests.security.secrets.test_scan"""

import mmap
import os
import secrets
import tempfile
import unittest

from tests.security.secrets.scan import Needle, scan


class Scan(unittest.TestCase):
    def test_a_fragment_that_is_the_files_own_is_no_copy(self):
        text = secrets.token_hex(12)
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"-" * 5000 + text[:8].encode() + b"-" * 5000)
            file.flush()
            with mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) as mapped:
                needle = Needle("text", text.encode())
                del text
                self.assertEqual(self.places(needle, file.name), [])
                mapped[100:108] = needle.text()[8:16]
                self.assertEqual(len(self.places(needle, file.name)), 1)
                mapped[200:224] = needle.text()
                self.assertEqual(len(self.places(needle, file.name)), 2)
            # What is written into a shared mapping is in the file, too.
            with mmap.mmap(file.fileno(), 0) as mapped:
                mapped[5000:5008] = b"-" * 8
                mapped[100:108] = needle.text()[8:16]
                self.assertEqual(len(self.places(needle, file.name)), 1)

    def places(self, needle, name):
        return [place for place in scan(os.getpid(), [needle])["text"]["places"] if place.endswith(name)]


if __name__ == "__main__":
    unittest.main(verbosity=1)
