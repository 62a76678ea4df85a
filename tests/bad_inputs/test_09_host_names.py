"""Group 9: host names that somebody else has, and what a template may not ask for.

Held elsewhere: ``privileged``, ``hostNetwork`` and ``hostPath`` are unknown keys with their lines
in tests/core/test_template_parsing.py; which host names meet in tests/core/test_collisions.py.
"""

import pytest
from django.db import IntegrityError, transaction

from environments.actions.accounts import open_account
from environments.actions.applications import register_application
from environments.actions.asking import Refused, operator
from environments.actions.drafts import EnvironmentDraft, think_through
from environments.actions.environments import create_environment, delete_environment
from environments.models import Environment, HostClaim
from tests.bad_inputs.conftest import Drafted
from tests.world import World, services

FIXED = services("web", more="hostnames:\n- web: shop.localhost\n")


def test_a_host_that_another_environment_holds_is_an_error_that_names_it(
    world: World, problems_of: Drafted
) -> None:
    application = world.application("shop", FIXED)
    holder = world.deployed(application)
    (problem,) = problems_of(application)
    assert (problem.id, problem.level) == ("host.held", "error")
    assert f"it leads to {holder.namespace.name}" in problem.message
    with pytest.raises(Refused):
        world.create(application)
    assert Environment.objects.get() == holder


def test_one_of_another_account_is_taken_and_no_more_is_said(world: World) -> None:
    application = world.application("shop", FIXED)
    holder = world.deployed(application)
    account = open_account("other")
    account.contexts.update(engine="memory")
    stranger = operator(account)
    theirs = register_application(stranger, source=application.repository_url).application
    problems = think_through(stranger, EnvironmentDraft(theirs)).plan.problems
    (problem,) = [one for one in problems if one.level == "error"]
    assert problem.id == "host.held"
    for secret in (holder.namespace.name, holder.env_id, "acme"):
        assert secret not in problem.message
    with pytest.raises(Refused):
        create_environment(stranger, EnvironmentDraft(theirs))


def test_of_two_that_ask_at_once_the_second_fails_and_the_first_keeps_it(world: World) -> None:
    application = world.application("shop", FIXED)
    first, second = world.create(application), world.create(application)
    world.work()
    assert world.last(first).status == "deployed"
    late = world.last(second)
    assert late.status == "failed"
    assert "shop.localhost" in late.reason and first.namespace.name in late.reason
    assert HostClaim.objects.get().namespace == first.namespace


def test_the_database_itself_allows_one_holder(world: World) -> None:
    first = world.deployed(world.application("shop", FIXED))
    second = world.deployed(world.application("other"))
    with pytest.raises(IntegrityError), transaction.atomic():
        HostClaim.objects.create(namespace=second.namespace, host="shop.localhost")
    assert HostClaim.objects.get(host="shop.localhost").namespace == first.namespace


def test_a_host_is_free_again_once_its_holder_is_gone(world: World, problems_of: Drafted) -> None:
    application = world.application("shop", FIXED)
    delete_environment(world.operator, world.deployed(application))
    world.work()
    assert not problems_of(application)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("'*.localhost'", "host.not-a-name"),
        ("web..localhost", "host.not-a-name"),
        ("-web.localhost", "host.not-a-name"),
        ("'web:80.localhost'", "host.not-a-name"),
        ("'{http.request.host}.localhost'", "host.not-a-name"),
        ("wеb.localhost", "host.not-a-name"),  # its second letter is Cyrillic
        ("'${namespace}.localhost'", "host.placeholder"),
        ("x" * 64 + ".localhost", "host.label-too-long"),
        (".".join(["x" * 60] * 5) + ".localhost", "host.too-long"),
    ],
)
def test_a_pattern_that_gives_no_host_name_is_an_error_with_its_line(
    world: World, problems_of: Drafted, pattern: str, problem: str
) -> None:
    template = services("web", more=f"hostnames:\n- web: {pattern}\n")
    found = [
        one for one in problems_of(world.application("shop", template)) if one.level == "error"
    ]
    assert {one.id for one in found} == {problem}
    assert found[0].place is not None and found[0].place.line == 9


@pytest.mark.parametrize("key", ["privileged: true", "hostNetwork: true", "namespace: kube-system"])
def test_what_a_template_may_not_ask_for_is_never_registered(world: World, key: str) -> None:
    with pytest.raises(Refused) as refused:
        world.application("shop", f"services:\n- name: web\n  image: x\n  {key}\n")
    (problem,) = refused.value.problems
    assert problem.id == "template.unknown-key"
    assert problem.place is not None and problem.place.line == 4
