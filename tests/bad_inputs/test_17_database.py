"""Group 17: a database that is locked, full, or lost in the middle of anything.

Held elsewhere, with a real one: a broker that is gone, mute, emptied or started again, in
tests/deploying/test_broker.py.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from environments import tasks
from environments.actions.asking import Actor
from environments.models import Application, Deployment, Environment
from tests.world import World, services

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


def with_job(name: str) -> str:
    return (
        f"jobs: [{{name: {name}, image: x}}]\n"
        f"workflows: [{{name: setup, order_from: [jobs.{name}, services.all]}}]\n"
    )


class LostAt:
    """Wraps the statements of a connection; the one of this number finds no database."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(
        self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        self.left -= 1
        if self.left == 0:
            raise OperationalError("the connection was lost")
        return execute(sql, params, many, context)


@pytest.fixture
def shop(world: World) -> Application:
    world.application("backend", services("api", more=with_job("fill")))
    return world.application("shop", services("web", imports=["backend"], more=with_job("migrate")))


def work_with(world: World, lost: LostAt) -> bool:
    """Whether the worker came through without meeting the gap."""
    try:
        with connection.execute_wrapper(lost):
            world.work()
    except OperationalError:
        return False
    return True


def go_on(world: World) -> None:
    """The lease of the worker that failed is over: the sweep brings another one."""
    world.queue.clear()
    Deployment.objects.update(lease_until=None, sent_at=None)
    tasks.sweep()
    world.work()


@pytest.mark.parametrize("number", range(3, 190, 11))
def test_lost_at_any_statement_of_the_worker_another_one_goes_on_and_nothing_is_done_twice(
    world: World, shop: Application, number: int
) -> None:
    environment = world.create(shop)
    came_through = work_with(world, LostAt(number))
    if not came_through:
        go_on(world)
    environment.refresh_from_db()
    assert environment.status == "deployed"
    deployment = world.last(environment)
    assert deployment.status == "deployed"
    assert deployment.member_deployments.count() == environment.imported.count() == 1
    instances = world.engine.observe(environment.namespace.name)
    assert sorted((one.application, str(one.kind)) for one in instances) == [
        ("backend", "Deployment"),
        ("backend", "Job"),
        ("shop", "Deployment"),
        ("shop", "Job"),
    ]
    numbers = list(deployment.lines.values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_journey_has_that_many_statements(world: World, shop: Application) -> None:
    """So that the numbers above meet all of it."""
    world.create(shop)
    counting = LostAt(0)
    assert work_with(world, counting)
    assert -counting.left > 150


def test_a_page_tells_that_the_database_is_away(
    world: World, shop: Application, browser: Client
) -> None:
    with connection.execute_wrapper(LostAt(1)):
        answer = browser.get("/acme/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The database does not answer" in answer.content.decode()
    assert "Content-Security-Policy" in answer
    assert browser.get("/acme/").status_code == 200


@pytest.mark.parametrize("number", range(1, 60, 4))
def test_what_was_asked_for_is_kept_whole_or_not_at_all(
    world: World, shop: Application, browser: Client, number: int
) -> None:
    at = "/acme/applications/shop/new"
    with connection.execute_wrapper(LostAt(number)):
        answer = browser.post(at, {"act": "create", "name": "one", "type": "ephemeral"})
    made = Environment.objects.count()
    assert (answer.status_code, made) in ((303, 1), (503, 0), (503, 1))
    assert Deployment.objects.count() == made
    go_on(world)
    assert {one.status for one in Environment.objects.all()} <= {"deployed"}


def test_a_connection_that_is_lost_after_the_commit_loses_nothing(
    world: World, shop: Application, browser: Client, ana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = connection.commit

    def committed_and_lost() -> None:
        commit()
        if Environment.objects.exists():
            raise OperationalError("the connection was lost")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "commit", committed_and_lost)
        answer = browser.post(
            "/acme/applications/shop/new", {"act": "create", "name": "one", "type": "ephemeral"}
        )
    assert answer.status_code == 503
    assert not world.queue
    environment = Environment.objects.get()
    assert environment.owner == ana.user
    go_on(world)
    environment.refresh_from_db()
    assert environment.status == "deployed"


def test_a_bug_is_still_a_bug(
    world: World, shop: Application, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise LookupError

    monkeypatch.setattr("environments.queries.applications.applications_of", broken)
    answer = browser.get("/acme/")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()
