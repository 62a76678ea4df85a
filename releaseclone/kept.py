"""Secrets that the product makes for itself at its first start and keeps in the data folder."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def read_or_make(path: Path, make: Callable[[], str]) -> str:
    """The text of the file; made where there is none, readable by the owner alone.

    Of several processes that make it at once one wins, and none sees half of it: also a full
    disk leaves no empty file behind.
    """
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-") as file:
            file.write(make())
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text().strip()
