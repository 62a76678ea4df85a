"""``plan_environment APP …``: what Create would do, without doing it."""

import pytest

from environments.actions.applications import save_application_template
from environments.actions.drafts import EnvironmentDraft, ImportChoice, think_through
from environments.models import Application, Deployment, Environment, Namespace
from environments.services.planning import form_of
from tests.commands.conftest import Run
from tests.commands.planning import EMPTY, ids, message, plan
from tests.world import World, services


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


def test_messages_write_handles_as_hosts_do_and_begin_with_the_line(run: Run, world: World) -> None:
    long = "m" * 60
    world.application("shop", services("web", more=f"hostnames:\n- web: {long}-${{env_id}}.x\n"))
    told = message(plan(run, "shop", status=1), "host.label-too-long")
    assert told.startswith("shop/application_template.yaml:9: The host ")
    assert f"{long}-ted????" in told
    assert "ted0" not in told
    assert told in run("plan_environment", "shop").err


def test_hosts_show_the_name_that_the_environment_will_have(run: Run, world: World) -> None:
    pattern = "hostnames:\n- {}: ${{env_name}}-{}.${{domain}}\n"
    world.application("backend", services("api", more=pattern.format("api", "b")))
    text = services("web", imports=["backend"], more=pattern.format("web", "f"))
    shop = world.application("frontend", text, branches=["work"])
    hosts = {host["host"] for host in plan(run, "frontend", "--branch", "work")["hosts"]}
    assert hosts == {"operator-work-b.localhost", "operator-work-f.localhost"}
    assert world.create(shop, "work").name == "operator-work"


def test_errors_go_before_warnings_wherever_they_were_found(run: Run, world: World) -> None:
    text = services("web", more="context: nowhere\nparameters:\n- {name: size}\n")
    world.application("shop", text)
    form = plan(run, "shop", status=1)
    assert ids(form) == ["parameter.missing", "context.unknown"]


def test_the_digest_counts_the_problems_around_the_plan_too(run: Run, world: World) -> None:
    world.application("shop", services("web", more="context: second\n"))
    before = plan(run, "shop")
    assert ids(before) == ["context.unknown"]
    world.account.contexts.create(name="second", engine="memory", domains=["localhost"])
    after = plan(run, "shop")
    assert ids(after) == []
    assert after["digest"] != before["digest"]
