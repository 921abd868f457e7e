# SPDX-License-Identifier: MIT
"""libmobivate itself: where it is, and its functions as mobivate.h declares them."""

from __future__ import annotations

import ctypes
import functools
import os

DEFAULT_NAME = "mobivate.dll" if os.name == "nt" else "libmobivate.so.1"
OLDEST = 10100
TOO_NEW = 20000

# Enough for the longest key, so that mbv_take_key is never needed.
KEY_CAPACITY = 4097

_KEY_CALL = [
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.POINTER(ctypes.c_size_t),
]

# Result and parameters of the functions that are used here. A client is a pointer to void.
DECLARATIONS = {
    "mbv_new": (ctypes.c_void_p, []),
    "mbv_free": (None, [ctypes.c_void_p]),
    "mbv_set": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]),
    "mbv_create_key": (ctypes.c_int32, _KEY_CALL),
    "mbv_get_key": (ctypes.c_int32, _KEY_CALL),
    "mbv_test_key": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
    "mbv_error_message": (ctypes.c_size_t, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
    "mbv_key_state": (ctypes.c_int32, [ctypes.c_void_p]),
    "mbv_http_status": (ctypes.c_int32, [ctypes.c_void_p]),
    "mbv_server_code": (ctypes.c_int32, [ctypes.c_void_p]),
    "mbv_server_message": (ctypes.c_size_t, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
    "mbv_retry_after_ms": (ctypes.c_int64, [ctypes.c_void_p]),
    "mbv_cancel": (None, [ctypes.c_void_p]),
    "mbv_uncancel": (None, [ctypes.c_void_p]),
    "mbv_version": (ctypes.c_char_p, []),
    "mbv_version_number": (ctypes.c_int32, []),
}


INSTALL = "Install libmobivate 1.1 or newer, or set MOBIVATE_LIBRARY to its file."


def open_library() -> tuple[ctypes.CDLL, str]:
    """The library and where it was found: what MOBIVATE_LIBRARY names and nothing else, or else the one
    beside this module, or else the system's."""
    named = os.environ.get("MOBIVATE_LIBRARY")
    if named:
        places = {f"{named} (from MOBIVATE_LIBRARY)": named}
        tried = []
    else:
        beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), DEFAULT_NAME)
        places = {
            f"{beside} (beside the package)": beside,
            f"{DEFAULT_NAME} (from the dynamic loader's search path)": DEFAULT_NAME,
        }
        tried = ["MOBIVATE_LIBRARY: not set"]
    for where, name in places.items():
        try:
            return ctypes.CDLL(name), where
        except OSError as error:
            tried.append(f"{where}: {error}")
    raise ImportError(f"cannot load libmobivate. Tried {'; '.join(tried)}. {INSTALL}", name=__name__)


@functools.lru_cache(maxsize=None)
def load() -> ctypes.CDLL:
    """The library, loaded by the first call."""
    library, where = open_library()
    try:
        # The version first: another one need not have all the functions.
        if not OLDEST <= library.mbv_version_number() < TOO_NEW:
            library.mbv_version.restype = ctypes.c_char_p
            found = library.mbv_version().decode()
            raise ImportError(
                f"found libmobivate {found} as {where}; this package needs >= 1.1.0, < 2. {INSTALL}",
                name=__name__,
            )
        for name, (result, parameters) in DECLARATIONS.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = parameters
    except AttributeError as error:
        raise ImportError(f"{where} is not libmobivate 1.x: {error}. {INSTALL}", name=__name__) from error
    return library
