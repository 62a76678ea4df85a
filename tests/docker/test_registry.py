"""A context that pushes what it builds: environments run what the registry has."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import ImageNotFound

from environments.actions.contexts import save_login
from environments.core.ports import Instance
from environments.engines.docker.engine import DockerEngine
from environments.models import Application, Environment, Image
from tests import registry
from tests.containers import Podman
from tests.docker.test_environments import DOCKERFILE, TEMPLATE
from tests.world import World


@pytest.fixture
def shop(yard: World, podman: Podman, tmp_path: Path) -> Iterator[Application]:
    """Of an account whose images go to a guarded registry."""
    if registry.program() is None:
        pytest.skip("REGISTRIES ARE NOT TESTED: docker-registry cannot be had here")
    folder = tmp_path / "registry"
    folder.mkdir()
    yard.account.contexts.update(pushes_to=f"{podman.registry}/acme")
    with registry.serving(folder, podman.registry, signs_in=True):
        yield yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})


@pytest.fixture
def signed_in(yard: World, podman: Podman) -> None:
    context = yard.account.contexts.get()
    save_login(
        yard.operator,
        context,
        registry=podman.registry,
        username=registry.USER,
        password=registry.PASSWORD,
    )


def web_of(engine: DockerEngine, environment: Environment) -> Instance:
    seen = engine.observe(environment.namespace.name)
    return next(one for one in seen if one.workload == "web")


def forget(podman: Podman, image: str) -> None:
    client = docker.DockerClient(base_url=podman.socket)
    try:
        client.api.remove_image(client.images.get(image).id, force=True)
        with pytest.raises(ImageNotFound):
            client.images.get(image)
    finally:
        client.close()


@pytest.mark.usefixtures("signed_in")
def test_what_was_pushed_runs_and_is_fetched_where_the_engine_has_it_no_more(
    yard: World, engine: DockerEngine, podman: Podman, shop: Application
) -> None:
    first = yard.deployed(shop, name="first")
    assert first.status == "deployed", yard.last(first).reason
    image = Image.objects.get()
    assert image.digest.startswith(f"{podman.registry}/acme/shop/web@sha256:")
    runs = (yard.last(first).images or {})[first.env_id]
    assert runs["services.web"] == image.digest
    assert web_of(engine, first).ready
    engine.destroy(first.namespace.name)
    forget(podman, image.digest)
    second = yard.deployed(shop, name="second")
    assert second.status == "deployed", yard.last(second).reason
    assert [one.reused for one in second.builds.get().steps.all()] == [True]
    assert web_of(engine, second).ready
    said = list(second.builds.get().lines.values_list("text", flat=True))
    assert said[-2:] == [
        "web: fetched from the registry",
        "web: built from the same before, used again",
    ]


def test_a_registry_that_refuses_fails_the_build_and_names_the_step(
    yard: World, shop: Application
) -> None:
    environment = yard.deployed(shop)
    deployment = yard.last(environment)
    assert deployment.status == "failed"
    assert "web of shop" in deployment.reason
    assert "Add a sign-in that may push" in deployment.reason
    assert not Image.objects.exists()
