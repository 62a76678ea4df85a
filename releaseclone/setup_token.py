"""The token that lets a person on another machine make the first owner."""

import os
import secrets
from pathlib import Path

_FILE = "setup-token"


def read_or_make(data: Path) -> str:
    """The token, kept in the data folder, readable by the owner of the folder alone."""
    path = data / _FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(16))
    return path.read_text().strip()
