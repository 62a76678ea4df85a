"""Brings the images that a template only names, so that nothing waits for a registry later."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures

from environments.core.ports import Builder, BuildError, RegistryCredentials, Stopped

_AT_ONCE = 4
_LOOK_SECONDS = 0.25
_ALWAYS_ASKED = ":latest"


class NotFetched(Exception):
    """``image`` could not be had; the text may be read by a person."""

    def __init__(self, image: str, reason: str) -> None:
        super().__init__(reason)
        self.image = image


def fetch(
    builder: Builder,
    images: Sequence[str],
    *,
    credentials: Sequence[RegistryCredentials],
    tell: Callable[[Sequence[str]], None],
    unwanted: Callable[[], bool],
) -> Mapping[str, str]:
    """The identifier of each image, fetched where the engine has it not; one whose tag moves
    (``latest``) is asked for anew, and the one that is there taken where its registry is away.

    ``tell`` is called by the caller's thread alone.
    """
    over = threading.Event()
    told: list[str] = []

    def one(image: str) -> str:
        there = builder.find(image)
        if there is not None and not _moves(image):
            return there.identifier
        try:
            fetched = builder.pull(
                image, credentials=credentials, tell=told.extend, unwanted=over.is_set
            )
        except BuildError as wrong:
            if there is None:
                raise NotFetched(image, str(wrong)) from wrong
            told.append(f"{image}: {wrong} The one that is there is used.")
            return there.identifier
        return fetched.identifier

    with futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        doing = {image: pool.submit(one, image) for image in dict.fromkeys(images)}
        try:
            while not all(future.done() for future in doing.values()):
                _tell(told, tell)
                if unwanted():
                    raise Stopped
                futures.wait(doing.values(), timeout=_LOOK_SECONDS)
            _tell(told, tell)
            return {image: future.result() for image, future in doing.items()}
        finally:
            over.set()


def _moves(image: str) -> bool:
    last = image.rpartition("/")[2]
    return "@" not in image and (":" not in last or last.endswith(_ALWAYS_ASKED))


def _tell(told: list[str], tell: Callable[[Sequence[str]], None]) -> None:
    lines = list(told)
    if lines:
        del told[: len(lines)]  # others may have been added meanwhile
        tell(lines)
