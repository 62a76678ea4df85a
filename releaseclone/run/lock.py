"""One runner for each part that cannot run twice on one data folder."""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from releaseclone.run.errors import CannotRun

SINGLE = ("broker", "engine", "caddy", "beat")
"""They have sockets, ports or files of their own in the folder; there may be many of the others."""


@contextmanager
def hold(data: Path, parts: Collection[str]) -> Iterator[None]:
    """Hold these parts of the data folder; ``CannotRun`` names the process that holds one already.

    The kernel frees them when this process ends, in whatever way; the parts do not inherit them.
    """
    with ExitStack() as held:
        for part in SINGLE:
            if part in parts:
                held.enter_context(_hold_one(data / "locks", part))
        yield


@contextmanager
def _hold_one(folder: Path, part: str) -> Iterator[None]:
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / part).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            file.seek(0)
            raise CannotRun(
                f"it runs already: process {file.read().strip()} runs the {part} of this folder. "
                "Stop that one, or give this one a folder of its own by RELEASECLONE_DATA."
            ) from held
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
