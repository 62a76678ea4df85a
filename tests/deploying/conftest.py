"""What the tests of deployments share."""

import pytest

from environments.engines import memory
from environments.services import running


class UntilNothingMoves:
    """A clock for the worker's slices: time goes by only while there is nothing to be done."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Seconds, as the worker counts them."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """A look that saw nothing new ends the slice."""
        self.now += running.SLICE_SECONDS


@pytest.fixture(autouse=True)
def _slices_end_when_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = UntilNothingMoves()
    monkeypatch.setattr(running, "time", clock)
    monkeypatch.setattr(memory, "time", clock)
