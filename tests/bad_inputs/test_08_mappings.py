"""Group 8: mappings in circles, into nothing, and with values that are code elsewhere.

Held elsewhere: every form of expression, chains of a hundred, circles, unclosed braces, missing and
reserved names in tests/core/test_variables.py. Here: what the plan says, and that values reach the
container as they are.
"""

import json
from typing import Any

import pytest

from environments.actions.asking import Refused
from environments.models import Environment
from tests.bad_inputs.conftest import Drafted
from tests.world import World, services

VALUES = (
    "two\nlines\n",
    "a \"quote\" and a 'quote'",
    "$(id) `id` ; rm -rf x",
    "${NOT_LOOKED_AT} $$ $HOME",
    "{{ curly }} <b> & \\",
    "x" * 1_000_000,
)


@pytest.mark.parametrize(
    ("mapping", "problem", "says"),
    [
        ("{A: B, B: A}", "mapping.cycle", "The mapping A of shop refers to itself"),
        ("{A: A}", "mapping.cycle", "Break the circle."),
        ("{A: '${B'}", "mapping.unread", "it has a ${ that is not closed"),
        ("{A: '${}'}", "mapping.unread", "does not name a variable"),
        ("{A: NOWHERE}", "mapping.missing", "needs NOWHERE, which no container of it has."),
        ("{WEB_INGRESS_URL: A}", "variable.reserved", "shop sets WEB_INGRESS_URL"),
    ],
)
def test_what_cannot_be_mapped_is_refused_with_its_line(
    world: World, problems_of: Drafted, mapping: str, problem: str, says: str
) -> None:
    variables = f"# shop\nmapping: {mapping}\n"
    application = world.application("shop", services("web"), variables=variables)
    found = problems_of(application)
    assert {one.id for one in found} == {problem}
    assert any(says in one.message for one in found)
    assert all(one.place is not None and one.place.line == 2 for one in found)
    with pytest.raises(Refused):
        world.create(application)
    assert not Environment.objects.exists()


@pytest.mark.parametrize("mapping", ["{RELEASE_ENV_ID: A}", "{RELEASE_X: A}", "{A B: C}"])
def test_a_name_that_no_mapping_can_have_is_never_registered(world: World, mapping: str) -> None:
    with pytest.raises(Refused) as refused:
        world.application("shop", services("web"), variables=f"mapping: {mapping}\n")
    (problem,) = refused.value.problems
    assert problem.id in ("variables.reserved", "variables.name")
    assert problem.place is not None and problem.place.line == 1


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_a_value_reaches_the_container_as_it_is(world: World, value: str) -> None:
    variables = (
        f"mapping: {{MAPPED: VALUE, COST: '$$5 ${{VALUE}}'}}\n"
        f"defaults:\n- {{key: VALUE, value: {json.dumps(value)}}}\n"
    )
    if len(value) > 100_000:
        variables = variables.replace(", COST: '$$5 ${VALUE}'", "")
    environment = world.deployed(world.application("shop", services("web"), variables=variables))
    assert environment.status == "deployed"
    given = _given(world, "web")
    assert given["VALUE"] == given["MAPPED"] == value
    if "COST" in given:
        assert given["COST"] == f"$5 {value}"


def test_a_chain_of_a_hundred_reaches_the_container(world: World) -> None:
    chain = ", ".join(f"M{number}: M{number + 1}" for number in range(100))
    variables = f"mapping: {{{chain}, M100: WEB_INGRESS_HOST}}\n"
    environment = world.deployed(world.application("shop", services("web"), variables=variables))
    given = _given(world, "web")
    assert given["M0"] == given["WEB_INGRESS_HOST"]
    assert environment.env_id in given["M0"]


def test_mappings_that_grow_without_end_are_refused_before_anything_runs(
    world: World, problems_of: Drafted
) -> None:
    doubled = ", ".join(f"M{number + 1}: '${{M{number}}}${{M{number}}}'" for number in range(60))
    variables = f"mapping: {{M0: some text, {doubled}}}\n"
    application = world.application("shop", services("web"), variables=variables)
    (problem, *_) = problems_of(application)
    assert (problem.id, problem.level) == ("mapping.too-long", "error")
    with pytest.raises(Refused):
        world.create(application)


def _given(world: World, workload: str) -> dict[str, Any]:
    """The variables of the one container that was applied, wherever its manifests keep them."""
    kept: dict[str, dict[str, str]] = {}
    for manifest in world.engine.steps[-1].manifests:
        if manifest["kind"] in ("ConfigMap", "Secret"):
            kept[manifest["metadata"]["name"]] = manifest.get("stringData") or manifest["data"]
    (deployment,) = (one for one in world.engine.steps[-1].manifests if one["kind"] == "Deployment")
    assert deployment["metadata"]["name"] == workload
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    given = {one["name"]: one["value"] for one in container.get("env", ()) if "value" in one}
    for source in container.get("envFrom", ()):
        (reference,) = source.values()
        given |= kept[reference["name"]]
    return given
