"""Group 4: names that meet only after they were normalised.

Held elsewhere: which names meet in tests/core/test_collisions.py; labels that stay apart in
tests/core/test_names.py; reserved names in tests/core/test_variables.py.
"""

from collections.abc import Callable

import pytest

from environments.actions.asking import Refused
from environments.core.plan import Plan
from environments.models import Environment, HostClaim
from tests.bad_inputs.conftest import Drafted
from tests.world import World, services


def test_two_members_that_give_the_same_variables_are_refused(
    world: World, problems_of: Drafted
) -> None:
    world.application("backend", services("my-api"))
    frontend = world.application("frontend", services("my_api", imports=["backend"]))
    (problem,) = problems_of(frontend)
    assert (problem.id, problem.level) == ("collision.variable", "error")
    for part in ("my_api of frontend (line 2)", "my-api of backend (line 2)", "MY_API_"):
        assert part in problem.message
    with pytest.raises(Refused):
        world.create(frontend)
    assert not Environment.objects.exists()


def test_two_services_of_one_template_too(world: World, problems_of: Drafted) -> None:
    (problem,) = problems_of(world.application("shop", services("my-api", "my_api")))
    assert problem.id == "collision.variable"


def test_names_that_read_alike_when_joined_have_hosts_of_their_own(
    world: World, plan_of: Callable[..., Plan]
) -> None:
    world.application("c", services("a-b"))
    importer = world.application("b-c", services("a", imports=["c"]))
    hosts = [host.host for host in plan_of(importer).hosts]
    assert len(set(hosts)) == 2
    environment = world.deployed(importer)
    assert environment.status == "deployed"
    assert HostClaim.objects.filter(namespace=environment.namespace).count() == 2


def test_names_that_are_equal_once_cut_stay_apart(world: World) -> None:
    environment = world.deployed(world.application("shop", services("s" * 80, "s" * 81)))
    assert environment.status == "deployed"
    assert len(world.running(environment)) == 2


@pytest.mark.parametrize(
    "variables",
    [
        "defaults:\n- key: API_INGRESS_URL\n  value: x\n",
        "services:\n  api:\n  - key: API_INGRESS_URL\n    value: x\n",
        "mapping:\n  API_INGRESS_URL: x\n",
    ],
)
def test_a_variable_named_as_a_generated_one_is_refused(
    world: World, problems_of: Drafted, variables: str
) -> None:
    application = world.application("shop", services("api"), variables=variables)
    (problem,) = problems_of(application)
    assert (problem.id, problem.level) == ("variable.reserved", "error")
    assert "shop sets API_INGRESS_URL, which is reserved." in problem.message
    assert problem.place is not None and problem.place.line > 1
