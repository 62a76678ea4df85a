"""Group 7: patterns that ignore everything, nothing, or the time.

Held elsewhere: each pattern of the group and those meant to blow up a regular expression in
tests/core/test_resolve.py (``test_it_names_the_pattern_that_ignores``,
``test_no_pattern_makes_it_slow``). Here: that such a pattern goes through a whole deployment.
"""

import json

import pytest

from tests.world import World, services


@pytest.mark.parametrize(
    ("patterns", "by"),
    [
        (["**"], "**"),
        (["!"], "!"),
        (["!!main"], "!!main"),
        (["["], None),
        (["main", "!main"], "main"),
        (["!" + "x" * 10_000], "!" + "x" * 10_000),
        (["x" * 10_000], None),
        (["**a" * 3000 + "b"], None),
    ],
    ids=lambda value: str(value)[:12],
)
def test_the_pattern_decides_and_is_named(
    world: World, patterns: list[str], by: str | None
) -> None:
    world.application("backend", services("api"))
    entry = f"app_imports:\n- name: backend\n  ignore_deployment_refs: {json.dumps(patterns)}\n"
    environment = world.deployed(world.application("shop", services("web") + entry))
    assert environment.status == "deployed"
    share = world.last(environment.imported.get())
    if by is None:
        assert share.status == "deployed"
        assert world.running(environment) == {"api", "web"}
        return
    assert (share.status, share.reason) == ("aborted", f"ignored: main matches {by}")
    assert share.ignored_by == by[:300]
    assert world.running(environment) == {"web"}
