"""Group 18: secrets, in whatever form a program prints them, and wherever it would be shown.

Held elsewhere: sealed values in tests/test_vault.py; the text of variables without its secrets in
tests/core/test_variables_file.py; nothing secret in the daemon's files in
tests/engines/test_process.py.
"""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from django.test import Client

from environments.core.masking import LINE_LIMIT, Masker
from environments.core.ports import Phase
from environments.engines.memory import Outlook
from environments.models import Application, Deployment, Environment
from tests.world import World, services

SECRET = 'p@ss w0rd/+"&<é'  # noqa: S105 - of nobody
PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"
RAW = SECRET.encode()
FORMS = (
    SECRET,
    base64.b64encode(RAW).decode(),
    base64.urlsafe_b64encode(RAW).decode().rstrip("="),
    quote(SECRET),
    quote(SECRET, safe=""),
    quote_plus(SECRET),
    quote_plus(SECRET).lower(),
    json.dumps(SECRET)[1:-1],
    json.dumps(SECRET, ensure_ascii=False)[1:-1],
    f"url=https://u:{SECRET}@h/x",
)
VARIABLES = f"""
mapping: {{DATABASE: 'postgres://u:${{TOKEN}}@db/x'}}
defaults:
- {{key: TOKEN, secret: true, value: {json.dumps(SECRET)}}}
- {{key: KEY, secret: true, value: {json.dumps(PEM)}}}
"""
JOB = (
    "jobs:\n- name: migrate\n  image: x\n"
    "workflows:\n- name: setup\n  order_from: [jobs.migrate, services.all]\n"
)
PRINTED = (*FORMS, *PEM.splitlines()[1:3], "harmless")


def is_told(text: str) -> bool:
    """Whether the text holds a secret in one of its forms."""
    return any(form in text for form in (*FORMS, *PEM.splitlines()[1:3], "w0rd"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_masked(form: str) -> None:
    masked = Masker([SECRET]).masked(f"before {form} after")
    assert not is_told(masked)
    assert masked.startswith("before ") and masked.endswith(" after")


def test_a_pem_is_masked_line_by_line_and_as_a_whole() -> None:
    masker = Masker([PEM])
    for line in PEM.splitlines():
        assert masker.masked(f"  {line}") == "  ••••"
    assert masker.masked(PEM.strip()) == "••••"


def test_a_short_secret_is_masked_where_it_stands_alone_only() -> None:
    masker = Masker(["abc"])
    assert masker.masked("abcdef xabc abc_d") == "abcdef xabc abc_d"
    assert masker.masked("key=abc, 'abc' abc") == "key=••••, '••••' ••••"


@pytest.mark.parametrize("secrets", [(), ("",), (" ",), ("\n",)])
def test_without_a_secret_nothing_is_masked(secrets: tuple[str, ...]) -> None:
    assert Masker(secrets).masked("a b\nc") == "a b\nc"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    masker = Masker(["longsecret", "longsecret-and-more"])
    assert masker.masked("longsecret-and-more longsecret") == "•••• ••••"


@pytest.mark.parametrize("inside", ["\x1b[0m", "\x1b[01;31m\x1b[K", "\r", "\x1b]8;;http://x\x07"])
def test_colours_in_the_middle_of_a_secret_do_not_save_it(inside: str) -> None:
    text = f"found {SECRET[:4]}{inside}{SECRET[4:]} here"
    assert Masker([SECRET]).line(text) == "found •••• here"


def test_a_secret_is_hidden_before_a_line_is_cut() -> None:
    for before in range(LINE_LIMIT - len(SECRET), LINE_LIMIT + 1):
        line = Masker([SECRET]).line("." * before + SECRET + "." * 100)
        assert SECRET[:2] not in line


def test_a_secret_is_text_and_no_pattern() -> None:
    masker = Masker(["a.*b(c[d"])
    assert masker.masked("a.*b(c[d aXXb") == "•••• aXXb"


@pytest.fixture
def shop(world: World) -> Application:
    return world.application("shop", services("web", more=JOB), variables=VARIABLES)


def _deployed(world: World, shop: Application, failing: str = "") -> Environment:
    done = Outlook(Phase.SUCCEEDED, True, "", PRINTED)
    failed = Outlook(Phase.FAILED, False, f"exit status 1: {SECRET}", PRINTED)
    running = Outlook(Phase.RUNNING, True, "", PRINTED)
    world.engine.expect("migrate", failed if failing == "migrate" else done)
    world.engine.expect("web", failed if failing == "web" else running)
    return world.deployed(shop)


@pytest.mark.parametrize("failing", ["", "migrate", "web"])
def test_no_secret_is_in_the_log_the_reason_or_the_evidence(
    world: World, shop: Application, failing: str
) -> None:
    environment = _deployed(world, shop, failing)
    deployment = world.last(environment)
    assert deployment.status == ("failed" if failing else "deployed")
    texts = list(deployment.lines.values_list("text", flat=True))
    assert any("harmless" in text for text in texts)
    told = "\n".join(
        [*texts, deployment.reason, json.dumps(deployment.failure, ensure_ascii=False)]
    )
    assert not is_told(told)
    assert "••••" in told
    if failing:
        assert deployment.reason == f"{failing} of shop failed: exit status 1: ••••"


def test_no_secret_is_in_the_plan_and_neither_what_a_mapping_made_of_it(
    world: World, shop: Application
) -> None:
    environment = _deployed(world, shop)
    form = Deployment.objects.get().plan
    assert not is_told(json.dumps(form, ensure_ascii=False))
    values = {one["name"]: one for one in form["members"][0]["services"][0]["variables"]}
    assert values["DATABASE"]["secret"] is values["TOKEN"]["secret"] is True
    assert values["DATABASE"]["text"] != values["TOKEN"]["text"]
    assert environment.status == "deployed"


def test_no_page_shows_one(world: World, shop: Application, browser: Client) -> None:
    environment = _deployed(world, shop)
    at = f"/acme/environments/{environment.env_id}/"
    deployment = world.last(environment)
    pages = {
        f"{at}instances/web-0": "harmless",
        at: "web",
        f"{at}settings": "TOKEN",
        f"{at}versions/1": "operator",
        f"{at}imports": "shop",
        f"{at}deploy/setup": "DATABASE",
        f"/acme/deployments/{deployment.pk}/": "harmless",
        f"/acme/deployments/{deployment.pk}/log.txt": "harmless",
        "/acme/applications/shop/settings": "TOKEN",
        "/acme/applications/shop/versions/1": "TOKEN",
        "/acme/applications/shop/new": "shop",
    }
    for address, shown in pages.items():
        answer = browser.get(address)
        assert answer.status_code == 200, address
        text = b"".join(answer).decode()
        assert shown in text, address
        assert not is_told(text), address


def test_an_error_of_the_file_does_not_repeat_the_value(world: World, browser: Client) -> None:
    world.application("shop")
    text = f"defaults:\n- {{key: TOKEN, secret: yes, value: [{SECRET!r}]}}\n"
    sent = {"what": "variables", "text": text, "opened_on": "1"}
    answer = browser.post("/acme/applications/shop/settings", sent)
    assert answer.status_code == 422
    problems = answer.context["problems"]
    assert problems
    assert not is_told(json.dumps(problems, ensure_ascii=False))
