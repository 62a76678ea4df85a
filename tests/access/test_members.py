"""What an owner does with the people of an account, its name and its contexts."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments.actions.accounts import change_role, open_account, remove_member
from environments.actions.asking import Refused
from environments.models import Context, Event, Membership, Role
from tests.world import World

PASSWORD = "a long pass phrase"  # noqa: S105 - of the people of tests
NEW = "quite another phrase"


@pytest.fixture
def owner(world: World) -> Client:
    olga = world.person("olga")
    client = Client()
    assert olga.user is not None
    client.force_login(olga.user)
    return client


def member_page(name: str) -> str:
    return f"/acme/members/{Membership.objects.get(user__username=name, account__name='acme').pk}"


def signs_in(name: str, password: str) -> bool:
    answer = Client().post("/sign-in", {"username": name, "password": password})
    return answer.status_code == 303


def test_somebody_new_is_added_and_can_sign_in(world: World, owner: Client) -> None:
    sent = {"username": "mia", "password": NEW, "role": "member"}
    assert owner.post("/acme/members", sent).status_code == 303
    assert signs_in("mia", NEW)
    again = owner.post("/acme/members", sent)
    assert again.status_code == 422
    assert "mia is a member already" in again.content.decode()
    weak = owner.post("/acme/members", {**sent, "username": "max", "password": "short"})
    assert weak.status_code == 422
    assert not User.objects.filter(username="max").exists()


def test_the_last_owner_stays_one(world: World, owner: Client) -> None:
    for sent in ({"act": "remove"}, {"act": "role", "role": "member"}):
        answer = owner.post(member_page("olga"), sent)
        assert answer.status_code == 422
        assert "acme would have no owner" in answer.content.decode()
    world.person("otto")
    assert owner.post(member_page("olga"), {"act": "remove"})["Location"] == "/"
    assert owner.get("/acme/members").status_code == 404


def test_who_was_removed_meanwhile_gets_no_other_role(world: World) -> None:
    ana, ben = world.person("ana"), world.person("ben", Role.MEMBER)
    opened = Membership.objects.get(user=ben.user)
    remove_member(ana, Membership.objects.get(user=ben.user))
    events = Event.objects.count()
    with pytest.raises(Refused, match="ben is no member of acme any more"):
        change_role(ana, opened, Role.OWNER)
    with pytest.raises(Refused, match="ben is no member of acme any more"):
        remove_member(ana, opened)
    assert Event.objects.count() == events


def test_a_member_who_lost_the_password_gets_another_and_is_out_everywhere(
    world: World, owner: Client
) -> None:
    mia = world.person("mia", Role.MEMBER)
    browser = Client()
    assert mia.user is not None
    browser.force_login(mia.user)
    weak = owner.post(member_page("mia"), {"act": "password", "password": "short"})
    assert weak.status_code == 422
    assert browser.get("/acme/").status_code == 200
    answer = owner.post(member_page("mia"), {"act": "password", "password": NEW}, follow=True)
    assert "mia has a new password" in answer.content.decode()
    assert NEW not in answer.content.decode()
    assert browser.get("/acme/").status_code == 302
    assert signs_in("mia", NEW)
    assert not signs_in("mia", PASSWORD)
    assert Event.objects.filter(what="set a new password for mia", actor_name="olga").exists()


def test_an_owner_gets_nobodys_rights_beyond_the_account(world: World, owner: Client) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    Membership.objects.create(account=world.account, user=root, role=Role.MEMBER)
    both = world.person("bea", Role.MEMBER).user
    Membership.objects.create(account=open_account("other"), user=both, role=Role.OWNER)
    for name in ("root", "bea", "olga"):
        answer = owner.post(member_page(name), {"act": "password", "password": NEW})
        assert answer.status_code == 422
        assert signs_in(name, PASSWORD)


def test_a_known_person_keeps_the_password_when_added(world: World, owner: Client) -> None:
    world.person("eve", Role.OWNER, open_account("other"))
    sent = {"username": "eve", "password": NEW, "role": "member"}
    assert owner.post("/acme/members", sent).status_code == 303
    assert signs_in("eve", PASSWORD)


def test_the_account_is_renamed(world: World, owner: Client) -> None:
    assert owner.post("/acme/settings", {"name": "acme-2"})["Location"] == "/acme-2/settings"
    assert owner.get("/acme/").status_code == 404
    open_account("taken")
    for name in ("", "Not a name", "taken", "admin"):
        assert owner.post("/acme-2/settings", {"name": name}).status_code == 422
    assert Event.objects.filter(what="renamed the account acme to acme-2").exists()


def test_contexts_are_added_changed_and_deleted(world: World, owner: Client) -> None:
    sent = {"name": "second", "engine": "memory", "domains": "a.example\nB.example"}
    wrong = owner.post("/acme/new-context", {**sent, "domains": "not a domain"})
    assert wrong.status_code == 422
    assert "not a domain" in wrong.content.decode()
    assert owner.post("/acme/new-context", sent).status_code == 303
    second = Context.objects.get(name="second")
    assert (second.domains, second.account) == (["a.example", "b.example"], world.account)
    assert "second" in owner.get("/acme/settings").content.decode()
    changed = {**sent, "domains": "a.example", "is_default": "on"}
    assert owner.post("/acme/contexts/second", changed).status_code == 303
    assert world.account.contexts.get(is_default=True) == second
    assert owner.post("/acme/contexts/second/delete").status_code == 422
    assert owner.post("/acme/contexts/local/delete").status_code == 303
    assert list(world.account.contexts.all()) == [second]


def test_a_context_in_which_something_runs_stays(world: World, owner: Client) -> None:
    environment = world.deployed(world.application("shop"))
    second = {"name": "second", "engine": "memory", "domains": "a.example", "is_default": "on"}
    assert owner.post("/acme/new-context", second).status_code == 303
    answer = owner.post("/acme/contexts/local/delete")
    assert answer.status_code == 422
    assert environment.name in answer.content.decode()


def test_others_read_the_settings_and_are_offered_no_change(world: World) -> None:
    mia = world.person("mia", Role.MEMBER)
    client = Client()
    assert mia.user is not None
    client.force_login(mia.user)
    for page in ("/acme/settings", "/acme/members"):
        shown = client.get(page).content.decode()
        assert shown.count("<form") == 1  # signing out
        assert 'href="/acme/new-context"' not in shown
