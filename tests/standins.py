"""Images for the names that the examples ask for, made of what this machine has.

No registry is asked: Python is the one that runs the tests, the database the Valkey that the
product brings, and busybox is beside them as in ``tests.containers``.
"""

import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from releaseclone.run.parts import find_broker
from tests.containers import Podman, busybox_root

PYTHON = "docker.io/library/python:3.11-slim"
REDIS = "docker.io/library/redis:7"
_LEFT_OUT = ("test", "tests", "site-packages", "dist-packages", "__pycache__", "idlelib")


def bring(podman: Podman) -> None:
    """Have the base images of the examples in the engine's store."""
    podman.run("import", "--change", "CMD python3", "-", PYTHON, given=_python())
    podman.run("import", "--change", "CMD redis-server", "-", REDIS, given=_redis())


def _python() -> bytes:
    prefix = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    program = (prefix / "bin" / version).resolve()
    modules = prefix / "lib" / version
    libraries = _libraries_of([program, *modules.glob("lib-dynload/*.so")])
    with _Image() as image:
        image.add(program, *libraries)
        image.add_tree(modules)
        image.link("bin/python3", str(program))
        return image.packed()


def _redis() -> bytes:
    program = find_broker()
    with _Image() as image:
        image.add(*_libraries_of([program]))
        image.add_as("bin/redis-server", program)
        return image.packed()


def _libraries_of(programs: Iterable[Path]) -> Iterator[Path]:
    """The shared libraries that they load, the loader included."""
    asked = ["ldd", *map(str, programs)]
    told = subprocess.run(asked, capture_output=True, check=False, text=True).stdout
    words = {word for line in told.splitlines() for word in line.split() if "/" in word}
    return (Path(word) for word in sorted(words) if not word.endswith(":"))


class _Image:
    """A file system that grows on the one of busybox; each file stands where it stands here."""

    def __init__(self) -> None:
        self._into = BytesIO(busybox_root())
        self._tar = tarfile.open(fileobj=self._into, mode="a")  # noqa: SIM115 - ends in packed

    def __enter__(self) -> "_Image":
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def add(self, *files: Path) -> None:
        """The files, each with what its links lead to."""
        for file in files:
            self.add_as(str(file).lstrip("/"), file.resolve())

    def add_as(self, name: str, file: Path) -> None:
        """The file under another name."""
        self._tar.add(file, name)

    def add_tree(self, folder: Path) -> None:
        """The folder, without what no program of the examples reads."""
        self._tar.add(folder, str(folder).lstrip("/"), filter=_wanted)

    def link(self, name: str, target: str) -> None:
        """A symbolic link."""
        made = tarfile.TarInfo(name)
        made.type, made.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(made)

    def packed(self) -> bytes:
        """All of it as a tar."""
        self._tar.close()
        return self._into.getvalue()


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(member.name).name
    return None if name in _LEFT_OUT or name.startswith("config-") else member
