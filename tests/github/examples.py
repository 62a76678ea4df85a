"""Payloads as GitHub sent them: the npm package of them, fetched once beside the tests' caches."""

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PACKAGE = "@octokit/webhooks-examples"
_VERSION = "7.6.1"
_FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "releaseclone-tests"


def archive() -> Path | None:
    """The package; None where there is no npm, or it cannot be fetched."""
    place = _FOLDER / f"webhooks-examples-{_VERSION}.tgz"
    if place.exists():
        return place
    if shutil.which("npm") is None:
        return None
    folder = _FOLDER / f"npm-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        subprocess.run(
            ["npm", "pack", "--silent", f"{_PACKAGE}@{_VERSION}"],
            cwd=folder,
            capture_output=True,
            check=False,
            timeout=120,
        )
        for fetched in folder.glob("*.tgz"):
            fetched.rename(place)
    finally:
        shutil.rmtree(folder)
    return place if place.exists() else None


def payloads() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with the name of its event; of GitHub, and of its Enterprise editions."""
    place = archive()
    if place is None:
        return
    with tarfile.open(place) as package:
        for member in package:
            content = package.extractfile(member) if member.name.endswith("index.json") else None
            for event in json.load(content) if content else ():
                for example in event["examples"]:
                    yield event["name"], example
