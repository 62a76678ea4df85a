"""One runner for one data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from releaseclone.run.errors import CannotRun

_FILE = "runner.lock"


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Hold the data folder; ``CannotRun`` names the process that holds it already.

    The kernel frees it when this process ends, in whatever way; the parts do not inherit it.
    """
    with (data / _FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            file.seek(0)
            raise CannotRun(
                f"it runs already, as process {file.read().strip()}. Stop that one, or give this "
                "one a folder of its own by RELEASECLONE_DATA."
            ) from held
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
