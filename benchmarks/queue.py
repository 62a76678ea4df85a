"""The product's queue with one more task: an empty one."""

from collections.abc import Sequence

from environments.core.ports import Route
from releaseclone.celery import queue

app = queue
app.conf.beat_schedule = {}


class NoIngress:
    """Takes routes and leads nowhere."""

    def publish(self, routes: Sequence[Route], *, doors: object = ()) -> None:
        """Do nothing with them."""


@queue.task
def nothing() -> None:
    """What the queue itself costs."""
