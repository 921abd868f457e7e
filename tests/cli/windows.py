# SPDX-License-Identifier: MIT
"""The tests of the tool with mbv.exe under wine: what of them is left out, and why.

MBV_TOOL_WINDOWS says that MBV_TOOL runs it."""

import os
import signal

IS_WINDOWS = "MBV_TOOL_WINDOWS" in os.environ

# What asks the tool to end, of what can be sent to a process. wine makes a Ctrl-C of SIGINT, and has nothing for the others.
ENDING = (signal.SIGINT,) if IS_WINDOWS else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
TERMINATE = ENDING[0] if IS_WINDOWS else signal.SIGTERM

ATTRIBUTES = "immutable and append-only files are Linux's; tests.cli.test_windows has the read-only ones of Windows"
CONSOLE = "a terminal is a console there, see tests.cli.test_windows"
DESCRIPTORS = "wine makes handles of its own of what the caller has closed, see tests.cli.test_windows"
ENCODING = "an argument is UTF-16 there, and wine makes a valid one of any bytes"
LIMITS = "limits of a process and other users are Unix's, and wine itself cannot work under them"
LINKS = "wine follows symbolic links before the tool can see them"
MOUNTS = "no single file is mounted there, and wine does not work in a mount namespace of its own"
NO_FIFO = "FIFOs and what is in /dev are not Windows's"
SIGNALS = "signals that are ignored are Unix's"

LEFT_OUT = {
    "Created.test_no_thread_is_needed": LIMITS,
    "Delivery.test_all_standard_descriptors_closed": DESCRIPTORS,
    "Delivery.test_closed_stdout": DESCRIPTORS,
    "Delivery.test_pipe_closed_before": DESCRIPTORS,
    "Delivery.test_stdout_open_for_reading_only": DESCRIPTORS,
    "Delivery.test_stderr_fails_as_well": DESCRIPTORS,
    "Delivery.test_bind_mounted_file_is_written_in_place": MOUNTS,
    "Delivery.test_bind_mounted_file_of_another_run": MOUNTS,
    "Delivery.test_bind_mounted_file_stays_on_failure": MOUNTS,
    "Delivery.test_bind_mounted_file_that_is_read_only": MOUNTS,
    "Delivery.test_bind_mounted_file_that_others_can_read": MOUNTS,
    "Delivery.test_file_size_limit": LIMITS,
    "Delivery.test_file_size_limit_is_found_before": LIMITS,
    "Delivery.test_file_system_that_fills_up_during_the_call": MOUNTS,
    "Delivery.test_file_that_is_mounted_over_during_the_call": MOUNTS,
    "Delivery.test_full_file_system_is_found_before": MOUNTS,
    "Delivery.test_immutable_and_append_only_directories": ATTRIBUTES,
    "Delivery.test_immutable_and_append_only_files": ATTRIBUTES,
    "Delivery.test_pipe_that_nobody_reads": "threads are waited for there, see tests.cli.test_windows",
    "Delivery.test_protected_file_of_another_user": LIMITS,
    "Delivery.test_read_only_directory": LIMITS,
    "Delivery.test_read_only_file_system": MOUNTS,
    "Delivery.test_stdout_on_a_full_file_system": MOUNTS,
    "Delivery.test_symbolic_links_are_refused": LINKS,
    "Json.test_path_that_is_not_utf8": ENCODING,
    "Leaks.test_as_an_ordinary_user": LIMITS,
    "Leaks.test_no_core_dumps": LIMITS,
    "Lock.test_what_another_user_has_put_in_the_way": LIMITS,
    "Lock.test_what_lies_in_the_way_is_never_written": LINKS + ", see tests.cli.test_windows",
    "Password.test_dev_stdin": NO_FIFO,
    "Password.test_dev_stdin_as_a_file": NO_FIFO,
    "Password.test_interrupted_fifo_without_a_writer": NO_FIFO,
    "Password.test_process_substitution": NO_FIFO,
    "Password.test_terminal_as_a_file": CONSOLE,
    "Signals.test_ignored_signals_stay_ignored": SIGNALS,
    "TestKey.test_typed": CONSOLE,
    "Usage.test_username_that_the_library_refuses": ENCODING,
    "Rotate.test_directory_that_cannot_be_written": LIMITS,
    "Rotate.test_file_that_cannot_be_read": LIMITS,
    "Rotate.test_full_file_system": MOUNTS,
    "Rotate.test_mount_point": MOUNTS,
    "Rotate.test_read_only_file_system": MOUNTS,
    "Rotate.test_what_is_waited_for_is_told_on_a_terminal": CONSOLE,
}
LEFT_OUT_CLASSES = {
    "Prompt": CONSOLE,
    "Examples": "systemd and cron are Linux's",
}


def why_left_out(test):
    """The reason, where a test is; None for one that runs."""
    _, of, name = test.id().rsplit(".", 2)
    return (LEFT_OUT_CLASSES.get(of) or LEFT_OUT.get(f"{of}.{name}")) if IS_WINDOWS else None
