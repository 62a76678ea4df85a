"""What the options of ``plan_environment`` select, leave out and set."""

import pytest

from environments.models import Application
from tests.commands.conftest import Run
from tests.commands.planning import EMPTY, PARAMETERS, branches, entry, ids, message, plan
from tests.world import World, services


def test_imports_are_not_recursive(run: Run, world: World) -> None:
    world.application("c")
    world.application("b", services("b", imports=["c"]))
    world.application("a", services("a", imports=["b"]))
    assert list(branches(plan(run, "a"))) == ["b", "a"]
    assert list(branches(plan(run, "b"))) == ["c", "b"]
    assert list(branches(plan(run, "c"))) == ["c"]


def test_both_directions_import_once_each(run: Run, world: World) -> None:
    world.application("a", services("a", imports=["b"]))
    world.application("b", services("b", imports=["a"]))
    assert list(branches(plan(run, "a"))) == ["b", "a"]
    assert list(branches(plan(run, "b"))) == ["a", "b"]


def test_import_selects_an_application(run: Run, world: World, pair: Application) -> None:
    world.application("third", branches=["x"])
    form = plan(run, "frontend", "--branch", "x", "--import", "third")
    assert list(branches(form)) == ["backend", "third", "frontend"]
    assert branches(form)["third"] == ("x", "same-name")


def test_import_with_a_branch_is_chosen(run: Run, world: World, pair: Application) -> None:
    form = plan(run, "frontend", "--import", "backend:y")
    assert branches(form)["backend"] == ("y", "chosen")


def test_import_fixes_the_branch_and_keeps_the_rest_of_the_entry(run: Run, world: World) -> None:
    world.application("backend", services("api", "cache"), branches=["x", "y"])
    lines = ("branch: x", "exclude_services:", "- name: cache", "ignore_deployment_refs: [y]")
    world.application("frontend", services("web") + entry("backend", *lines))
    backend = plan(run, "frontend")["members"][0]
    assert (backend["branch"], backend["rule"]) == ("x", "fixed")
    assert (backend["services"], backend["excluded"]) == (["api"], ["cache"])
    backend = plan(run, "frontend", "--import", "backend:y")["members"][0]
    assert (backend["branch"], backend["rule"], backend["ignored_by"]) == ("y", "chosen", "y")
    assert backend["excluded"] == ["cache"]
    unchanged = plan(run, "frontend", "--import", "backend")["members"][0]
    assert (unchanged["branch"], unchanged["rule"]) == ("x", "fixed")


def test_without_leaves_an_import_out(run: Run, pair: Application) -> None:
    form = plan(run, "frontend", "--without", "backend")
    assert list(branches(form)) == ["frontend"]
    assert {host["application"] for host in form["hosts"]} == {"frontend"}


def test_without_what_is_not_imported_is_an_error(run: Run, pair: Application) -> None:
    form = plan(run, "frontend", "--without", "bakend", status=1)
    assert form == {**EMPTY, "problems": form["problems"]}
    assert ids(form) == ["import.not-there"]


def test_parameters_of_the_application_and_of_its_imports(run: Run, world: World) -> None:
    world.application("backend", services("api", more=PARAMETERS))
    world.application("frontend", services("web", imports=["backend"], more=PARAMETERS))
    form = plan(run, "frontend", status=1)
    assert ids(form) == ["parameter.missing", "parameter.missing"]
    both = ("--parameter", "size=3", "--parameter", "backend.size=4", "--parameter", "a.b=c=d")
    given = plan(run, "frontend", *both)
    assert ids(given) == []
    assert plan(run, "frontend", *both[:-1], "backend.a.b=q")["digest"] != given["digest"]
    wrong = plan(run, "frontend", *both[:2], "--parameter", "backend.size=x", status=1)
    assert ids(wrong) == ["parameter.type"]


@pytest.mark.parametrize(
    ("text", "problem", "says"),
    [
        ("size", "parameter.option", "Write NAME=VALUE"),
        ("=3", "parameter.option", "Write NAME=VALUE"),
        (".size=3", "parameter.option", "Write NAME=VALUE"),
        ("siez=3", "parameter.unknown", "Did you mean size?"),
        ("backend.size=3", "parameter.no-member", "Its applications: frontend."),
    ],
)
def test_a_parameter_that_nothing_has_is_an_error(
    run: Run, world: World, text: str, problem: str, says: str
) -> None:
    world.application("backend", services("api", more=PARAMETERS))
    world.application("frontend", services("web", more=PARAMETERS))
    form = plan(run, "frontend", "--parameter", text, status=1)
    assert ids(form) == [problem]
    assert says in form["problems"][0]["message"]


@pytest.mark.parametrize("text", ["", ":x", "backend:"])
def test_an_import_without_a_name_or_branch_is_an_error(
    run: Run, pair: Application, text: str
) -> None:
    form = plan(run, "frontend", f"--import={text}", status=1)
    assert form["digest"] is None
    assert ids(form) == ["import.option"]


def test_a_permanent_environment_gets_its_entry_of_the_template(run: Run, world: World) -> None:
    more = "environment_templates:\n- name: permanent\n  services:\n  - {name: a, remove: true}\n"
    world.application("shop", services("a", "b", more=more))
    assert plan(run, "shop")["members"][0]["services"] == ["a", "b"]
    assert plan(run, "shop", "--type", "permanent")["members"][0]["services"] == ["b"]


def test_a_branch_that_was_chosen_stays_chosen_when_the_import_is_named_again(
    run: Run, pair: Application
) -> None:
    form = plan(run, "frontend", "--import", "backend:y", "--import", "backend")
    assert branches(form)["backend"] == ("y", "chosen")


def test_without_may_be_said_twice(run: Run, pair: Application) -> None:
    form = plan(run, "frontend", "--without", "backend", "--without", "backend")
    assert list(branches(form)) == ["frontend"]


def test_what_is_selected_and_left_out_at_once_is_an_error(run: Run, pair: Application) -> None:
    form = plan(run, "frontend", "--without", "backend", "--import", "backend", status=1)
    assert form == {**EMPTY, "problems": form["problems"]}
    assert message(form, "import.both").startswith("backend is both selected and left out.")
