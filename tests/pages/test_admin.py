"""The admin site: a second way to edit and deploy, through the same acts."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import reverse

from environments import wiring
from environments.admin import environments as environments_admin
from environments.models import (
    Account,
    Application,
    ApplicationVersion,
    Context,
    Delivery,
    Deployment,
    Environment,
    EnvironmentVersion,
    Event,
    GitConnection,
    LogLine,
    Membership,
    Namespace,
    PullRequest,
    Role,
    Task,
)
from tests.world import TEMPLATE, Repository, World, services

KEPT: tuple[type[models.Model], ...] = (
    ApplicationVersion,
    EnvironmentVersion,
    Namespace,
    Deployment,
    Task,
    LogLine,
    Event,
)


def page_of(model: type[models.Model], act: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{act}", args=arguments)


@pytest.fixture
def root(world: World, client: Client) -> Client:
    user = User.objects.create_superuser("root", password="a long pass phrase")  # noqa: S106
    client.force_login(user)
    return client


@pytest.fixture
def environment(world: World) -> Environment:
    world.application("backend", services("api"))
    world.application("angular", services("ng"))
    frontend = world.application("frontend", services("web", imports=["backend"]))
    return world.deployed(frontend)


def send(client: Client, page: str, section: str, **fields: Any) -> Any:
    return client.post(page, {"section": section, **fields})


def act(client: Client, model: type[models.Model], name: str, *rows: int, **more: str) -> Any:
    sent = {"action": name, "_selected_action": list(rows), **more}
    return client.post(page_of(model, "changelist"), sent, follow=True)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


@pytest.mark.parametrize("model", KEPT)
def test_what_is_kept_is_shown_and_never_changed(
    environment: Environment, root: Client, model: type[models.Model]
) -> None:
    assert root.get(page_of(model, "changelist")).status_code == 200
    row = model._default_manager.all()[0]
    page = page_of(model, "change", row.pk)
    assert root.get(page).status_code == 200
    assert b'type="submit" value="Save"' not in root.get(page).content
    assert root.post(page, {}).status_code == 403
    assert root.get(page_of(model, "add")).status_code == 403
    assert root.post(page_of(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


def test_a_template_saved_here_is_a_version_with_an_event(
    environment: Environment, root: Client
) -> None:
    page = page_of(Environment, "change", environment.pk)
    text = environment.versions.get().template + "# more\n"
    answer = send(root, page, "template", text=text.replace("\n", "\r\n"), opened_on=1)
    assert answer.status_code == 302
    assert environment.versions.get(number=2).template == text
    event = Event.objects.filter(environment=environment)[0]
    assert (event.actor_name, event.what) == ("root", "saved the Environment Template (v1.2)")


def test_a_template_with_errors_is_refused_and_stays_typed(
    environment: Environment, root: Client
) -> None:
    page = page_of(Environment, "change", environment.pk)
    answer = send(root, page, "template", text="serivces: []\n", opened_on=1)
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "Did you mean services?" in body
    assert "serivces: []" in body
    assert environment.versions.count() == 1


def test_what_another_saved_meanwhile_is_not_overwritten(
    environment: Environment, root: Client
) -> None:
    page = page_of(Environment, "change", environment.pk)
    text = environment.versions.get().template
    send(root, page, "template", text=text + "# mine\n", opened_on=1)
    answer = send(root, page, "template", text=text + "# late\n", opened_on=1)
    assert answer.status_code == 409
    body = answer.content.decode()
    assert "root saved v1.2 since" in body
    assert "# late" in body
    assert environment.versions.count() == 2


def test_imports_are_edited_one_a_line(environment: Environment, root: Client) -> None:
    page = page_of(Environment, "change", environment.pk)
    before = environment.versions.get().template
    answer = send(root, page, "imports", imports="backend\nangular main\n", opened_on=1)
    assert answer.status_code == 302
    after = environment.versions.get(number=2).template
    assert after == before.replace(
        "- name: backend\n", "- name: backend\n- name: angular\n  branch: main\n"
    )


def test_an_imported_environment_has_no_imports_to_edit(
    environment: Environment, root: Client
) -> None:
    imported = environment.imported.get()
    body = root.get(page_of(Environment, "change", imported.pk)).content.decode()
    assert environments_admin.IMPORTS not in {
        section.name
        for section in root.get(page_of(Environment, "change", imported.pk)).context["sections"]
    }
    assert "Environment Template" in body


def test_secrets_are_not_shown_and_are_kept(world: World, root: Client) -> None:
    variables = "defaults:\n- key: TOKEN\n  secret: true\n  value: hush-hush\n"
    application = world.application("shop", services("web"), variables=variables)
    environment = world.deployed(application)
    for model, row in ((Application, application), (Environment, environment)):
        page = page_of(model, "change", row.pk)
        shown = root.get(page)
        assert b"hush-hush" not in shown.content
        text = next(
            section.form.initial["text"]
            for section in shown.context["sections"]
            if section.name == "variables"
        )
        answer = send(root, page, "variables", text=text + "- {key: A, value: b}\n", opened_on=1)
        assert answer.status_code == 302
    for version in (ApplicationVersion, EnvironmentVersion):
        for row_of in version.objects.all():
            assert b"hush-hush" not in root.get(page_of(version, "change", row_of.pk)).content
    world.work()
    assert environment.versions.count() == 2


def test_parameters_have_fields_of_their_own(world: World, root: Client) -> None:
    more = "parameters:\n- name: greeting\n  type: string\n  default: hello\n"
    environment = world.deployed(world.application("shop", services("web", more=more)))
    page = page_of(Environment, "change", environment.pk)
    answer = send(root, page, "parameters", opened_on=1, **{"parameter.greeting": "ahoy"})
    assert answer.status_code == 302
    assert environment.versions.get(number=2).parameters == {"greeting": "ahoy"}


def test_deployments_are_asked_for(world: World, environment: Environment, root: Client) -> None:
    assert "asked for" in told(act(root, Environment, "deploy_setup", environment.pk))
    assert "asked for" in told(act(root, Environment, "deploy", environment.pk))
    kinds = environment.deployments.order_by("pk").values_list("kind", "asked_by_name")
    assert list(kinds)[1:] == [("setup", "root"), ("patch", "root")]
    act(root, Environment, "abort", environment.pk)
    assert set(environment.deployments.order_by("pk").values_list("status", flat=True)[1:]) == {
        "aborted"
    }
    world.work()


def test_a_deployment_is_aborted_from_its_own_list(
    world: World, environment: Environment, root: Client
) -> None:
    act(root, Environment, "deploy_setup", environment.pk)
    last = world.last(environment)
    assert "asked for" in told(act(root, Deployment, "abort", last.pk))
    last.refresh_from_db()
    assert last.status == "aborted"
    assert "ended already" in told(act(root, Deployment, "abort", last.pk))


def test_a_pause_and_its_end_are_asked_for(
    world: World, environment: Environment, root: Client
) -> None:
    assert "is not paused" in told(act(root, Environment, "resume", environment.pk))
    for what, status in (("pause", "paused"), ("resume", "deployed")):
        assert "asked for" in told(act(root, Environment, what, environment.pk))
        world.work()
        environment.refresh_from_db()
        assert environment.status == status


def test_what_a_host_told_is_read_and_replayed_and_no_secret_is_shown(
    world: World, root: Client
) -> None:
    connection = GitConnection(account=world.account, web="https://github.com")
    connection.credentials = wiring.seal('{"token": "hush-hush"}', belongs_to=connection.seal_name)
    connection.hook_secret = wiring.seal("hush-hush", belongs_to=connection.hook_seal_name)
    connection.save()
    delivery = Delivery.objects.create(
        connection=connection, delivery_id="one", event="push", verdict="failed", said="no"
    )
    request = PullRequest.objects.create(application=world.application("shop"), number=7)
    for row in (connection, delivery, request):
        shown = root.get(page_of(type(row), "change", row.pk))
        assert shown.status_code == 200
        assert b"hush-hush" not in shown.content
        assert connection.hook_key.encode() not in shown.content
        assert root.post(page_of(type(row), "change", row.pk), {}).status_code == 403
    assert "asked for" in told(act(root, Delivery, "replay", delivery.pk))
    delivery.refresh_from_db()
    assert delivery.verdict == "waiting"


def test_delete_asks_first_and_removes_what_runs(
    world: World, environment: Environment, root: Client
) -> None:
    asked = act(root, Environment, "delete_environments", environment.pk)
    assert b"These environments end" in asked.content
    assert not environment.deployments.filter(kind="teardown").exists()
    act(root, Environment, "delete_environments", environment.pk, confirmed="yes")
    world.work()
    assert world.running(environment) == set()
    environment.refresh_from_db()
    assert environment.removed_at is not None


def test_what_cannot_be_deployed_says_why(environment: Environment, root: Client) -> None:
    imported = environment.imported.get()
    answer = act(root, Environment, "delete_environments", imported.pk, confirmed="yes")
    assert "was brought by" in told(answer)


def test_an_application_is_registered_edited_and_deleted(world: World, root: Client) -> None:
    repository = Repository(world.folder / "shop")
    repository.commit({TEMPLATE: services("web")})
    sent = {"account": world.account.pk, "source": str(repository.folder)}
    assert send(root, page_of(Application, "add"), "add", **sent).status_code == 302
    shop = Application.objects.get(name="shop")
    page = page_of(Application, "change", shop.pk)
    text = services("web", "api")
    assert send(root, page, "template", text=text, opened_on=1).status_code == 302
    assert shop.versions.get(number=2).template == text
    again = send(root, page_of(Application, "add"), "add", **sent)
    assert again.status_code == 422
    assert b"There is an application shop" in again.content
    assert root.post(page_of(Application, "delete", shop.pk), {"post": "yes"}).status_code == 302
    assert not Application.objects.exists()
    assert Event.objects.filter(what="deleted the application shop", actor_name="root").exists()


def test_a_compose_file_is_answered_with_texts_to_register_with(world: World, root: Client) -> None:
    repository = Repository(world.folder / "shop")
    repository.commit(
        {"compose.yaml": "services: {web: {image: x, tty: true, environment: [A=b]}}"}
    )
    sent = {"account": world.account.pk, "source": str(repository.folder)}
    answer = send(root, page_of(Application, "add"), "add", **sent)
    assert answer.status_code == 422
    assert b"tty of web has no counterpart." in answer.content
    form = answer.context["sections"][0].form
    texts = {name: form[name].value() for name in ("template", "variables")}
    assert "key: A" in texts["variables"]
    assert send(root, page_of(Application, "add"), "add", **sent, **texts).status_code == 302
    assert Application.objects.get().versions.get().template == texts["template"]


def test_an_application_with_living_environments_stays(
    environment: Environment, root: Client
) -> None:
    kept: tuple[tuple[type[models.Model], int, str], ...] = (
        (Application, environment.application_id, "has 1 living environments"),
        (Account, environment.application.account_id, "has 3 applications"),
        (Context, environment.namespace.context_id, "Environments run in local"),
    )
    for model, row, sentence in kept:
        for method in (root.get, root.post):
            answer = method(page_of(model, "delete", row), {"post": "yes"}, follow=True)
            assert answer.redirect_chain[-1][0] == page_of(model, "change", row)
            assert sentence in told(answer)
        assert model._default_manager.filter(pk=row).exists()
    assert Environment.objects.filter(removed_at__isnull=True).count() == 2


def members(*rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "memberships-TOTAL_FORMS": len(rows),
        "memberships-INITIAL_FORMS": initial,
    }
    for number, row in enumerate(rows):
        sent |= {f"memberships-{number}-{key}": value for key, value in row.items()}
    return sent


def test_an_account_is_opened_with_a_context_and_an_owner(world: World, root: Client) -> None:
    ben = User.objects.create_user("ben")
    sent = {"name": "beta", **members({"user": ben.pk, "role": "owner"})}
    assert root.post(page_of(Account, "add"), sent).status_code == 302
    beta = Account.objects.get(name="beta")
    assert beta.contexts.get().is_default
    assert beta.memberships.get().role == Role.OWNER
    assert Event.objects.filter(account=beta, actor_name="root").exists()


def test_an_account_keeps_an_owner(world: World, root: Client) -> None:
    actor = world.person("ana")
    membership = Membership.objects.get(user=actor.user)
    row = {"id": membership.pk, "account": world.account.pk, "user": actor.user_id}
    page = page_of(Account, "change", world.account.pk)
    left = members({**row, "role": "owner", "DELETE": "on"}, initial=1)
    answer = root.post(page, {"name": "acme", **left})
    assert answer.status_code == 200
    assert b"would have no owner" in answer.content
    lower = members({**row, "role": "member"}, initial=1)
    assert root.post(page, {"name": "acme", **lower}).status_code == 200
    ben = User.objects.create_user("ben")
    swapped = members(
        {**row, "role": "member"},
        {"user": ben.pk, "role": "owner", "account": world.account.pk},
        initial=1,
    )
    assert root.post(page, {"name": "acme-2", **swapped}).status_code == 302
    world.account.refresh_from_db()
    assert world.account.name == "acme-2"
    roles = dict(world.account.memberships.values_list("user__username", "role"))
    assert roles == {"ana": "member", "ben": "owner"}


@pytest.mark.parametrize("name", ["", "Not a name", "admin", "acme"])
def test_an_account_has_a_name_of_its_own(world: World, root: Client, name: str) -> None:
    answer = root.post(page_of(Account, "add"), {"name": name, **members()})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["name"]


def test_a_context_is_added_made_the_default_and_deleted(world: World, root: Client) -> None:
    first = world.account.contexts.get()
    sent = {"account": world.account.pk, "name": "other", "engine": "memory"}
    wrong = send(root, page_of(Context, "add"), "add", **sent, domains="not a domain")
    assert wrong.status_code == 422
    made = send(root, page_of(Context, "add"), "add", **sent, domains="a.example\nb.example")
    assert made.status_code == 302
    other = Context.objects.get(name="other")
    assert other.domains == ["a.example", "b.example"]
    page = page_of(Context, "change", other.pk)
    fields = {"name": "other", "engine": "memory", "domains": "b.example", "is_default": "on"}
    assert send(root, page, "context", **fields).status_code == 302
    assert world.account.contexts.get(is_default=True).name == "other"
    fields.pop("is_default")
    assert b"needs a default context" in send(root, page, "context", **fields).content
    assert root.post(page_of(Context, "delete", first.pk), {"post": "yes"}).status_code == 302
    kept = root.post(page_of(Context, "delete", other.pk), {"post": "yes"}, follow=True)
    assert "needs a default context" in told(kept)
