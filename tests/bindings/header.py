# SPDX-License-Identifier: MIT
"""The declarations of include/mobivate.h as JSON, for bindings to compare theirs with.

{"functions": {"mbv_set": {"returns": "int32_t", "parameters": ["mbv_client *", "const char *", "const char *"]}, ...},
 "status": {"MBV_OK": 0, ...}, "key_states": {"MBV_KEY_UNCHANGED": 0, ...}, "constants": {"MBV_KEY_CAPACITY": 256}}
"""

import json
import pathlib
import re
import sys

HEADER = pathlib.Path(__file__).resolve().parents[2] / "include" / "mobivate.h"


def parameter_type(text):
    """A parameter without its name, written one way: 'const char *'."""
    if text.strip() == "void":
        return None
    match = re.fullmatch(r"\s*(.*?)([A-Za-z_]\w*)\s*", text, re.DOTALL)
    words = re.sub(r"\s+", " ", match.group(1).replace("*", " * ")).strip()
    return words


def declarations(text=None):
    text = HEADER.read_text() if text is None else text
    without_comments = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    functions = {}
    for returns, name, parameters in re.findall(
        r"MBV_API\s+([\w\s]+?\*?)\s*MBV_CALL\s+(mbv_\w+)\(([^)]*)\)\s*MBV_NOEXCEPT;", without_comments
    ):
        types = [parameter_type(parameter) for parameter in parameters.split(",")]
        functions[name] = {
            "returns": re.sub(r"\s+", " ", returns.replace("*", " *")).strip(),
            "parameters": [parameter for parameter in types if parameter],
        }
    numbers = {
        name: int(value) for name, value in re.findall(r"^#define (MBV_\w+) \(?(-?\d+)\)?\s*$", without_comments, re.MULTILINE)
    }
    status = {name: value for name, value in numbers.items() if name == "MBV_OK" or name.startswith("MBV_ERR_")}
    key_states = {name: value for name, value in numbers.items() if name.startswith("MBV_KEY_") and name != "MBV_KEY_CAPACITY"}
    rest = {name: value for name, value in numbers.items() if name not in status and name not in key_states}
    return {"functions": functions, "status": status, "key_states": key_states, "constants": rest}


if __name__ == "__main__":
    json.dump(declarations(), sys.stdout, indent=1)
    print()
