"""Group 3: names of services and applications that are no names elsewhere.

Held elsewhere: the one function that makes labels in tests/core/test_names.py.
"""

from collections.abc import Callable

import pytest

from environments.actions.applications import register_application
from environments.actions.asking import Refused
from environments.core.names import is_label
from environments.core.plan import Plan
from environments.models import Application
from tests.world import World, services

SERVICES = (
    "s" * 63,
    "s" * 64,
    "s" * 65,
    "t" * 200,
    "frontendTests",
    "with_score",
    "with.dot",
    "9lives",
    "kube-system",
    "аpi",  # its first letter is Cyrillic
    "api",
)


def test_every_service_gets_a_label_of_its_own_and_is_deployed(world: World) -> None:
    environment = world.deployed(world.application("shop", services(*SERVICES)))
    assert environment.status == "deployed"
    running = world.running(environment)
    assert all(map(is_label, running))
    assert len(running) == len(SERVICES)


def test_every_standard_host_is_valid_and_distinct(
    world: World, plan_of: Callable[..., Plan]
) -> None:
    application = world.application("a" * 63, services(*SERVICES))
    plan = plan_of(application)
    assert not plan.problems
    hosts = {host.host for host in plan.hosts}
    assert len(hosts) == len(SERVICES)
    assert all(is_label(part) for host in hosts for part in host.split("."))


@pytest.mark.parametrize(
    "name",
    ["a" * 64, "Shop", "shop_api", "shop.api", "-shop", "shop-", "sh op", "shоp", "sh\0op", "../x"],
)
def test_an_application_needs_a_label(world: World, name: str) -> None:
    source = world.application("source").repository_url
    with pytest.raises(Refused) as refused:
        register_application(world.operator, source=source, name=name)
    (problem,) = refused.value.problems
    assert problem.id == "application.name"
    assert repr(name) in problem.message
    assert Application.objects.count() == 1


@pytest.mark.parametrize("name", ["a" * 63, "9lives", "kube-system"])
def test_a_label_is_enough(world: World, name: str) -> None:
    environment = world.deployed(world.application(name))
    assert environment.status == "deployed"
    assert is_label(environment.namespace.name)


@pytest.mark.parametrize(
    ("app", "name"), [("Shop", "shop-"), ("my_shop", "my-shop-"), ("магазин", "x-")]
)
def test_a_name_that_a_template_calls_itself_is_made_a_label(
    world: World, app: str, name: str
) -> None:
    source = world.application("source").repository_url
    template = f"app: {app}\n{services('web')}"
    registered = register_application(world.operator, source=source, template=template)
    assert registered.application.name.startswith(name)
    assert is_label(registered.application.name)


def test_what_is_wrong_with_the_template_is_said_before_its_name(world: World) -> None:
    source = world.application("source").repository_url
    with pytest.raises(Refused) as refused:
        register_application(world.operator, source=source, template="app: my shop\n")
    (problem,) = refused.value.problems
    assert problem.id == "template.expected"
    assert Application.objects.count() == 1
