"""Which branch every member of a plan is on, and by which rule."""

from collections.abc import Sequence

import pytest

from environments.models import Application
from tests.commands.conftest import Run
from tests.commands.planning import branches, entry, ids, message, plan
from tests.world import World, services


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
        ((), (), ("main", "same-name")),
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


def test_an_import_of_the_same_name_is_a_branch_and_what_is_asked_for_may_be_a_tag(
    run: Run, world: World
) -> None:
    world.application("backend", branches=["v2", "feature/ä"])
    world.repositories["backend"].git("tag", "v1")
    world.repositories["backend"].git("tag", "v2")
    world.application("frontend", services("web", imports=["backend"]), branches=["v1", "v2"])
    assert branches(plan(run, "frontend", "--branch", "v1"))["backend"] == ("main", "default")
    assert branches(plan(run, "frontend", "--branch", "v2"))["backend"] == ("v2", "same-name")
    backend = world.repositories["backend"]
    for wanted, ref in (("v1", "v1"), ("v2", "refs/heads/v2"), ("feature/ä", "feature/ä")):
        member = plan(run, "frontend", "--import", f"backend:{wanted}")["members"][0]
        assert (member["branch"], member["rule"]) == (wanted, "chosen")
        assert member["commit"] == backend.git("rev-parse", ref)


def test_what_an_import_tracks_is_merged_for_the_type_of_the_importer(
    run: Run, world: World
) -> None:
    more = (
        "tracking_branch: next\n"
        "environment_templates:\n- name: permanent\n  tracking_branch: stable\n"
    )
    world.application("backend", services("api", more=more), branches=["next", "stable"])
    world.application("frontend", services("web", imports=["backend"]), default="trunk")
    assert branches(plan(run, "frontend"))["backend"] == ("next", "tracking")
    told = plan(run, "frontend", "--type", "permanent")
    assert branches(told)["backend"] == ("stable", "tracking")


def test_a_tracking_branch_that_is_gone_leaves_it_to_the_tracking_tag(
    run: Run, world: World
) -> None:
    text = services("web", more="tracking_branch: gone\ntracking_tag: v1\n")
    world.application("shop", text)
    world.repositories["shop"].git("tag", "v1")
    form = plan(run, "shop")
    assert branches(form) == {"shop": ("v1", "tracking")}
    where = "shop/application_template.yaml:8: "
    assert message(form, "branch.tracking-gone").startswith(f"{where}shop tracks gone, ")


def test_a_branch_that_is_missing_is_told_with_its_line_and_the_nearest_name(
    run: Run, world: World
) -> None:
    world.application("backend", branches=["feature-10"])
    world.application("frontend", services("web") + entry("backend", "branch: feature-1"))
    told = message(plan(run, "frontend", status=1), "branch.missing")
    assert told.startswith("frontend/application_template.yaml:9: backend has no branch")
    assert "Did you mean feature-10?" in told
