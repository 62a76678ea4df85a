"""What builders fulfil, and the plain values that pass between them and the house."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RegistryCredentials:
    """How to sign in to one registry (host, with a port where it has one)."""

    registry: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """One image to be built from ``folder``, a checkout.

    ``context`` and ``dockerfile`` are paths inside it; ``target`` "" is the last stage. Secret
    arguments are left in no log, label or history of the image. ``text``: the Dockerfile itself,
    where the repository has none.
    """

    folder: Path
    context: str
    dockerfile: str
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    secret_arguments: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What an image would be built from: the same ``digest`` for the same files, the text of its
    Dockerfile, the images that it begins from, and for which platform."""

    digest: str
    dockerfile: str
    bases: tuple[str, ...]
    platform: str


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image that the store has; ``identifier`` names exactly this one, ``size`` in bytes."""

    identifier: str
    size: int
    history: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


class BuildError(Exception):
    """An image could not be had; the text may be read by a person.

    ``line`` of the Dockerfile and its ``instruction`` where one of its steps failed.
    """

    def __init__(self, message: str, *, line: int = 0, instruction: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.instruction = instruction


class Stopped(Exception):
    """What was asked for is not wanted any more: nothing of it was kept."""


Telling = Callable[[Sequence[str]], None]
"""Takes whole lines of output as they come."""

Unwanted = Callable[[], bool]
"""Asked several times a second: whether to stop."""


class Builder(Protocol):
    """Builds images, and brings and keeps those of others. Raises only ``BuildError``, and
    ``Stopped`` where ``unwanted`` said so."""

    def look_into(self, order: BuildOrder) -> BuildContext: ...

    def build(self, order: BuildOrder, *, tell: Telling, unwanted: Unwanted) -> StoredImage: ...

    def tag(self, identifier: str, tags: Sequence[str]) -> None:
        """Let an image that is there be called by these names too."""

    def find(self, image: str) -> StoredImage | None:
        """The image of this name or identifier, if the store has it."""

    def pull(
        self,
        image: str,
        *,
        credentials: Sequence[RegistryCredentials],
        tell: Telling,
        unwanted: Unwanted,
    ) -> StoredImage:
        """Fetch it from its registry, the progress told in lines that a person reads."""

    def push(
        self,
        identifier: str,
        name: str,
        *,
        credentials: Sequence[RegistryCredentials],
        tell: Telling,
        unwanted: Unwanted,
    ) -> str:
        """Bring it to a registry under this name; how it is named there, by digest."""

    def remove(self, identifier: str) -> None:
        """Forget the image and its tags; nothing happens where it is gone or in use."""
