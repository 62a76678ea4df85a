"""The lease of a deployment: clocks that jump, two schedulers, a database that is away."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from environments import tasks
from environments.core.ports import Phase
from environments.engines.memory import READY, Outlook
from environments.models import Application, Deployment, Task
from environments.services import lease as leases
from environments.services import running
from environments.services.lease import LEASE, Lease, LeaseLost, claim
from environments.services.resolving import Resolved
from tests.deploying.acts import take_up
from tests.world import World

HOUR = timedelta(hours=1)


@pytest.fixture
def waiting(world: World) -> Deployment:
    """A deployment whose message was lost."""
    application: Application = world.application("shop")
    deployment = world.last(world.create(application))
    world.queue.clear()
    return deployment


def claimed(deployment: Deployment) -> Lease:
    deployment.refresh_from_db()
    lease = claim(deployment.pk, fence=deployment.fence)
    assert lease is not None
    return lease


def test_of_two_workers_with_the_same_message_one_holds_the_lease(waiting: Deployment) -> None:
    assert claim(waiting.pk, fence=0) is not None
    assert claim(waiting.pk, fence=0) is None
    assert claim(waiting.pk, fence=1) is None


def test_two_schedulers_send_what_was_lost_once(world: World, waiting: Deployment) -> None:
    assert waiting.sent_at is not None
    tasks.sweep()
    assert not world.queue
    long_ago = timezone.now() - timedelta(seconds=11)
    Deployment.objects.update(sent_at=long_ago)
    tasks.sweep()
    tasks.sweep()
    assert list(world.queue) == [(waiting.pk, 0)]


def test_a_message_that_comes_twice_is_carried_out_once(world: World, waiting: Deployment) -> None:
    for _ in range(2):
        tasks.run_deployment(waiting.pk, 0)
    world.work()
    waiting.refresh_from_db()
    assert (waiting.status, waiting.fence) == ("deployed", 1)
    assert len(world.engine.steps) == 1


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_when_the_clock_jumps_a_dead_workers_deployment_is_taken_over(
    world: World, waiting: Deployment, jump: timedelta
) -> None:
    claimed(waiting)
    # What the dead worker left was written before the clock was put back, or forward.
    written = timezone.now() - jump
    Deployment.objects.update(lease_until=written + LEASE, sent_at=written)
    tasks.sweep()
    world.work()
    waiting.refresh_from_db()
    assert waiting.status == "deployed"


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_when_the_clock_jumps_a_living_worker_writes_only_while_nobody_took_over(
    waiting: Deployment, jump: timedelta
) -> None:
    former = claimed(waiting)
    Deployment.objects.update(lease_until=timezone.now() - jump)
    former.require()
    waiting.refresh_from_db()
    assert claim(waiting.pk, fence=waiting.fence) is None
    Deployment.objects.update(lease_until=timezone.now() - jump)
    claimed(waiting)
    with pytest.raises(LeaseLost):
        former.require()
    with pytest.raises(LeaseLost), former.writing():
        raise AssertionError("it wrote")


def test_the_database_tells_the_time_whatever_clock_a_worker_has(
    waiting: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + HOUR)
    claimed(waiting)
    waiting.refresh_from_db()
    assert waiting.lease_until is not None
    assert waiting.started_at is not None
    assert waiting.lease_until - waiting.started_at == LEASE
    assert abs(waiting.started_at - now) < HOUR / 2


def test_a_heart_goes_on_beating_when_the_database_was_away_for_a_moment(
    waiting: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats, again = [0], threading.Event()

    def renew(lease: Lease) -> bool:
        beats[0] += 1
        if beats[0] == 1:
            raise OperationalError("database is locked")
        again.set()
        return True

    lease = claimed(waiting)
    monkeypatch.setattr(Lease, "renew", renew)
    monkeypatch.setattr(leases, "_HEARTBEAT_SECONDS", 0.01)
    with lease.beating():
        assert again.wait(30)


def test_a_step_that_takes_longer_than_a_lease_keeps_it(
    world: World, waiting: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_HEARTBEAT_SECONDS", 0.01)
    resolve = running.resolving.resolve_for
    renewed = threading.Event()

    def slow(deployment: Deployment) -> Resolved:
        """The lease that it began with is long over before it ends; a heart-beat renews it."""
        Deployment.objects.update(lease_until=timezone.now() - HOUR)
        for _ in range(3000):
            deployment.refresh_from_db()
            if deployment.lease_until is not None and deployment.lease_until > timezone.now():
                renewed.set()
                break
            time.sleep(0.01)
        assert claim(deployment.pk, fence=deployment.fence) is None
        return resolve(deployment)

    monkeypatch.setattr(running.resolving, "resolve_for", slow)
    tasks.run_deployment(waiting.pk, 0)
    world.work()
    waiting.refresh_from_db()
    assert renewed.is_set()
    assert (waiting.status, waiting.fence) == ("deployed", 1)


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_when_the_clock_jumps_no_service_is_taken_for_late(
    world: World, waiting: Deployment, jump: timedelta
) -> None:
    world.engine.expect("shop", Outlook(Phase.STARTING, False, "starts"))
    tasks.run_deployment(waiting.pk, 0)
    Task.objects.update(applied_at=timezone.now() - jump)
    take_up(world)
    assert world.last(waiting.environment).status == "running"
    world.engine.expect("shop", READY)
    world.work()
    assert world.last(waiting.environment).status == "deployed"


def test_the_limit_of_a_service_counts_all_slices_in_which_it_was_watched(
    world: World, waiting: Deployment
) -> None:
    world.engine.expect("shop", Outlook(Phase.STARTING, False, "starts"))
    tasks.run_deployment(waiting.pk, 0)
    first = Task.objects.get().watched
    take_up(world)
    assert Task.objects.get().watched == pytest.approx(2 * first)
    assert first >= running.SLICE_SECONDS
    Task.objects.update(watched=600.5)
    take_up(world)
    last = world.last(waiting.environment)
    assert last.reason == "shop of shop failed: not ready after 600 s: starts"
