"""Ephemeral environments end some days after their last deployment."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import Message

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Receives
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from environments.automation.expiring import expire, tell_owners
from environments.models import Account, DeploymentKind, Environment, PullRequestPolicy, Role
from releaseclone.given import MailServer
from tests.deploying.acts import run
from tests.github.conftest import Hub
from tests.run.product import free_port
from tests.world import World, services


def days_left(environment: Environment) -> float:
    """Until it ends."""
    environment.refresh_from_db()
    assert environment.expires_at is not None
    return (environment.expires_at - timezone.now()) / timedelta(days=1)


def let_time_pass(environment: Environment, days: int) -> None:
    """It would end so much sooner."""
    environment.refresh_from_db()
    assert environment.expires_at is not None
    until = environment.expires_at - timedelta(days=days)
    Environment.objects.filter(pk=environment.pk).update(expires_at=until)


def test_it_ends_a_week_after_its_last_deployment(world: World) -> None:
    world.application("backend")
    shop = world.deployed(world.application("shop", services("web", imports=["backend"])))
    assert days_left(shop) == pytest.approx(7, abs=0.01)
    assert shop.imported.get().expires_at is None
    let_time_pass(shop, 6)
    run(world, shop, DeploymentKind.SETUP)
    assert days_left(shop) == pytest.approx(7, abs=0.01)
    let_time_pass(shop, 6)
    expire()
    assert not world.queue
    let_time_pass(shop, 1)
    expire()
    expire()
    world.work()
    shop.refresh_from_db()
    assert shop.status == "removed"
    assert shop.deployments.filter(kind=DeploymentKind.TEARDOWN).count() == 1
    assert world.last(shop).asked_by_name == "expiry"


def test_a_permanent_one_does_not_end(world: World) -> None:
    shop = world.deployed(world.application("shop"), type="permanent")
    assert shop.expires_at is None
    expire()
    assert not world.queue


def test_an_account_may_choose_how_long(world: World, client: Client) -> None:
    owner = world.person("ann", Role.OWNER).user
    assert isinstance(owner, User)
    client.force_login(owner)
    assert client.post("/acme/ephemeral", {"days": "-1"}).status_code == 422
    assert client.post("/acme/ephemeral", {"days": "30"}).status_code == 303
    assert Account.objects.get().ephemeral_days == 30
    shop = world.deployed(world.application("shop"))
    assert days_left(shop) == pytest.approx(30, abs=0.01)
    client.post("/acme/ephemeral", {"days": "0"})
    assert world.deployed(world.application("docs")).expires_at is None
    mia = world.person("mia", Role.MEMBER).user
    assert isinstance(mia, User)
    client.force_login(mia)
    assert client.post("/acme/ephemeral", {"days": "1"}).status_code == 403


def test_who_may_change_it_extends_it(world: World, client: Client) -> None:
    owner, other = world.person("mia", Role.MEMBER), world.person("ivo", Role.MEMBER)
    shop = world.create(world.application("shop"), actor=owner)
    let_time_pass(shop, 5)
    page = f"/acme/environments/{shop.env_id}/"
    for person, status, left in ((other, 403, 2), (owner, 303, 7)):
        assert isinstance(person.user, User)
        client.force_login(person.user)
        text = client.get(page).content.decode()
        assert "expires" in text
        assert ("Extend" in text) == (person is owner)
        assert client.post(f"{page}extend").status_code == status
        assert days_left(shop) == pytest.approx(left, abs=0.01)


def test_a_pull_request_whose_environment_expired_gets_one_with_a_new_commit(hub: Hub) -> None:
    hub.application("shop", branches=["login"])
    hub.world.account.applications.update(pull_requests_get=PullRequestPolicy.ALL)
    number = hub.opens("shop", "login")
    hub.work()
    first = Environment.objects.get()
    let_time_pass(first, 7)
    expire()
    hub.work()
    hub.about("shop", number, "labeled")
    hub.work()
    assert not Environment.objects.filter(removed_at=None).exists()
    assert "its environment was removed" in hub.ledger[-1][1]
    hub.push("shop", "login")
    hub.about("shop", number, "synchronize")
    hub.work()
    assert Environment.objects.filter(removed_at=None).count() == 1


class Inbox(Receives):
    """Keeps what a real server was given; refuses some."""

    def __init__(self) -> None:
        super().__init__()
        self.mail: list[Message] = []

    def handle_message(self, message: Message) -> None:
        """Keep it."""
        self.mail.append(message)


@pytest.fixture
def inbox(settings: Settings) -> Iterator[Inbox]:
    """A mail server on loopback, and the product's settings for it."""
    inbox = Inbox()
    port = free_port()
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    give(settings, port)
    yield inbox
    server.stop()


def give(settings: Settings, port: int) -> None:
    """What ``RELEASECLONE_MAIL`` becomes."""
    server = MailServer("127.0.0.1", port, "", "", tls=False, starttls=False)
    settings.RELEASECLONE = replace(settings.RELEASECLONE, mail=server)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port


@pytest.fixture
def shop(world: World) -> Environment:
    """Mia's, and she has an address."""
    mia = world.person("mia", Role.MEMBER)
    assert mia.user is not None
    mia.user.email = "mia@example.org"
    mia.user.save()
    shop = world.create(world.application("shop"), actor=mia)
    world.work()
    return shop


def test_its_owner_is_told_a_day_before_and_once(inbox: Inbox, shop: Environment) -> None:
    let_time_pass(shop, 5)
    tell_owners()
    assert inbox.mail == []
    let_time_pass(shop, 1)
    tell_owners()
    tell_owners()
    (mail,) = inbox.mail
    assert mail["To"] == "mia@example.org"
    assert mail["Subject"] == f"{shop.name} ends within a day"
    assert f"/acme/environments/{shop.env_id}/" in str(mail.get_payload())
    assert "by e-mail" in shop.events.order_by("-pk")[0].what


def test_who_extends_it_is_told_again_a_day_before_the_new_end(
    inbox: Inbox, shop: Environment, world: World
) -> None:
    let_time_pass(shop, 6)
    tell_owners()
    later = timezone.now() + timedelta(days=7)
    told = timezone.now() - timedelta(days=6, hours=1)
    Environment.objects.update(expires_at=later, expiry_told_at=told)
    tell_owners()
    assert len(inbox.mail) == 1
    let_time_pass(shop, 6)
    Environment.objects.update(expiry_told_at=told - timedelta(hours=1))
    tell_owners()
    assert len(inbox.mail) == 2


def test_nobody_is_told_of_what_lives_for_a_day_anyway(
    inbox: Inbox, shop: Environment, world: World
) -> None:
    Account.objects.update(ephemeral_days=1)
    let_time_pass(shop, 6)
    tell_owners()
    assert inbox.mail == []


def test_a_server_that_is_away_is_asked_again(
    inbox: Inbox, shop: Environment, settings: Settings
) -> None:
    let_time_pass(shop, 6)
    there = settings.EMAIL_PORT
    give(settings, 1)
    tell_owners()
    give(settings, there)
    tell_owners()
    assert len(inbox.mail) == 1


def test_without_a_server_nothing_is_sent_and_the_page_says_so(
    shop: Environment, client: Client
) -> None:
    let_time_pass(shop, 6)
    tell_owners()
    shop.refresh_from_db()
    assert shop.expiry_told_at is None
    assert client.get("/you").status_code == 302
    client.force_login(User.objects.get(username="mia"))
    assert "sends no mail" in client.get("/you").content.decode()
    assert client.post("/you", {"email": "nobody"}).status_code == 422
    client.post("/you", {"email": "mia@example.com"})
    assert User.objects.get(username="mia").email == "mia@example.com"
    client.post("/you", {"email": ""})
    assert User.objects.get(username="mia").email == ""
