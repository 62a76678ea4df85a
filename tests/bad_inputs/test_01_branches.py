"""Group 1: names of branches that are commands, options, odd or very long.

Held elsewhere: reading repositories that have such branches in tests/githosts/test_refs.py; names
made of them in tests/core/test_names.py; tags beside branches in tests/core/test_resolve.py.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from environments.actions.asking import Refused
from environments.core.names import is_label
from environments.core.plan import Plan
from environments.models import Application, Environment, Namespace
from tests.bad_inputs.conftest import Drafted
from tests.world import World

LEGAL = (
    "$(touch${IFS}hacked)",
    "`id`",
    "x/--upload-pack=x",
    "-oProxyCommand=x",
    "feature/ÄÖ",
    "feature/äö",
    "b" * 240,
    "b" * 239 + "c",
    "🚀",
    "🎉",
    "a\u202eb",
    "<script>alert(1)</script>",
)
"""Branches that git takes."""
ILLEGAL = (
    "$(id)",
    "`id`",
    "--upload-pack=x",
    "-oProxyCommand=x",
    "main\n",
    "ma\nin",
    "ma\0in",
    "..",
    "main..x",
    "@{-1}",
    "@{u}",
    "HEAD",
    "refs/heads/main",
    "../main",
    "x" * 250,
    "🚀",
    "\u202eniam",
    "feature/ÄÖ",
)
"""What is asked for and no branch: some of it could never be one."""


@pytest.fixture
def shop(world: World) -> Application:
    return world.application("shop")


def test_what_is_no_branch_is_refused_by_its_name(
    world: World, shop: Application, problems_of: Drafted
) -> None:
    for branch in ILLEGAL:
        (problem,) = problems_of(shop, branch=branch)
        assert (problem.id, problem.level) == ("branch.missing", "error")
        assert problem.message.startswith(f"shop has no branch or tag {branch!r}.")
        assert problem.message.endswith("Leave the branch blank to let the rules choose.")
        with pytest.raises(Refused):
            world.create(shop, branch)
    assert not Environment.objects.exists()
    assert not Namespace.objects.exists()


def test_the_page_says_so_and_does_not_break(shop: Application, browser: Client) -> None:
    for branch in ILLEGAL:
        if branch.strip() == "main":
            continue  # blanks around what was typed do not count in a form
        sent = {"branch": branch, "act": "create", "imports_shown": "1"}
        answer = browser.post("/acme/applications/shop/new", sent)
        if "\0" in branch:
            assert answer.status_code == 400
            continue
        assert answer.status_code == 422, branch
        assert "shop has no branch or tag" in answer.content.decode(), branch
    assert not Environment.objects.exists()


def test_a_nul_in_any_field_or_filter_is_a_bad_request(shop: Application, browser: Client) -> None:
    at = "/acme/applications/shop/"
    for key in ("q", "status", "type", "owner"):
        assert browser.get(at, {key: "a\0b"}).status_code == 400
    assert browser.get("/acme/", {"q": "\0"}).status_code == 400
    for key in ("import", "parameter.shop.size", "exclude.shop", "name", "a\0b"):
        sent = {"act": "create", "imports_shown": "1", key: "a\0b"}
        assert browser.post(f"{at}new", sent).status_code == 400
    sent = {"source": "/x", "name": "a\0b"}
    assert browser.post("/acme/register", sent).status_code == 400
    assert not Environment.objects.exists()


def test_a_branch_of_250_characters_is_the_longest(
    world: World, shop: Application, problems_of: Drafted
) -> None:
    longest, longer = ("a/" * 130)[:249] + "x", ("b/" * 130)[:250] + "x"
    for branch in (longest, longer):
        world.repositories["shop"].git("update-ref", f"refs/heads/{branch}", "main")
    assert not problems_of(shop, branch=longest)
    environment = world.deployed(shop, longest)
    assert (environment.status, environment.branch) == ("deployed", longest)
    (problem,) = problems_of(shop, branch=longer)
    assert problem.id == "branch.too-long"
    assert "of shop has 251 characters, and 250 are allowed." in problem.message


def test_odd_branches_give_valid_stable_and_distinct_names(
    world: World, shop: Application, tmp_path: Path
) -> None:
    repository = world.repositories["shop"]
    commit = repository.git("rev-parse", "main")
    for branch in LEGAL:
        repository.git("update-ref", f"refs/heads/{branch}", commit)
    made = [world.create(shop, branch) for branch in LEGAL]
    assert [environment.branch for environment in made] == list(LEGAL)
    for names in ([one.name for one in made], [one.namespace.name for one in made]):
        assert all(map(is_label, names))
        assert len(set(names)) == len(LEGAL)
    world.work()
    assert set(Environment.objects.values_list("status", flat=True)) == {"deployed"}
    assert not list(tmp_path.rglob("hacked"))


def test_the_same_branch_again_gets_a_number(world: World, shop: Application) -> None:
    repository = world.repositories["shop"]
    repository.git("update-ref", "refs/heads/feature/ÄÖ", "main")
    first, second = (world.create(shop, "feature/ÄÖ").name for _ in range(2))
    assert second == f"{first}-2"
    assert is_label(second)


def test_a_branch_goes_before_a_tag_of_its_name(
    world: World, shop: Application, plan_of: Callable[..., Plan]
) -> None:
    repository = world.repositories["shop"]
    tagged = repository.git("rev-parse", "main")
    repository.git("tag", "main")
    repository.git("tag", "v1")
    head = repository.commit({"x": "1"})
    own = plan_of(shop, branch="main").members[-1].member.choice
    assert (own.is_tag, own.commit) == (False, head)
    tag = plan_of(shop, branch="v1").members[-1].member.choice
    assert (tag.is_tag, tag.commit) == (True, tagged)
