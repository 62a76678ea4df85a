"""The ledger: every delivery that was taken, looked at once, and what came of it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from environments import wiring
from environments.actions.asking import Refused
from environments.automation.following import follow_branch
from environments.automation.outcome import NotYet, Outcome
from environments.automation.pull_requests import look
from environments.core.hooks import Hint
from environments.core.ports import GitHostError, GitHostRefused
from environments.models import Application, Delivery, GitConnection, Verdict
from environments.models.patience import in_time

KEPT = timedelta(days=30)
_PATIENCE = timedelta(minutes=2)
"""After so long a delivery that was begun is begun again: its worker is gone."""
_LONGEST = timedelta(minutes=15)
_ANSWER_SECONDS = 5
"""GitHub hangs up after ten; what was not taken, the look every two minutes finds."""
_ATTEMPTS = 100
"""With the pauses between them about a day."""
_ATTEMPTS_REFUSED = 4


def keep(connection: GitConnection, *, delivery_id: str, event: str, hint: Hint) -> Delivery | None:
    """A new row of the ledger; None where this delivery is in it."""
    now = timezone.now()
    idle = {"verdict": Verdict.NOTHING, "said": hint.idle, "ended_at": now} if hint.idle else {}
    row: Mapping[str, Any] = {
        "event": event,
        "action": hint.action,
        "repository": hint.repository,
        "ref": hint.ref,
        "number": hint.number,
        "sender": hint.sender,
        "due_at": now,
        **idle,
    }
    try:
        with in_time(_ANSWER_SECONDS):
            return Delivery.objects.create(connection=connection, delivery_id=delivery_id, **row)
    except IntegrityError:
        return None


def take(pk: int) -> None:
    """Do what a waiting delivery asks for. Called by several workers, one does it."""
    now = timezone.now()
    mine = Delivery.objects.filter(pk=pk, verdict=Verdict.WAITING, due_at__lte=now)
    if not mine.update(due_at=now + _PATIENCE, attempts=F("attempts") + 1):
        return
    delivery = Delivery.objects.select_related("connection__account").get(pk=pk)
    if delivery.attempts > _ATTEMPTS:  # each of them ended this task in a way of its own
        _end(delivery, Verdict.FAILED, "It could not be looked at; the worker's log says why.")
        return
    try:
        said = list(_acts(delivery))
    except GitHostRefused as refused:  # what was made a moment ago may not be told yet
        _later(delivery, str(refused), at_most=_ATTEMPTS_REFUSED)
    except (GitHostError, NotYet) as silent:
        _later(delivery, str(silent))
    except Refused as refused:
        _end(delivery, Verdict.FAILED, str(refused))
    else:
        told = "\n".join(one.said for one in said)
        did = any(one.acted for one in said)
        _end(delivery, Verdict.DONE if did else Verdict.NOTHING, told)


def due() -> list[int]:
    """Those that wait for being looked at."""
    waiting = Delivery.objects.filter(verdict=Verdict.WAITING, due_at__lte=timezone.now())
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:200])


def replay(delivery: Delivery) -> None:
    """Let it be looked at anew."""
    Delivery.objects.filter(pk=delivery.pk).exclude(verdict=Verdict.WAITING).update(
        verdict=Verdict.WAITING, said="", ended_at=None, attempts=0, due_at=timezone.now()
    )


def forget_old() -> None:
    """Let go of what is older than the ledger reaches."""
    Delivery.objects.filter(received_at__lt=timezone.now() - KEPT).delete()


def _acts(delivery: Delivery) -> Iterator[Outcome]:
    act = _EVENTS.get(delivery.event)
    if act is None:
        yield Outcome(f"The event {delivery.event} is not followed.")
        return
    applications = applications_of(delivery.connection, delivery.repository)
    if not applications:
        repository = delivery.repository
        yield Outcome(f"No application of this account is of the repository {repository}.")
    for application in applications:
        yield from act(application, delivery)


def applications_of(connection: GitConnection, repository: str) -> list[Application]:
    """Those of this repository; GitHub's names do not tell small letters from large ones."""
    forge = wiring.forge(connection)
    found = []
    for application in connection.applications.select_related("account"):
        try:
            name = forge.name_of(application.repository_url)
        except GitHostError:
            continue
        if name.lower() == repository.lower():
            found.append(application)
    return found


def _pushed(application: Application, delivery: Delivery) -> Iterator[Outcome]:
    told = list(follow_branch(application, delivery.ref))
    yield from told
    if not told:
        yield Outcome(f"No environment of {application.name} tracks {delivery.ref}.")


def _pull_request(application: Application, delivery: Delivery) -> Iterator[Outcome]:
    assert delivery.number is not None  # an idle hint is never looked at
    yield from look(application, delivery.number)


_EVENTS: Mapping[str, Callable[[Application, Delivery], Iterator[Outcome]]] = {
    "push": _pushed,
    "create": _pushed,
    "pull_request": _pull_request,
}


def _later(delivery: Delivery, reason: str, *, at_most: int = _ATTEMPTS) -> None:
    """Look again after a pause that grows."""
    if delivery.attempts >= at_most:
        _end(delivery, Verdict.FAILED, reason)
        return
    pause = min(timedelta(seconds=5 * 2 ** min(delivery.attempts, 10)), _LONGEST)
    Delivery.objects.filter(pk=delivery.pk, verdict=Verdict.WAITING).update(
        due_at=timezone.now() + pause, said=f"Waits: {reason}"
    )


def _end(delivery: Delivery, verdict: Verdict, said: str) -> None:
    Delivery.objects.filter(pk=delivery.pk, verdict=Verdict.WAITING).update(
        verdict=verdict, said=said, ended_at=timezone.now()
    )
