"""The token that lets a person on another machine make the first owner."""

import secrets
from functools import partial
from pathlib import Path

from releaseclone import kept

_FILE = "setup-token"


def read_or_make(data: Path) -> str:
    """The token, kept in the data folder, readable by the owner of the folder alone."""
    return kept.read_or_make(data / _FILE, partial(secrets.token_urlsafe, 16))
