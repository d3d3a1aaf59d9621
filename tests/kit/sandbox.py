"""Runs a command under the hardening of a systemd unit: `python tests/kit/sandbox.py UNIT COMMAND …`.

systemd need not run: SystemCallFilter, MemoryDenyWriteExecute and NoNewPrivileges are functions of the kernel, and are set here as
systemd sets them. Only `systemd-analyze` is called, which lists the system calls of a group.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import subprocess
import sys
from pathlib import Path

SET_NO_NEW_PRIVILEGES, SET_MEMORY_DENY_WRITE_EXECUTE, REFUSE_EXECUTABLE_GAIN = 38, 65, 1  # prctl(2)
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM  # seccomp.h


def calls_of(name: str) -> set[str]:
    """The system calls of a group such as `@system-service`, or one call."""
    if not name.startswith("@"):
        return {name}
    command = ["systemd-analyze", "syscall-filter", "--no-pager", name]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = [line.strip() for line in listed.splitlines()[1:]]
    return set().union(*(calls_of(inner) for inner in names if inner and not inner.startswith("#")))


def calls_left(unit: str) -> set[str]:
    """The system calls that the SystemCallFilter lines of a unit allow: each line adds calls, or removes them with `~`."""
    left: set[str] = set()
    for value in re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE):
        named: set[str] = set().union(*map(calls_of, value.lstrip("~").split()))
        left = left - named if value.startswith("~") else left | named
    return left


def main() -> None:
    unit, *command = sys.argv[1:]
    text = Path(unit).read_text()
    calls = calls_left(text)
    assert calls
    libc, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(REFUSE)))
    for name in calls:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number != -1:  # -1: the architecture of this machine does not have the call
            seccomp.seccomp_rule_add(context, ctypes.c_uint32(ALLOW), number, ctypes.c_uint(0))
    if "MemoryDenyWriteExecute=yes" in text:
        libc.prctl(SET_MEMORY_DENY_WRITE_EXECUTE, REFUSE_EXECUTABLE_GAIN, 0, 0, 0)  # kernels before 6.3 do not know it
    assert libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
    assert seccomp.seccomp_load(context) == 0
    os.execvp(command[0], command)  # noqa: S606 — the purpose of this module


if __name__ == "__main__":
    main()
