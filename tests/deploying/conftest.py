"""What the tests of deployments share."""

import pytest


@pytest.fixture(autouse=True)
def _short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment that waits for something goes back to the queue soon."""
    monkeypatch.setattr("environments.services.running.SLICE_SECONDS", 0.05)
