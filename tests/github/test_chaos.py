"""Deliveries lost, doubled and out of order lead to the same end as all of them in order."""

import random

import pytest

from environments.automation import reconciling
from environments.models import Environment, PullRequestPolicy
from tests.github.conftest import Hub
from tests.github.test_pull_requests import settle
from tests.world import services

BRANCHES = ("login", "other")
NAMES = ("backend", "frontend")


class Post:
    """What carries deliveries: all in order, or as badly as the die says."""

    def __init__(self, hub: Hub, die: random.Random | None) -> None:
        self.hub, self.die = hub, die
        self.bag: list[tuple[str, str, int | str]] = []

    def tells(self, kind: str, name: str, what: int | str) -> None:
        """The host sends one; it may come never, twice, or later than others."""
        if self.die is None:
            self.bag.append((kind, name, what))
        elif self.die.random() >= 0.3:
            self.bag += [(kind, name, what)] * (2 if self.die.random() < 0.3 else 1)

    def delivers(self, *, all_of_it: bool) -> None:
        """What is in the bag, or a part of it."""
        if self.die is not None:
            self.die.shuffle(self.bag)
        count = len(self.bag) if all_of_it or self.die is None else len(self.bag) // 2
        for kind, name, what in self.bag[:count]:
            if kind == "push":
                self.hub.pushed(name, str(what))
            else:
                payload = {
                    "action": kind,
                    "number": what,
                    "repository": {"full_name": f"acme/{name}"},
                }
                self.hub.tell("pull_request", payload)
        del self.bag[:count]
        settle(self.hub)


def story(hub: Hub, die: random.Random | None) -> set[tuple[str, str, str]]:
    """Some days of work in two repositories; what stands at their end."""
    hub.application("backend", branches=BRANCHES)
    hub.application("frontend", services("web", imports=["backend"]), branches=BRANCHES)
    hub.world.account.applications.update(pull_requests_get=PullRequestPolicy.ALL)
    post, numbers = Post(hub, die), {}
    for branch in BRANCHES:
        for name in NAMES:
            numbers[name, branch] = hub.opens(name, branch, tell=False)
            post.tells("opened", name, numbers[name, branch])
            post.delivers(all_of_it=False)
    for _ in range(3):
        for branch in BRANCHES:
            hub.push("frontend", branch)
            post.tells("push", "frontend", branch)
            post.tells("synchronize", "frontend", numbers["frontend", branch])
            post.delivers(all_of_it=False)
    for name in NAMES:
        hub.server.changes(f"acme/{name}", numbers[name, "other"], state="closed")
        post.tells("closed", name, numbers[name, "other"])
    post.delivers(all_of_it=True)
    for _ in range(3):
        reconciling.reconcile()
        settle(hub)
    rows = Environment.objects.filter(removed_at=None).select_related("application", "running")
    return {
        (one.application.name, one.branch, one.running.commit if one.running else "")
        for one in rows
    }


@pytest.mark.parametrize("seed", range(6))
def test_the_end_is_the_same(hub: Hub, seed: int) -> None:
    found = story(hub, random.Random(seed) if seed else None)  # noqa: S311 - a die
    heads = {
        name: hub.world.repositories[name].git("rev-parse", "refs/heads/login") for name in NAMES
    }
    assert found == {(name, "login", heads[name]) for name in NAMES}
