#!/usr/bin/env python3
"""Chromium that hears of no network that comes or goes.

It drops every connection when the machine's addresses change, as they do with each container that
another test starts beside it (``net::ERR_NETWORK_CHANGED``), and has no switch against that. Here
the kernel refuses it the sockets by which it would hear.
"""

import ctypes
import errno
import os
import socket
import struct
import sys

_SOCKET = {"x86_64": 41, "aarch64": 198}
"""The number of the system call, by the machine."""
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _FIRST_ARGUMENT = 0, 16
"""Offsets into ``struct seccomp_data``."""
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
"""Of prctl(2)."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def deafen(number: int) -> None:
    """From now on no socket of the family netlink, in this process and all that it starts."""
    steps = (
        (_LOAD, 0, 0, _NUMBER),
        (_IF_EQUAL, 0, 3, number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, int(socket.AF_NETLINK)),
        (_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (_SECCOMP, _FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    number = _SOCKET.get(os.uname().machine)
    if number is not None:
        deafen(number)
    os.execvp("chromium", ["chromium", *sys.argv[1:]])  # noqa: S606
