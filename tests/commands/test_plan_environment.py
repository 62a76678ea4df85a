"""``plan_environment APP …``: what Create would do, without doing it."""

from collections.abc import Sequence
from typing import Any

import pytest

from environments.actions.applications import save_application_template
from environments.actions.deployments import plan_deployment
from environments.actions.drafts import EnvironmentDraft, ImportChoice, think_through
from environments.actions.environments import create_environment
from environments.models import Application, Deployment, DeploymentKind, Environment, Namespace
from environments.services.planning import form_of
from tests.commands.conftest import Run
from tests.world import World, services

EMPTY = {"digest": None, "members": [], "hosts": []}
PARAMETERS = "parameters:\n- name: size\n  type: integer\n- {name: a.b, type: string, default: x}\n"


def plan(run: Run, *words: str, status: int = 0) -> Any:
    """The JSON of a plan; anything on stderr fails."""
    said = run("plan_environment", *words, "--json")
    assert (said.status, said.err) == (status, "")
    return said.form


def branches(form: Any) -> dict[str, tuple[str, str]]:
    """Branch and rule of every member."""
    return {one["application"]: (one["branch"], one["rule"]) for one in form["members"]}


def ids(form: Any) -> list[str]:
    return [problem["id"] for problem in form["problems"]]


def entry(name: str, *lines: str) -> str:
    return "app_imports:\n" + "\n  ".join([f"- name: {name}", *lines]) + "\n"


@pytest.fixture
def pair(world: World) -> Application:
    """``frontend``, which imports ``backend``."""
    world.application("backend", services("api", "cache"), branches=["x", "y"])
    return world.application(
        "frontend", services("web", imports=["backend"]), branches=["x", "feature-1"]
    )


def test_the_shape_of_the_json(run: Run, world: World, pair: Application) -> None:
    form = plan(run, "frontend", "--branch", "x")
    assert list(form) == ["digest", "members", "hosts", "problems"]
    assert len(form["digest"]) == 16
    backend, frontend = form["members"]
    heads = {name: one.git("rev-parse", "x") for name, one in world.repositories.items()}
    assert backend == {
        "application": "backend",
        "branch": "x",
        "commit": heads["backend"],
        "rule": "same-name",
        "ignored_by": None,
        "excluded": [],
        "services": ["api", "cache"],
    }
    assert frontend == {
        "application": "frontend",
        "branch": "x",
        "commit": heads["frontend"],
        "rule": "chosen",
        "ignored_by": None,
        "excluded": [],
        "services": ["web"],
    }
    assert form["hosts"][-1] == {
        "application": "frontend",
        "service": "web",
        "host": "web-frontend-ted????.localhost",
        "path": "/",
        "url": "http://web-frontend-ted????.localhost:8080",
    }
    assert [host["service"] for host in form["hosts"]] == ["api", "cache", "web"]
    assert form["problems"] == []


def test_nothing_is_made(run: Run, world: World, pair: Application) -> None:
    plan(run, "frontend")
    for model in (Environment, Namespace, Deployment):
        assert not model._default_manager.exists()
    assert not world.queue


def test_for_people_each_member_and_host_is_a_line(run: Run, pair: Application) -> None:
    said = run("plan_environment", "frontend", "--branch", "x")
    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].startswith("backend: x @ ")
    assert lines[0].endswith(" (same-name): api, cache")
    assert lines[1].endswith(" (chosen): web")
    assert "  http://web-frontend-ted????.localhost:8080 -> web of frontend" in lines
    assert lines[-1].startswith("digest ")


@pytest.mark.parametrize(
    ("branch", "b", "c"),
    [
        ("main", ("develop", "default"), ("bug-1", "tracking")),
        ("feature-1", ("develop", "default"), ("feature-1", "same-name")),
        ("feature-2", ("feature-2", "same-name"), ("bug-1", "tracking")),
    ],
)
def test_the_table_of_branches(
    run: Run, world: World, branch: str, b: tuple[str, str], c: tuple[str, str]
) -> None:
    world.application("b", default="develop", branches=["feature-2"])
    tracked = services("c", more="tracking_branch: bug-1\n")
    world.application("c", tracked, default="v5", branches=["bug-1", "feature-1", "bug-2"])
    own = services("a", imports=["b", "c"], more="tracking_branch: main\n")
    world.application("a", own, branches=["feature-1", "feature-2"])
    form = plan(run, "a", "--branch", branch)
    assert branches(form) == {"b": b, "c": c, "a": (branch, "chosen")}
    assert [one["application"] for one in form["members"]] == ["b", "c", "a"]
    for member in form["members"]:
        repository = world.repositories[member["application"]]
        assert member["commit"] == repository.git("rev-parse", member["branch"])


def test_the_own_branch_is_given_else_tracked_else_the_default(run: Run, world: World) -> None:
    world.application("t", services("t", more="tracking_branch: next\n"), branches=["next"])
    world.application("d", default="trunk")
    assert branches(plan(run, "t", "--branch", "main")) == {"t": ("main", "chosen")}
    assert branches(plan(run, "t")) == {"t": ("next", "tracking")}
    assert branches(plan(run, "d")) == {"d": ("trunk", "default")}


@pytest.mark.parametrize(
    ("patterns", "ignored"),
    [
        (["main"], {"main": "main"}),
        (
            ["!main", "releases/**"],
            {"feature-x": "!main", "releases/10/20": "!main"},
        ),
        (["!main"], {"feature-x": "!main", "releases/10/20": "!main"}),
        (["releases/*"], {}),
        (["releases/**"], {"releases/10/20": "releases/**"}),
    ],
)
def test_the_table_of_ignored_refs(
    run: Run, world: World, patterns: Sequence[str], ignored: dict[str, str]
) -> None:
    refs = ("main", "feature-x", "releases/10/20")
    world.application("backend", services("api"), branches=refs[1:])
    quoted = ", ".join(f'"{pattern}"' for pattern in patterns)
    entry_text = entry("backend", f"ignore_deployment_refs: [{quoted}]")
    world.application("frontend", services("web") + entry_text, branches=refs[1:])
    for ref in refs:
        form = plan(run, "frontend", "--branch", ref)
        backend, frontend = form["members"]
        assert (backend["branch"], backend["ignored_by"]) == (ref, ignored.get(ref))
        assert backend["services"] == ([] if ref in ignored else ["api"])
        assert frontend["ignored_by"] is None
        hosts = {host["application"] for host in form["hosts"]}
        assert hosts == ({"frontend"} if ref in ignored else {"backend", "frontend"})


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


@pytest.mark.parametrize(
    ("words", "member"),
    [
        (("--branch", "gone"), ("frontend", "gone", None, "chosen")),
        (("--import", "backend:gone"), ("backend", "gone", None, "chosen")),
    ],
)
def test_a_branch_that_does_not_exist_has_no_commit(
    run: Run, pair: Application, words: tuple[str, ...], member: tuple[str, ...]
) -> None:
    form = plan(run, "frontend", *words, status=1)
    keys = ("application", "branch", "commit", "rule")
    assert member in [tuple(one[key] for key in keys) for one in form["members"]]
    assert form["digest"] is not None
    assert ids(form) == ["branch.missing"]
    assert f"{member[0]} has no branch or tag 'gone'." in form["problems"][0]["message"]


def test_a_fixed_branch_that_does_not_exist_never_falls_through(run: Run, world: World) -> None:
    world.application("backend", services("api"), branches=["x"])
    world.application("frontend", services("web") + entry("backend", "branch: gone"))
    form = plan(run, "frontend", status=1)
    backend = form["members"][0]
    assert (backend["branch"], backend["commit"], backend["rule"]) == ("gone", None, "fixed")
    assert ids(form) == ["branch.missing"]


def test_a_tracking_branch_that_is_gone_falls_through_with_a_warning(
    run: Run, world: World
) -> None:
    world.application("shop", services("web", more="tracking_branch: gone\n"))
    form = plan(run, "shop")
    assert branches(form) == {"shop": ("main", "default")}
    assert [(one["id"], one["level"]) for one in form["problems"]] == [
        ("branch.tracking-gone", "warning")
    ]


@pytest.mark.parametrize(
    ("lines", "words", "member"),
    [
        ((), (), ("", "same-name")),
        (("branch: x",), (), ("x", "fixed")),
        (("branch: x",), ("--import", "backend:y"), ("y", "chosen")),
    ],
)
def test_a_repository_that_does_not_answer_has_no_commit(
    run: Run,
    world: World,
    lines: tuple[str, ...],
    words: tuple[str, ...],
    member: tuple[str, str],
) -> None:
    world.application("backend", services("api"))
    world.application("frontend", services("web") + entry("backend", *lines))
    folder = world.repositories["backend"].folder
    folder.rename(folder.with_name("away"))
    form = plan(run, "frontend", *words, status=1)
    assert branches(form)["backend"] == member
    assert form["members"][0]["commit"] is None
    assert form["members"][1]["commit"] is not None
    assert ids(form) == ["repository.unreadable"]
    assert form["problems"][0]["message"].startswith("backend: ")


@pytest.mark.parametrize(
    ("more", "words", "member"),
    [
        ("", (), ("", "default")),
        ("tracking_branch: next\n", (), ("next", "tracking")),
        ("tracking_branch: next\n", ("--branch", "x"), ("x", "chosen")),
    ],
)
def test_the_own_repository_may_be_silent_too(
    run: Run, world: World, more: str, words: tuple[str, ...], member: tuple[str, str]
) -> None:
    world.application("shop", services("web", more=more), branches=["next"])
    folder = world.repositories["shop"].folder
    folder.rename(folder.with_name("away"))
    form = plan(run, "shop", *words, status=1)
    assert branches(form) == {"shop": member}
    assert ids(form) == ["repository.unreadable"]


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_where_there_is_no_plan_at_all_the_lists_are_empty(
    run: Run, world: World, flags: tuple[str, ...]
) -> None:
    world.application("shop")
    said = run("plan_environment", "shpo", *flags)
    assert said.status == 1
    sentence = "There is no application shpo in this account. It has: shop."
    if not flags:
        assert (said.out, said.err) == ("", f"error: {sentence}\n")
        return
    assert said.err == ""
    assert said.form == {
        **EMPTY,
        "problems": [{"id": "application.unknown", "level": "error", "message": sentence}],
    }


def test_an_engine_that_is_switched_off_leaves_no_plan(run: Run, world: World) -> None:
    world.application("shop")
    world.account.contexts.update(engine="process")
    form = plan(run, "shop", status=1)
    assert form == {**EMPTY, "problems": form["problems"]}
    assert ids(form) == ["engine.off"]


def test_problems_stand_beside_the_plan_and_end_with_1(run: Run, world: World) -> None:
    world.application("backend", services("api"))
    world.application("frontend", services("api", imports=["backend"]))
    form = plan(run, "frontend", status=1)
    assert form["digest"] is not None
    assert len(form["members"]) == 2
    (problem,) = [one for one in form["problems"] if one["id"] == "collision.service"]
    assert list(problem) == ["id", "level", "message"]
    assert problem["level"] == "error"
    said = run("plan_environment", "frontend")
    assert said.status == 1
    assert "The service api is in frontend (line 2) and, as api, in backend (line 2)." in said.err
    assert "backend: main @ " in said.out


def test_warnings_alone_end_with_0(run: Run, world: World) -> None:
    world.application("shop", services("web", more="context: nowhere\n"))
    form = plan(run, "shop")
    assert [(one["id"], one["level"]) for one in form["problems"]] == [
        ("context.unknown", "warning")
    ]


def test_the_digest_is_stable_and_moves_with_what_is_deployed(
    run: Run, world: World, pair: Application
) -> None:
    first = plan(run, "frontend")["digest"]
    assert plan(run, "frontend")["digest"] == first
    assert plan(run, "frontend", "--branch", "x")["digest"] != first
    assert plan(run, "frontend", "--import", "backend:y")["digest"] != first
    assert plan(run, "frontend", "--without", "backend")["digest"] != first
    text = services("web", "more", imports=["backend"])
    save_application_template(world.operator, pair, text=text, opened_on=1)
    assert plan(run, "frontend")["digest"] != first


def test_the_digest_counts_chosen_and_fixed_as_one(
    run: Run, world: World, pair: Application
) -> None:
    chosen = ImportChoice("backend", branch="y", chosen_by_person=True)
    drafts = [
        EnvironmentDraft(pair, branch="x", imports=(choice,))
        for choice in (chosen, ImportChoice("backend", branch="y"))
    ]
    plans = [think_through(world.operator, draft).plan for draft in drafts]
    forms = [form_of(one) for one in plans if one is not None]
    assert [form["members"][0]["rule"] for form in forms] == ["chosen", "fixed"]
    told = plan(run, "frontend", "--branch", "x", "--import", "backend:y")
    assert {form["digest"] for form in forms} == {told["digest"]}


def test_in_an_existing_environment_an_entrys_branch_is_fixed_whoever_wrote_it(
    run: Run, world: World, pair: Application
) -> None:
    told = plan(run, "frontend", "--branch", "x", "--import", "backend:y")
    chosen = ImportChoice("backend", branch="y", chosen_by_person=True)
    draft = EnvironmentDraft(pair, branch="x", imports=(chosen,))
    environment = create_environment(world.operator, draft)
    existing = plan_deployment(environment, DeploymentKind.SETUP)
    rules = {one.member.application: one.member.choice.rule for one in existing.members}
    assert rules == {"backend": "fixed", "frontend": "chosen"}
    assert existing.digest == told["digest"]


def test_the_plan_of_an_environment_whose_import_leaves_can_be_made(
    world: World, pair: Application
) -> None:
    environment = world.deployed(pair)
    leaving = plan_deployment(environment, DeploymentKind.SETUP, template=services("web", "api"))
    assert [one.member.application for one in leaving.members] == ["frontend"]
    assert "member.leaves-first" in [problem.id for problem in leaving.problems]
