"""Runs one command on a terminal as an instance's program runs, and lets nothing outlive it.

Started with the path of the engine's folder, the namespace, the instance and the command. Its
output is the terminal; its input says nothing, but ends when whoever holds the terminal closes it
or dies.
"""

import fcntl
import os
import select
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

from environments.engines.process import linux
from environments.engines.process.launcher import NOT_FOUND, end_with
from environments.engines.process.places import Places, Program, read_program

_GRACE_SECONDS = 0.5
_LIFELINE, _SCREEN = 0, 1


def main(arguments: Sequence[str]) -> int:
    """The exit status of the command."""
    folder, namespace, name, *command = arguments
    linux.adopt_orphans()
    program = read_program(Places(Path(folder)).program(namespace, name))
    if program is None:
        return _said(f"{name} has been removed")
    try:
        child = _start(program, command)
    except OSError as wrong:
        return _said(f"{command[0]}: {wrong.strerror}")
    try:
        return _watch(child)
    finally:
        linux.end(linux.descendants(os.getpid()), grace=_GRACE_SECONDS)


def _start(program: Program, command: Sequence[str]) -> subprocess.Popen[bytes]:
    attendant = os.getpid()

    def take_screen() -> None:
        end_with(attendant)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    return subprocess.Popen(
        command,
        cwd=program.folder,
        env={**program.variables, "TERM": "xterm-256color"},
        stdin=_SCREEN,
        stdout=_SCREEN,
        stderr=_SCREEN,
        start_new_session=True,
        preexec_fn=take_screen,
    )


def _watch(child: subprocess.Popen[bytes]) -> int:
    """Until the command ends, or nobody is left who sees it."""
    ends = os.pidfd_open(child.pid)
    ready, _, _ = select.select([_LIFELINE, ends], [], [])
    if ends not in ready:
        return 1
    status = child.wait()
    return status if status >= 0 else 128 - status


def _said(why: str) -> int:
    os.write(_SCREEN, f"{why}\r\n".encode())
    return NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
