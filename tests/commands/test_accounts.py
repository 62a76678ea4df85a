"""Who acts in which account: ``--account``, ``--as``, and ``create_owner``."""

import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from environments.actions.accounts import open_account
from environments.models import Account, Application, Environment, Event, Membership, Role
from tests.commands.conftest import Run
from tests.world import Repository, World, services

TEMPLATE = ".release/application_template.yaml"
PASSWORD = "seven green kettles"  # noqa: S105 - of nobody


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "shop")
    repository.commit({TEMPLATE: services("web")})
    return repository


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


@pytest.mark.django_db
@pytest.mark.usefixtures("fresh_wiring")
def test_without_an_account_default_is_made_with_the_context_local(
    run: Run, repository: Repository
) -> None:
    said = run("register_application", str(repository.folder))
    assert said.status == 0
    assert said.out == "registered shop\n"
    assert "made 'default' with the context 'local' (engine process)" in said.err
    account = Account.objects.get()
    assert account.name == "default"
    context = account.contexts.get()
    assert (context.name, context.engine, context.is_default) == ("local", "process", True)


def test_with_one_account_it_is_that_one(run: Run, world: World, repository: Repository) -> None:
    said = run("register_application", str(repository.folder))
    assert (said.status, said.err) == (0, "")
    assert world.account.applications.get().name == "shop"


def test_with_several_one_must_be_named(run: Run, world: World, repository: Repository) -> None:
    open_account("other")
    said = run("register_application", str(repository.folder))
    assert said.status == 1
    assert said.out == ""
    assert "several accounts: acme, other. Say which one with --account NAME." in said.err
    assert not Application.objects.exists()
    said = run("register_application", str(repository.folder), "--account", "other")
    assert said.status == 0
    assert Application.objects.get().account.name == "other"


def test_an_unknown_account_is_an_error_that_names_those_there_are(run: Run, world: World) -> None:
    said = run("plan_environment", "web", "--account", "nobody")
    assert said.status == 1
    assert "There is no account nobody. Accounts of this installation: acme." in said.err


def test_acts_are_recorded_as_operator(run: Run, world: World, repository: Repository) -> None:
    run("register_application", str(repository.folder))
    event = Event.objects.get()
    assert (event.actor, event.actor_name, event.what) == (None, "operator", "registered shop")


def test_acts_of_a_member_are_recorded_under_its_name(run: Run, world: World) -> None:
    world.application("shop")
    ana = world.person("ana", Role.MEMBER)
    said = run("create_environment", "shop", "--as", "ana")
    assert said.status == 0
    environment = Environment.objects.get()
    assert (environment.owner, environment.name) == (ana.user, "ana-main")


def test_as_somebody_who_is_no_member_is_refused(run: Run, world: World) -> None:
    world.application("shop")
    world.person("ana")
    world.person("eve", account=open_account("other"))
    said = run("create_environment", "shop", "--account", "acme", "--as", "eve")
    assert said.status == 1
    assert "There is no member eve in acme. Members of this account: ana." in said.err
    assert not Environment.objects.exists()


def test_a_role_counts_for_commands_too(run: Run, world: World) -> None:
    environment = world.deployed(world.application("shop"))
    world.person("ana", Role.MEMBER)
    said = run("destroy_environment", environment.env_id, "--as", "ana")
    assert said.status == 1
    assert said.err.startswith("error: operator-main belongs to nobody: only its owner and")
    assert world.last(environment).kind == "setup"


@pytest.mark.django_db
@pytest.mark.usefixtures("password")
def test_create_owner_is_the_first_visits_act(run: Run) -> None:
    said = run("create_owner", "ana", "--account", "acme")
    assert (said.status, said.out, said.err) == (0, "made the owner ana\n", "")
    ana = User.objects.get()
    assert ana.is_superuser
    assert ana.check_password(PASSWORD)
    membership = Membership.objects.get()
    assert (membership.user, membership.account.name, membership.role) == (ana, "acme", "owner")
    assert membership.account.contexts.get().name == "local"


@pytest.mark.django_db
@pytest.mark.usefixtures("password")
def test_create_owner_is_refused_when_there_is_a_user_already(run: Run) -> None:
    User.objects.create_user("bob")
    said = run("create_owner", "ana")
    assert said.status == 1
    assert "has its first owner already. Sign in, or ask an owner to add you." in said.err
    assert User.objects.count() == 1
    assert not Account.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "typed", "said_so"),
    [
        ("ana", "short\n", "too short"),
        ("ana", "", "too short"),
        ("a b", f"{PASSWORD}\n", "valid username"),
    ],
)
def test_create_owner_says_what_is_wrong_and_makes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, typed: str, said_so: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    said = run("create_owner", name)
    assert said.status == 1
    assert said_so in said.err
    assert not User.objects.exists()
    assert not Account.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("password")
def test_create_owner_refuses_a_name_that_no_account_can_have(run: Run) -> None:
    said = run("create_owner", "ana", "--account", "Acme Inc")
    assert said.status == 1
    assert "'Acme Inc' cannot be the name of an account." in said.err
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("password")
def test_the_first_owner_joins_the_account_that_a_command_made(run: Run) -> None:
    open_account("default")
    assert run("create_owner", "ana").status == 0
    assert Membership.objects.get().account.name == "default"


@pytest.mark.django_db
@pytest.mark.usefixtures("password")
def test_with_several_accounts_the_owner_says_which_one(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_account("acme")
    open_account("other")
    said = run("create_owner", "ana")
    assert said.status == 1
    assert "several accounts: acme, other" in said.err
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run("create_owner", "ana", "--account", "other").status == 0
    assert Membership.objects.get().account.name == "other"
    assert sorted(Account.objects.values_list("name", flat=True)) == ["acme", "other"]
