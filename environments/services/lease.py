"""The lease: one worker at a time holds a deployment, and every write names its fencing number.

All times here are the database's own: workers whose clocks differ agree, and a clock that is put
back leaves no lease that lasts longer than a lease can.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    transaction,
)
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce, Now

from environments.models import Deployment, DeploymentStatus
from environments.models.deployment import LIVE

LEASE = timedelta(seconds=15)
_HEARTBEAT_SECONDS = 4.0
_UNTAKEN = timedelta(seconds=10)
_TOLERANCE = timedelta(seconds=1)


class LeaseLost(Exception):
    """Another worker holds this deployment now, or it has ended: stop without a word."""


def _live() -> Any:
    return Deployment.objects.filter(status__in=LIVE)


class Lease:
    """The right to write a deployment, for as long as ``fence`` is the row's.

    ``rows``: where else the row is, among those that have not ended.
    """

    def __init__(self, pk: int, fence: int, *, rows: Callable[[], Any] = _live) -> None:
        self.pk = pk
        self.fence = fence
        self._rows = rows

    def _row(self) -> Any:
        return self._rows().filter(pk=self.pk, fence=self.fence)

    def renew(self) -> bool:
        """Hold on for another 15 s; False when the lease is lost."""
        return bool(self._row().update(lease_until=Now() + LEASE))

    def require(self) -> None:
        """Before anything that no transaction takes back; ``LeaseLost`` for a former holder."""
        if not self.renew():
            raise LeaseLost

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction that only the holder can commit; ``LeaseLost`` for anybody else."""
        with transaction.atomic():
            self.require()
            yield

    def give_back(self) -> None:
        """Let any worker take it at once."""
        self._row().update(lease_until=None, sent_at=Now())

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Renew in the background while a long step runs."""
        over = threading.Event()
        heart = threading.Thread(target=self._beat, args=(over,), daemon=True)
        heart.start()
        try:
            yield
        finally:
            over.set()
            heart.join()

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(_HEARTBEAT_SECONDS):
            try:
                if not self.renew():
                    return
            except (OperationalError, InterfaceError):
                continue  # the database is away for a moment: the lease may last until it is back
            finally:
                close_old_connections()


def unheld() -> Q:
    """Deployments that no worker holds."""
    ahead = Q(lease_until__gt=Now() + LEASE + _TOLERANCE)
    return Q(lease_until__isnull=True) | Q(lease_until__lt=Now()) | ahead


def untaken() -> Q:
    """Deployments whose message nobody took for so long that it is taken for lost."""
    ahead = Q(sent_at__gt=Now() + _TOLERANCE)
    return Q(sent_at__isnull=True) | Q(sent_at__lt=Now() - _UNTAKEN) | ahead


def claim(pk: int, *, fence: int) -> Lease | None:
    """The lease, if this deployment may run now and nobody else holds it.

    None when the task is an old one (its number is not the row's), when another worker holds
    it, when another deployment of the namespace runs (the database allows one), and when an
    older one of the namespace waits: messages may overtake each other, deployments may not.
    """
    older = Deployment.objects.filter(
        namespace=OuterRef("namespace"),
        pk__lt=OuterRef("pk"),
        status=DeploymentStatus.QUEUED,
        part_of__isnull=True,
    )
    its_turn = Q(status=DeploymentStatus.RUNNING) | ~Exists(older)
    rows = Deployment.objects.filter(unheld(), its_turn, pk=pk, fence=fence, status__in=LIVE)
    try:
        with transaction.atomic():
            taken = rows.update(
                fence=F("fence") + 1,
                lease_until=Now() + LEASE,
                status=DeploymentStatus.RUNNING,
                started_at=Coalesce(F("started_at"), Now()),
            )
    except IntegrityError:
        return None
    return Lease(pk, fence + 1) if taken else None
