"""Who may in the admin site: every address and method of it, for superusers and nobody else."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from environments.models import Environment, Role
from tests.world import World, services

METHODS = ("get", "head", "post", "put", "patch", "delete")
OPEN = {"login", "logout", "jsi18n"}
"""What the site shows to anybody: two redirects and words for its scripts."""


def named(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """Every address of the site that has a name, as the URL configuration has it."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from named(one.url_patterns)
        elif one.name:
            yield one


ADDRESSES = [one for one in named(admin.site.get_urls()) if one.name not in OPEN]


def address(pattern: URLPattern, environment: Environment) -> str:
    ids = {
        "app_label": "environments",
        "object_id": environment.pk,
        "content_type_id": 1,
        "id": User.objects.get(username="root").pk,
    }
    converters = pattern.pattern.converters
    known = {key: ids[key] for key in converters}
    if not converters and pattern.pattern.regex.groups:  # the index of one part is an expression
        known = {"app_label": "environments"}
    return reverse(f"admin:{pattern.name}", kwargs=known)


@pytest.fixture
def environment(world: World) -> Environment:
    return world.deployed(world.application("shop", services("web")))


@pytest.fixture
def people(world: World) -> dict[str, Client]:
    owner = world.person("olga", Role.OWNER).user
    known = {
        "superuser": User.objects.create_superuser("root"),
        "owner": owner,
        "staff": User.objects.create_user("stan", is_staff=True),
        "switched off": User.objects.create_superuser("rita", is_active=False),
    }
    browsers = {"anonymous": Client()}
    for name, user in known.items():
        assert user is not None
        browsers[name] = Client(raise_request_exception=False)
        browsers[name].force_login(user)
    return browsers


@pytest.mark.parametrize("person", ["anonymous", "owner", "staff", "switched off"])
def test_no_address_of_the_admin_site_is_for_anybody_but_superusers(
    people: dict[str, Client], environment: Environment, person: str
) -> None:
    inside = []
    for pattern in ADDRESSES:
        where = address(pattern, environment)
        for method in METHODS:
            answer = getattr(people[person], method)(where)
            if answer.status_code != 302 or not answer["Location"].startswith(
                "/admin/login/?next="
            ):
                inside.append((method, where, answer.status_code))
    assert not inside


def test_every_address_of_the_admin_site_answers_a_superuser(
    people: dict[str, Client], environment: Environment
) -> None:
    broken = []
    for pattern in ADDRESSES:
        where = address(pattern, environment)
        for method in METHODS:
            answer = getattr(people["superuser"], method)(where)
            to = answer.headers.get("Location", "")
            if answer.status_code >= 500 or to.startswith(("/admin/login", "/sign-in")):
                broken.append((method, where, answer.status_code))
    assert not broken


def test_who_is_not_signed_in_signs_in_on_the_page_of_everybody(
    people: dict[str, Client], environment: Environment
) -> None:
    page = reverse("admin:environments_environment_change", args=[environment.pk])
    away = people["anonymous"].get(page, follow=True)
    assert away.redirect_chain[-1][0] == f"/sign-in?next={page}"
    elsewhere = people["anonymous"].get("/admin/login/?next=//evil.example")
    assert elsewhere["Location"] == "/sign-in?next=/admin/"


@pytest.mark.parametrize("person", ["owner", "staff"])
def test_who_is_signed_in_and_no_superuser_is_told_so(
    people: dict[str, Client], world: World, person: str
) -> None:
    User.objects.create_superuser("root2")
    answer = people[person].get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "The admin site is for superusers" in answer.content.decode()
    assert people[person].get("/admin/login/").status_code == 403


def test_the_admin_site_has_no_password_form_of_its_own(people: dict[str, Client]) -> None:
    sent = {"username": "root", "password": "guess"}
    assert people["anonymous"].post("/admin/login/", sent)["Location"].startswith("/sign-in")
    assert people["superuser"].get("/admin/login/")["Location"] == "/admin/"
