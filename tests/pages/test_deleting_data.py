"""Deleting an environment whose volumes hold data: it asks for the handle first."""

import pytest
from django.test import Client

from environments.models import Environment
from tests.world import World

TEMPLATE = """
services:
- name: db
  image: example/db:1
  volumes:
  - {name: data, mount_path: /data, size: 1Gi}
"""


@pytest.fixture
def owner(world: World, client: Client) -> Client:
    client.force_login(world.person("ana").user)  # type: ignore[arg-type]
    return client


@pytest.fixture
def environment(world: World) -> Environment:
    return world.deployed(world.application("shop", TEMPLATE))


def test_the_page_names_the_data_and_asks_for_the_handle(
    world: World, owner: Client, environment: Environment
) -> None:
    where = f"/acme/environments/{environment.env_id}/delete"
    page = owner.get(where).content.decode()
    assert "1 volume with data" in page
    assert "db.data" in page
    for handle in ("", "ted0000"):
        answer = owner.post(where, {"handle": handle})
        assert answer.status_code == 422
        assert f"Type {environment.env_id} to delete it" in answer.content.decode()
    assert world.engine.applied(environment.namespace.name)
    assert owner.post(where, {"handle": environment.env_id}).status_code == 303
    world.work()
    assert world.engine.remains(environment.namespace.name) == ()


def test_without_data_a_click_is_enough(world: World, owner: Client) -> None:
    environment = world.deployed(world.application("plain"))
    where = f"/acme/environments/{environment.env_id}/delete"
    assert "with data" not in owner.get(where).content.decode()
    assert owner.post(where).status_code == 303
