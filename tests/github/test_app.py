"""A GitHub App, made in GitHub by what the product gives the person to bring there."""

import html
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.contrib.auth.models import User
from django.test import Client

from environments.models import GitConnection, Role
from tests.github.conftest import Hub

SECRET = "of the webhook"  # noqa: S105 - of the server


@pytest.fixture
def owner(hub: Hub, client: Client) -> Client:
    hub.connection.delete()
    user = hub.world.person("ann", Role.OWNER).user
    assert isinstance(user, User)
    client.force_login(user)
    return client


@pytest.fixture
def made(hub: Hub) -> str:
    """The server has made the App 17; the code that it sends back."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    hub.server.app_key = key.public_key()
    form = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    hub.server.manifests["abc"] = {
        "id": 17,
        "pem": key.private_bytes(*form).decode(),
        "webhook_secret": SECRET,
        "html_url": f"{hub.server.web}/apps/releaseclone-acme",
    }
    return "abc"


def asked(hub: Hub, client: Client, organisation: str = "") -> tuple[str, dict[str, object]]:
    """Where the person is sent, and with what."""
    answer = client.post("/acme/new-app", {"web": hub.server.web, "organisation": organisation})
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert f"form-action {hub.server.web};" in policy
    page = answer.content.decode()
    (address,) = re.findall(r'action="(http[^"]+)"', page)
    (manifest,) = re.findall(r'name="manifest" value="([^"]+)"', page)
    return html.unescape(address), json.loads(html.unescape(manifest))


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def test_it_is_made_installed_and_asked(hub: Hub, owner: Client, made: str) -> None:
    address, manifest = asked(hub, owner)
    assert address.startswith(f"{hub.server.web}/settings/apps/new?state=")
    assert manifest["default_events"] == ["push", "pull_request", "create", "delete"]
    there = owner.get("/acme/app-made", {"code": made, "state": state_of(address)})
    assert there.status_code in (302, 303)
    assert there.url.startswith(f"{hub.server.web}/apps/releaseclone-acme/installations/new?")
    connection = GitConnection.objects.get()
    assert manifest["hook_attributes"] == {"url": connection.hook_url, "active": True}
    page = owner.get(f"/acme/connections/{connection.pk}/check").content.decode()
    assert "is not installed yet" in page
    back = owner.get("/acme/app-installed", {"installation_id": "5", "state": state_of(there.url)})
    assert back.url == f"/acme/connections/{connection.pk}"
    assert "as an App" in owner.get(f"{back.url}/check").content.decode()
    hub.connection = GitConnection.objects.get()
    assert hub.secret == SECRET
    assert hub.tell("ping", {}).status_code == 202


def test_an_organisation_may_own_it(hub: Hub, owner: Client) -> None:
    address, _ = asked(hub, owner, "acme-corp")
    assert "/organizations/acme-corp/settings/apps/new?" in address
    wrong = owner.post("/acme/new-app", {"web": hub.server.web, "organisation": "../x"})
    assert wrong.status_code == 422


def test_an_answer_that_was_not_asked_for_is_not_taken(hub: Hub, owner: Client, made: str) -> None:
    address, _ = asked(hub, owner)
    state = state_of(address)
    for given in ({"code": made, "state": "x"}, {"code": "a/b", "state": state}, {}):
        assert owner.get("/acme/app-made", given).status_code == 422
    other = Client()
    eve = hub.world.person("eve", Role.OWNER).user
    assert isinstance(eve, User)
    other.force_login(eve)
    assert other.get("/acme/app-made", {"code": made, "state": state}).status_code == 422
    assert not GitConnection.objects.exists()
    assert owner.get("/acme/app-made", {"code": made, "state": state}).status_code in (302, 303)
    again = owner.get("/acme/app-made", {"code": made, "state": state})
    assert again.status_code == 422
    assert GitConnection.objects.count() == 1
    assert owner.get("/acme/app-installed", {"installation_id": "5"}).status_code == 422


def test_a_member_makes_none(hub: Hub, owner: Client, made: str) -> None:
    address, _ = asked(hub, owner)
    mia = hub.world.person("mia", Role.MEMBER).user
    assert isinstance(mia, User)
    owner.force_login(mia)
    assert owner.post("/acme/new-app", {"web": hub.server.web}).status_code == 403
    given = {"code": made, "state": state_of(address)}
    assert owner.get("/acme/app-made", given).status_code == 403
