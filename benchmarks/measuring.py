"""Timing and telling, the same for every benchmark."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def own_data_folder() -> Path:
    """A folder for this run alone; must be called before the settings are read."""
    folder = Path(tempfile.mkdtemp(prefix="rc-bench-"))
    os.environ["RELEASECLONE_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "releaseclone.settings"
    os.environ.pop("DATABASE_URL", None)
    return folder


def seconds_of(act: Callable[[], object], *, rounds: int) -> list[float]:
    """How long each round took."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return taken


def interleaved(
    one: Callable[[], object], other: Callable[[], object], *, rounds: int
) -> tuple[list[float], list[float]]:
    """Both in turns, so that the machine's moods meet both alike."""
    first: list[float] = []
    second: list[float] = []
    for _ in range(rounds):
        first += seconds_of(one, rounds=1)
        second += seconds_of(other, rounds=1)
    return first, second


def p95(taken: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(taken, n=20)[-1]


def tell(name: str, ratio: float, limit: str, detail: str) -> None:
    """One line: the ratio, what it should be, and what it is made of."""
    print(f"{name}: {ratio:.3g}x (wanted {limit}) | {detail}", flush=True)
