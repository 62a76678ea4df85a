"""Environments are paused and resumed when their schedule says so. Times are UTC."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from time_machine import TimeMachineFixture

from environments.actions import pausing
from environments.actions.asking import Refused
from environments.automation.hours import keep_hours
from environments.models import Application, Environment, Hours
from tests.world import World, services

MONDAY = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
StateAt = Callable[[Environment, datetime], str]
EVENING, MORNING = "0 20 * * 1-5", "0 6 * * 1-5"


@pytest.fixture(autouse=True)
def clock(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    """It is Monday noon, until it is moved."""
    time_machine.move_to(MONDAY, tick=False)
    return time_machine


@pytest.fixture
def application(world: World) -> Application:
    return world.application("shop", services("web"))


@pytest.fixture
def shop(world: World, application: Application) -> Environment:
    return world.deployed(application)


@pytest.fixture
def state_at(world: World, clock: TimeMachineFixture) -> StateAt:
    """Its status once the schedule has been looked at then."""

    def state(environment: Environment, moment: datetime) -> str:
        clock.move_to(moment, tick=False)
        keep_hours()
        world.work()
        environment.refresh_from_db()
        return environment.status

    return state


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, 5, tzinfo=UTC)


def test_by_the_schedule_of_the_account(world: World, shop: Environment, state_at: StateAt) -> None:
    pausing.choose_account_hours(world.operator, pauses=EVENING, resumes=MORNING)
    assert state_at(shop, at(2, 19, 59)) == "deployed"
    assert state_at(shop, at(2, 20)) == "paused"
    assert world.last(shop).asked_by_name == "the schedule"
    assert state_at(shop, at(3, 5, 59)) == "paused"
    assert state_at(shop, at(3, 6)) == "deployed"


def test_what_a_person_does_stays_until_the_schedule_speaks_again(
    world: World, shop: Environment, state_at: StateAt
) -> None:
    pausing.choose_account_hours(world.operator, pauses=EVENING, resumes=MORNING)
    assert state_at(shop, at(2, 20)) == "paused"
    pausing.resume(world.operator, shop)
    world.work()
    assert state_at(shop, at(2, 23)) == "deployed"
    assert state_at(shop, at(3, 20)) == "paused"


def test_of_a_weekend_without_workers_the_last_word_counts(
    world: World, shop: Environment, state_at: StateAt
) -> None:
    pausing.choose_account_hours(world.operator, pauses=EVENING, resumes=MORNING)
    assert state_at(shop, at(6, 12)) == "deployed"
    assert shop.deployments.count() == 1
    assert state_at(shop, at(8, 12)) == "paused"


def test_what_was_named_before_it_was_saved_is_past(
    world: World, shop: Environment, state_at: StateAt, clock: TimeMachineFixture
) -> None:
    clock.move_to(at(2, 21), tick=False)
    pausing.choose_account_hours(world.operator, pauses=EVENING, resumes=MORNING)
    pausing.choose_hours(world.operator, shop, hours=Hours.ACCOUNT, pauses="", resumes="")
    assert state_at(shop, at(2, 22)) == "deployed"


def test_one_may_have_its_own_or_none_and_a_permanent_one_follows_only_its_own(
    world: World, shop: Environment, application: Application, state_at: StateAt
) -> None:
    pausing.choose_account_hours(world.operator, pauses=EVENING, resumes="")
    lasting = world.deployed(application, type="permanent")
    none = world.deployed(application)
    own = world.deployed(application, type="permanent")
    pausing.choose_hours(world.operator, none, hours=Hours.NONE, pauses="", resumes="")
    pausing.choose_hours(world.operator, own, hours=Hours.OWN, pauses="0 21 * * *", resumes="")
    assert state_at(shop, at(2, 20)) == "paused"
    assert [state_at(one, at(2, 20, 1)) for one in (lasting, none, own)] == ["deployed"] * 3
    assert [state_at(one, at(2, 21)) for one in (lasting, none, own)] == [
        "deployed",
        "deployed",
        "paused",
    ]


def test_it_is_asked_for_once_by_two_who_look(
    world: World, shop: Environment, clock: TimeMachineFixture
) -> None:
    pausing.choose_account_hours(world.operator, pauses=EVENING, resumes="")
    clock.move_to(at(2, 20), tick=False)
    keep_hours()
    keep_hours()
    world.work()
    assert shop.deployments.filter(kind="pause").count() == 1


@pytest.mark.parametrize("schedule", ["20:00", "* * *", "99 * * * *", "0 0 L * *"])
def test_what_is_no_schedule_is_refused_with_the_reason(
    world: World, shop: Environment, schedule: str
) -> None:
    with pytest.raises(Refused, match=r"is no schedule: .*Write five fields, in UTC"):
        pausing.choose_account_hours(world.operator, pauses=schedule, resumes="")
    with pytest.raises(Refused, match="is no schedule"):
        pausing.choose_hours(world.operator, shop, hours=Hours.OWN, pauses="", resumes=schedule)


def test_both_are_chosen_on_their_pages(world: World, shop: Environment, client: Client) -> None:
    ana = world.person("ana").user
    assert ana is not None
    client.force_login(ana)
    wrong = client.post("/acme/hours", {"pauses": "at eight", "resumes": ""})
    assert wrong.status_code == 422
    assert b"is no schedule" in wrong.content
    assert b"at eight" in wrong.content
    client.post("/acme/hours", {"pauses": EVENING, "resumes": MORNING})
    world.account.refresh_from_db()
    assert world.account.pause_schedule == EVENING
    here = f"/acme/environments/{shop.env_id}/"
    wrong = client.post(f"{here}hours", {"hours": "own", "pauses": "late", "resumes": ""})
    assert wrong.status_code == 422
    assert b"is no schedule" in wrong.content
    client.post(f"{here}hours", {"hours": "own", "pauses": "0 1 * * *", "resumes": ""})
    shop.refresh_from_db()
    assert (shop.hours, shop.pause_schedule) == ("own", "0 1 * * *")
    client.post(f"{here}pause")
    world.work()
    shown = client.get(here).content.decode()
    assert "none of its services runs" in shown
    assert "Deploy Setup</a>" not in shown
    client.post(f"{here}resume")
    world.work()
    shop.refresh_from_db()
    assert shop.status == "deployed"
