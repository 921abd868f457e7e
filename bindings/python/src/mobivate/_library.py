# SPDX-License-Identifier: MIT
"""libmobivate itself: where it is, and its functions as mobivate.h declares them."""

from __future__ import annotations

import ctypes
import functools
import os

DEFAULT_NAME = "libmobivate.so.1"
OLDEST = 10000
TOO_NEW = 20000

# Room for the longest key there is, so that none is left to be taken with mbv_take_key.
KEY_CAPACITY = 4097

# Result and parameters of the functions that are used here. A client is a pointer to void.
DECLARATIONS = {
    "mbv_new": (ctypes.c_void_p, []),
    "mbv_free": (None, [ctypes.c_void_p]),
    "mbv_set": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]),
    "mbv_create_key": (
        ctypes.c_int32,
        [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_size_t),
        ],
    ),
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


@functools.lru_cache(maxsize=None)
def load() -> ctypes.CDLL:
    """The library, loaded by the first call."""
    named = os.environ.get("MOBIVATE_LIBRARY")
    if named:
        where = f"{named}, which MOBIVATE_LIBRARY names,"
    else:
        where = f"{DEFAULT_NAME}, on the dynamic loader's search path,"
    install = "install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY."
    try:
        library = ctypes.CDLL(named or DEFAULT_NAME)
    except OSError as error:
        raise ImportError(f"{where} could not be loaded ({error}); {install}", name=__name__) from error
    try:
        for name, (result, parameters) in DECLARATIONS.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = parameters
    except AttributeError as error:
        raise ImportError(f"{where} is not libmobivate 1.x ({error}); {install}", name=__name__) from error
    if not OLDEST <= library.mbv_version_number() < TOO_NEW:
        found = library.mbv_version().decode()
        raise ImportError(
            f"{where} has version {found}, and 1.0.0 or newer, and below 2, is needed; {install}",
            name=__name__,
        )
    return library
