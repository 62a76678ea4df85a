"""What a build needs, packed for the engine, and the digest of it."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from docker.utils.build import create_archive, exclude_paths

from environments.core.ports import BuildError

_IGNORE = ".dockerignore"
_OWN_NAME = ".releaseclone.Dockerfile"
"""Under which a Dockerfile that lies outside of the context is sent."""


@dataclass(frozen=True, slots=True)
class Packed:
    """``dockerfile``: its name inside of what is sent; ``text`` what it says."""

    root: Path
    paths: tuple[str, ...]
    dockerfile: str
    text: str
    outside: bool

    def archive(self) -> IO[bytes]:
        """A tar of all that is sent."""
        extra = [(self.dockerfile, self.text)] if self.outside else []
        packed: IO[bytes] = create_archive(str(self.root), files=self.paths, extra_files=extra)
        return packed

    def digest(self) -> str:
        """The same for the same files, whenever they were checked out."""
        made = hashlib.sha256()
        for path in sorted(self.paths):
            place = self.root / path
            about = place.lstat()
            made.update(f"{path}\0{stat.S_IFMT(about.st_mode)}\0{about.st_mode & 0o111}\0".encode())
            if stat.S_ISLNK(about.st_mode):
                made.update(os.fsencode(os.readlink(place)))
            elif stat.S_ISREG(about.st_mode):
                made.update(hashlib.sha256(place.read_bytes()).digest())
        return made.hexdigest()


def packed(folder: Path, *, context: str, dockerfile: str, text: str = "") -> Packed:
    """The context without what its ``.dockerignore`` names; ``BuildError`` where it is not there.

    ``dockerfile`` is looked for in the context first, then in the repository; ``text`` is one that
    is not looked for. A list of the Dockerfile's own (``Dockerfile.dockerignore`` beside it) goes
    before the context's.
    """
    root = _inside(folder, folder / context, f"the build context {context}")
    if not root.is_dir():
        raise BuildError(f"The repository has no folder {context} at this commit.")
    if text:
        paths = tuple(sorted(exclude_paths(str(root), _ignored(root / _IGNORE) or [])))
        return Packed(root, paths, _OWN_NAME, text, outside=True)
    candidates = (root / dockerfile, folder / dockerfile)
    found = next((one for one in candidates if one.is_file()), None)
    if found is None:
        where = "" if context in (".", "") else f" in {context}"
        raise BuildError(
            f"There is no {dockerfile}{where} at this commit. Add it, or correct build.dockerfile."
        )
    found = _inside(folder, found, f"the Dockerfile {dockerfile}")
    try:
        text = found.read_text()
    except (OSError, UnicodeDecodeError) as wrong:
        raise BuildError(f"{dockerfile} cannot be read: {wrong}.") from wrong
    outside = not found.is_relative_to(root)
    name = _OWN_NAME if outside else str(found.relative_to(root))
    ignored = _ignored(found.with_name(found.name + _IGNORE))
    if ignored is None:
        ignored = _ignored(root / _IGNORE) or []
    else:
        ignored.append(f"/{_IGNORE}")  # else the engine would leave out what that names too
    if ignored and not outside:
        ignored.append(f"!{name}")
    paths = tuple(sorted(exclude_paths(str(root), ignored, dockerfile=None if outside else name)))
    return Packed(root, paths, name, text, outside)


def _ignored(place: Path) -> list[str] | None:
    """What the list names; None where there is no such list."""
    try:
        lines = place.read_text(errors="replace").splitlines()
    except OSError:
        return None
    return list(_patterns(lines))


def _patterns(lines: list[str]) -> Iterator[str]:
    for line in lines:
        word = line.strip()
        if word and not word.startswith("#"):
            yield word


def _inside(folder: Path, place: Path, what: str) -> Path:
    found = place.resolve()
    if not found.is_relative_to(folder.resolve()):
        raise BuildError(f"{what[0].upper()}{what[1:]} leads out of the repository.")
    return found
