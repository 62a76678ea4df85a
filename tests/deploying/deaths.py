"""Workers that die, or stand still, at a chosen point of their work."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from environments import tasks, wiring
from environments.core.ports import EngineTraits, LocalPorts, ObjectName, Step
from environments.engines.memory import MemoryEngine
from environments.models import Deployment
from environments.models.deployment import LIVE
from environments.services.lease import Lease
from tests.world import World

LIKE_PROCESSES = EngineTraits(
    name="process",
    runs_images=False,
    local_ports=LocalPorts.EVERY,
    enforces_limits=False,
    has_volumes=False,
)


class Killed(BaseException):
    """What ``kill -9`` is inside a process: nothing catches it, and no transaction is committed."""


class Points:
    """Counts the points at which something may befall a worker; at one of them, it does."""

    def __init__(self) -> None:
        self.passed = 0
        self._at: int | None = None
        self._befalls: Callable[[], None] = lambda: None

    def here(self) -> None:
        """A point of the work."""
        now = self.passed
        self.passed += 1
        if now == self._at:
            self._befalls()

    @contextmanager
    def at(self, number: int, befalls: Callable[[], None]) -> Iterator[None]:
        """At the point of this number, counted from here, this happens."""
        self.passed, self._at, self._befalls = 0, number, befalls
        try:
            yield
        finally:
            self._at = None


class CountingEngine(MemoryEngine):
    """Counts how often each revision of each instance was started."""

    def __init__(self) -> None:
        super().__init__(LIKE_PROCESSES)
        self.starts: Counter[str] = Counter()
        self.points = Points()

    def apply(self, step: Step) -> None:
        """Each call has a point before it and one after."""
        self.points.here()
        before = {one.name: one.revision for one in self.observe(step.namespace)}
        super().apply(step)
        for one in self.observe(step.namespace):
            if before.get(one.name) != one.revision:
                self.starts[f"{step.namespace} {one.name} {one.revision}"] += 1
        self.points.here()

    def remove(self, namespace: str, names: Any) -> None:
        """Each call has a point before it and one after."""
        self.points.here()
        super().remove(namespace, [ObjectName(one.kind, one.name) for one in names])
        self.points.here()

    def destroy(self, namespace: str) -> None:
        """Each call has a point before it and one after."""
        self.points.here()
        super().destroy(namespace)
        self.points.here()

    def started(self, namespace: str) -> dict[str, int]:
        """How often each revision of each instance of the namespace was started."""
        return {
            name.partition(" ")[2]: count
            for name, count in self.starts.items()
            if name.startswith(f"{namespace} ")
        }


@contextmanager
def at_each_write(points: Points) -> Iterator[None]:
    """A point before each statement that writes; of those of one transaction before the first,
    since the database takes all of them back."""
    begun = False

    def commit() -> None:
        nonlocal begun
        begun = False

    def execute(run: Any, sql: str, *given: Any) -> Any:
        nonlocal begun
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            if not connection.in_atomic_block:
                points.here()
            elif not begun:
                points.here()
                begun = True
                transaction.on_commit(commit)
        return run(sql, *given)

    with connection.execute_wrapper(execute):
        yield


def at_each_step(points: Points, monkeypatch: pytest.MonkeyPatch) -> None:
    """A point before each transaction of the holder of a lease, and around each checkout."""
    writing, require = Lease.writing, Lease.require
    host = wiring.git_host("git")
    checkout = host.checkout

    def stops_before(original: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **more: Any) -> Any:
            if not connection.in_atomic_block:
                points.here()
            return original(*given, **more)

        return called

    monkeypatch.setattr(Lease, "writing", stops_before(writing))
    monkeypatch.setattr(Lease, "require", stops_before(require))
    monkeypatch.setattr(host, "checkout", stops_before(checkout))


def taken_over(world: World) -> None:
    """The lease of a worker that died is over, its message is lost: the sweep finds the work."""
    world.queue.clear()
    long_ago = timezone.now() - timedelta(minutes=1)
    Deployment.objects.filter(status__in=LIVE).update(lease_until=long_ago, sent_at=long_ago)
    tasks.sweep()
    world.work()
