# SPDX-License-Identifier: MIT
"""Libraries that a binding has to refuse by name: other versions of libmobivate, and one that is not all there. And a newer 1.x,
which it has to take.

Each exports what the header declares and does nothing, so that a binding finds out by asking for the version.
"""

import os
import subprocess

# The folder's name: the version that the library tells, and the functions that it lacks.
ADDED_IN_1_1 = ("mbv_get_key", "mbv_test_key", "mbv_status_message")
STUBS = {
    "0.9.0": ("0.9.0", ()),
    "1.0.0": ("1.0.0", ADDED_IN_1_1),
    "2.0.0": ("2.0.0", ()),
    "1.99.99": ("1.99.99", ()),
    "incomplete": ("1.1.0", ("mbv_take_key",)),
}


def nodes(lacking):
    """The version script. A library of 1.0 has no node of 1.1, which is what the loader looks for."""
    added = [name for name in ADDED_IN_1_1 if name not in lacking]
    return (f"MBV_1.1 {{ global: {'; '.join(added)}; }};\n" if added else "") + "MBV_1 { global: mbv_*; local: *; };\n"


def source(functions, version, lacking):
    major, minor, patch = (int(part) for part in version.split("."))
    bodies = {
        "mbv_version": f'const char *mbv_version(void) {{ return "{version}"; }}',
        "mbv_version_number": f"int mbv_version_number(void) {{ return {major * 10000 + minor * 100 + patch}; }}",
    }
    return "\n".join(bodies.get(name, f"int {name}(void) {{ return 0; }}") for name in functions if name not in lacking)


def build(folder, functions):
    """Makes FOLDER/NAME/libmobivate.so.1 for each stub, where that is not done yet."""
    for name, (version, lacking) in STUBS.items():
        library = folder / name / "libmobivate.so.1"
        texts = {library.with_name("stub.c"): source(functions, version, lacking), library.with_name("stub.map"): nodes(lacking)}
        if library.exists() and all(file.exists() and file.read_text() == text for file, text in texts.items()):
            continue
        library.parent.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            file.write_text(text)
        code, version_script = texts
        subprocess.run(
            [
                os.environ.get("CC", "cc"),
                "-shared",
                "-fPIC",
                "-Wl,-soname,libmobivate.so.1",
                f"-Wl,--version-script={version_script}",
                "-o",
                library,
                code,
            ],
            check=True,
        )
        unversioned = library.with_name("libmobivate.so")
        if not unversioned.is_symlink():
            unversioned.symlink_to(library.name)
