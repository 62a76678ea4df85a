"""The selector of imports: in Create, and in the App Imports tab of what exists."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments.models import Environment, EnvironmentVersion, Role
from tests.world import World, services

SWAP = {"HX-Request": "true"}
ASKS = services("billing", more="parameters:\n- name: currency\n  type: string\n")
TWO_TYPES = services(
    "shop",
    imports=["backend"],
    more="""environment_templates:
- name: ephemeral
- name: permanent
  app_imports:
  - name: backend
    branch: develop
""",
)


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    user = world.person("ana").user
    assert isinstance(user, User)
    client.force_login(user)
    return client


def tab_of(environment: Environment) -> str:
    return f"/acme/environments/{environment.env_id}/imports"


def form(*imports: str, **more: str) -> dict[str, object]:
    return {"imports_shown": "1", "import": list(imports), **more}


def test_create_shows_the_template_s_imports_first_and_the_others_unselected(
    world: World, browser: Client
) -> None:
    world.application("backend", branches=["develop"])
    world.application("zebra")
    world.application("ant")
    world.application("shop", services("shop", imports=["zebra", "backend"]))
    page = browser.get("/acme/applications/shop/new").content.decode()
    places = [page.index(f'value="{name}"') for name in ("zebra", "backend", "ant")]
    assert places == sorted(places)
    before, _, after = page.partition("Other applications of this account")
    assert before.count("checked") - before.count('type="radio"') >= 1
    assert 'value="ant"' in after
    assert "checked" not in after.partition("Deploy imports side by side")[0]
    assert '<option value="develop">' in before


def test_each_import_says_beside_it_which_branch_and_why(world: World, browser: Client) -> None:
    world.application("backend", branches=["login"])
    world.application("shop", services("shop", imports=["backend"]), branches=["login"])
    part = browser.post(
        "/acme/applications/shop/new", form("backend", branch="login"), headers=SWAP
    ).content.decode()
    beside = part.partition('id="choice-backend"')[2].partition("</div>")[0]
    assert "hx-swap-oob" in beside
    assert "login" in beside
    assert "same name as this environment" in beside


def test_the_other_type_takes_the_imports_of_its_own_template(
    world: World, browser: Client
) -> None:
    world.application("backend", branches=["develop"])
    world.application("shop", TWO_TYPES)
    address = "/acme/applications/shop/new"
    sent = {**form("backend"), "type": "permanent", "type_shown": "ephemeral", "act": "create"}
    answer = browser.post(address, sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The plan has changed since it was shown" in page
    assert "fixed in the template" in page
    assert Environment.objects.count() == 0
    part = browser.post(address, sent, headers=SWAP).content.decode()
    assert 'id="advanced" hx-swap-oob="morph"' in " ".join(part.split())
    sent["type_shown"] = "permanent"
    assert browser.post(address, sent).status_code == 303
    (made,) = Environment.objects.all()
    assert "branch" not in made.versions.get(number=1).template.partition("app_imports")[2]


def test_the_tab_plans_with_the_parameters_that_are_typed(world: World, browser: Client) -> None:
    world.application("billing", ASKS)
    shop = world.deployed(world.application("shop"))
    needs = "billing needs a value for the parameter currency"
    assert needs in browser.post(tab_of(shop), form("billing")).content.decode()
    typed = {**form("billing"), "parameter.billing.currency": "EUR"}
    page = browser.post(tab_of(shop), typed).content.decode()
    assert needs not in page
    assert 'value="EUR"' in page
    saved = browser.post(tab_of(shop), {**typed, "act": "save", "opened_on": "1"})
    assert saved.status_code == 303
    page = browser.get(tab_of(shop)).content.decode()
    assert needs not in page
    assert 'value="EUR"' in page


def test_an_import_that_exists_has_its_parameters_in_its_own_settings(
    world: World, browser: Client
) -> None:
    world.application("billing", ASKS)
    application = world.application("shop", services("shop", imports=["billing"]))
    shop = world.deployed(application, parameters={"billing": {"currency": "EUR"}})
    assert "parameter.billing.currency" not in browser.get(tab_of(shop)).content.decode()
    member = Environment.objects.get(importer=shop)
    settings = browser.get(f"/acme/environments/{member.env_id}/settings").content.decode()
    assert 'name="parameter.currency"' in settings
    assert 'value="EUR"' in settings


def test_of_two_saves_the_second_is_refused_with_what_was_typed(
    world: World, browser: Client
) -> None:
    world.application("backend", branches=["one", "two"])
    shop = world.deployed(world.application("shop"))
    save = {"act": "save", "opened_on": "1"}
    first = form("backend", **{"branch.backend": "one", **save})
    assert browser.post(tab_of(shop), first).status_code == 303
    second = browser.post(tab_of(shop), form("backend", **{"branch.backend": "two", **save}))
    assert second.status_code == 409
    page = second.content.decode()
    assert 'name="branch.backend" value="two"' in " ".join(page.split())
    assert "ana" in page.partition('role="alert"')[2].partition("</div>")[0]
    assert "branch: one" in page
    assert "branch: two" in page
    assert 'data-guard="unsaved"' in page
    assert EnvironmentVersion.objects.filter(environment=shop).count() == 2


def test_who_may_not_save_reads_what_is_imported(world: World, client: Client) -> None:
    world.application("backend")
    world.application("ant")
    shop = world.deployed(world.application("shop", services("shop", imports=["backend"])))
    user = world.person("mia", Role.MEMBER).user
    assert isinstance(user, User)
    client.force_login(user)
    page = client.get(tab_of(shop)).content.decode()
    assert "<fieldset disabled>" in page
    assert 'value="backend"' in page
    assert 'value="ant"' not in page
    assert 'value="save"' not in page
    assert client.post(tab_of(shop), form("ant", act="save", opened_on="1")).status_code == 403


def test_the_tab_of_an_imported_environment_leads_to_its_importer(
    world: World, browser: Client
) -> None:
    world.application("backend")
    shop = world.deployed(world.application("shop", services("shop", imports=["backend"])))
    page = browser.get(tab_of(Environment.objects.get(importer=shop))).content.decode()
    assert "imports are not recursive" in page
    assert tab_of(shop) in page
    assert 'value="save"' not in page


def test_the_plan_that_follows_never_creates_or_saves(world: World, browser: Client) -> None:
    """It is sent with whatever button was pressed last."""
    world.application("backend")
    application = world.application("shop")
    sent = {**form("backend"), "type": "ephemeral", "act": "create"}
    assert browser.post("/acme/applications/shop/new", sent, headers=SWAP).status_code == 200
    assert Environment.objects.count() == 0
    shop = world.deployed(application)
    sent = form("backend", act="save", opened_on="1")
    assert browser.post(tab_of(shop), sent, headers=SWAP).status_code == 200
    assert EnvironmentVersion.objects.filter(environment=shop).count() == 1
