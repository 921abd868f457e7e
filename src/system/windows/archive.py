# SPDX-License-Identifier: MIT
"""What a build installs, as one file with the same bytes each time: archive.py CMAKE BUILD_DIR NAME DATE"""

import datetime
import pathlib
import shutil
import subprocess
import sys
import zipfile


def main():
    cmake, build, name, date = sys.argv[1:]
    build = pathlib.Path(build)
    prefix, archive = build / "archive" / name, build / f"{name}.zip"
    shutil.rmtree(prefix.parent, ignore_errors=True)
    subprocess.run([cmake, "--install", build, "--prefix", prefix, "--strip"], check=True, stdout=subprocess.DEVNULL)
    when = datetime.datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").timetuple()[:6]
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(path for path in prefix.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(prefix.parent)), when)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, file.read_bytes())
    print(archive)


if __name__ == "__main__":
    main()
