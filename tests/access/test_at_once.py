"""Two people at the very same moment, on a database that lets them."""

import pytest
from django.db import connection

from environments.actions.accounts import add_member, remove_member
from environments.actions.applications import delete_application
from environments.actions.asking import Refused
from environments.models import Application, Environment, Membership, Role
from tests.deploying.test_at_once import at_once
from tests.world import World

pytestmark = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time, and one connection in tests"
)


def test_two_owners_who_remove_each_other_leave_one(world: World) -> None:
    ana, ben = world.person("ana"), world.person("ben")
    of_ana, of_ben = (Membership.objects.get(user=one.user) for one in (ana, ben))
    ends = at_once(lambda: remove_member(ana, of_ben), lambda: remove_member(ben, of_ana))
    assert sum(isinstance(end, Refused) for end in ends) == 1
    assert Membership.objects.filter(account=world.account, role=Role.OWNER).count() == 1


def test_somebody_added_twice_at_once_is_a_member_once(world: World) -> None:
    def add() -> Membership:
        phrase = "a long pass phrase"
        return add_member(world.operator, username="mia", password=phrase, role=Role.MEMBER)

    ends = at_once(add, add, add)
    refused = [end for end in ends if isinstance(end, Refused)]
    assert [one.problems[0].id for one in refused] == ["member.taken"] * 2
    assert Membership.objects.filter(user__username="mia").count() == 1


def test_an_application_goes_or_gets_an_environment_never_both(world: World) -> None:
    shop = world.application("shop")
    again = Application.objects.get(name="shop")
    ends = at_once(
        lambda: delete_application(world.operator, again), lambda: world.create(shop, name="one")
    )
    created = isinstance(ends[1], Environment)
    assert isinstance(ends[0], Refused) is created
    assert Application.objects.exists() is created
    assert Environment.objects.count() == int(created)
    world.queue.clear()
