"""What every answer carries, errors and files included, and how cookies are kept."""

import json
import subprocess
import sys
from http.cookies import Morsel
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments.actions.accounts import open_account
from environments.models import Membership
from releaseclone.middleware import POLICY

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase"  # noqa: S105 - of a person of the tests
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ana(client: Client) -> Client:
    user = User.objects.create_superuser("ana", password=PASSWORD)
    Membership.objects.create(account=open_account("acme"), user=user, role="owner")
    client.post("/sign-in", {"username": "ana", "password": PASSWORD})
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("/acme/", 200),
        ("/acme/members/999999", 405),
        ("/acme/nothing", 404),
        ("/nobody/", 404),
        ("/", 302),
        ("/sign-out", 405),
        ("/static/app.css", 200),
        ("/static/nothing.css", 404),
        ("/admin/", 200),
        ("/admin/environments/environment/", 200),
        ("/admin/nothing/", 404),
    ],
)
def test_every_answer_carries_the_policy_and_its_companions(
    ana: Client, page: str, status: int
) -> None:
    answer = ana.get(page)
    assert answer.status_code == status
    held(answer)


def held(answer: object) -> None:
    headers = answer.headers  # type: ignore[attr-defined]
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_refusals_and_broken_pages_carry_them_too(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(ana.get("/", headers={"host": "evil.example"}))
    held(ana.get("/acme/?q=a\0b"))
    strict = Client(enforce_csrf_checks=True)
    held(strict.post("/sign-in"))

    def breaks(*arguments: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("environments.views.gate.account_for", breaks)
    broken = ana.get("/acme/")
    assert broken.status_code == 500
    held(broken)


def test_cookies_are_for_the_server_alone(ana: Client) -> None:
    ana.get("/acme/members")
    names = {"releaseclone_session", "releaseclone_csrf", "releaseclone_browser"}
    assert set(ana.cookies) == names
    for name in names:
        morsel: Morsel[str] = ana.cookies[name]
        assert morsel["httponly"] is True, name
        assert morsel["samesite"] == "Lax", name


def test_behind_https_cookies_never_travel_in_the_clear(tmp_path: Path) -> None:
    asked = (
        "import json; from releaseclone import settings as s; "
        "print(json.dumps([s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE]))"
    )

    def secure(address: str) -> list[bool]:
        environment = {"RELEASECLONE_DATA": str(tmp_path), "RELEASECLONE_URL": address}
        done = subprocess.run(
            [sys.executable, "-c", asked],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
        )
        return list(json.loads(done.stdout))

    assert secure("https://environments.example.org") == [True, True]
    assert secure("http://localhost:8000") == [False, False]
