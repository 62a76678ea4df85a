"""App Imports end to end: which branch each member runs, and that imports do not go on."""

import pytest

from environments.models import Environment, EnvironmentStatus
from tests.world import World, services


def branches_of(environment: Environment) -> dict[str, str]:
    members = environment.namespace.members.filter(removed_at__isnull=True)
    return {member.application.name: member.branch for member in members}


@pytest.mark.parametrize(
    ("branch", "b", "c"),
    [
        ("main", "develop", "bug-1"),
        ("feature-1", "develop", "feature-1"),
        ("feature-2", "feature-2", "bug-1"),
    ],
)
def test_the_table_of_branches(world: World, branch: str, b: str, c: str) -> None:
    world.application("b", default="develop", branches=["feature-2"])
    world.application(
        "c",
        services("c", more="tracking_branch: bug-1\n"),
        default="v5",
        branches=["bug-1", "feature-1", "bug-2"],
    )
    a = world.application(
        "a",
        services("a", imports=["b", "c"], more="tracking_branch: main\n"),
        branches=["feature-1", "feature-2"],
    )
    environment = world.deployed(a, branch)
    assert branches_of(environment) == {"a": branch, "b": b, "c": c}
    assert environment.status == EnvironmentStatus.DEPLOYED
    assert world.running(environment) == {"a", "b", "c"}


def test_imports_are_not_recursive(world: World) -> None:
    c = world.application("c")
    b = world.application("b", services("b", imports=["c"]))
    a = world.application("a", services("a", imports=["b"]))
    assert set(branches_of(world.deployed(a))) == {"a", "b"}
    assert set(branches_of(world.deployed(b))) == {"b", "c"}
    assert set(branches_of(world.deployed(c))) == {"c"}


def test_both_directions_import_once_each(world: World) -> None:
    a = world.application("a", services("a", imports=["b"]))
    b = world.application("b", services("b", imports=["a"]))
    assert world.running(world.deployed(a)) == {"a", "b"}
    assert world.running(world.deployed(b)) == {"a", "b"}
