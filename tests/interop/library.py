# SPDX-License-Identifier: MIT
"""The library as a program without any binding sees it: by dlopen."""

import collections
import ctypes
import os

KEY_STATES = ("unchanged", "replaced", "unknown")

Result = collections.namedtuple("Result", "status key_state http_status key message")


def load(path):
    library = ctypes.CDLL(path)
    library.mbv_new.restype = ctypes.c_void_p
    for name in ("mbv_free", "mbv_cancel", "mbv_uncancel", "mbv_key_state", "mbv_http_status"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    library.mbv_set.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    library.mbv_create_key.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_void_p,
    ]
    library.mbv_error_message.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    library.mbv_error_message.restype = ctypes.c_size_t
    library.mbv_status_name.restype = ctypes.c_char_p
    return library


class Client:
    def __init__(self, base_url, **options):
        self.library = load(os.environ["MOBIVATE_LIBRARY"])
        self.handle = self.library.mbv_new()
        for name, value in dict({"base_url": base_url, "proxy": ""}, **options).items():
            self.set(name, value)

    def set(self, name, value):
        if self.library.mbv_set(self.handle, name.encode(), str(value).encode()) != 0:
            raise ValueError(self.message())

    def message(self):
        buffer = ctypes.create_string_buffer(2048)
        self.library.mbv_error_message(self.handle, buffer, len(buffer))
        return buffer.value.decode()

    def create_key(self, username, password):
        key = ctypes.create_string_buffer(256)
        username, password = username.encode(), password.encode()
        status = self.library.mbv_create_key(self.handle, username, len(username), password, len(password), key, len(key), None)
        return Result(
            self.library.mbv_status_name(status).decode(),
            KEY_STATES[self.library.mbv_key_state(self.handle)],
            self.library.mbv_http_status(self.handle),
            key.value.decode(),
            self.message(),
        )

    def cancel(self):
        self.library.mbv_cancel(self.handle)

    def close(self):
        self.library.mbv_free(self.handle)
        self.handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
