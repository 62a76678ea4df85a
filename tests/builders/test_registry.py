"""Images on their way to a real registry and back."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from environments.builders.docker.builder import DockerBuilder
from environments.core.ports import BuildError, RegistryCredentials
from tests import registry
from tests.containers import BUSYBOX, Podman


@pytest.fixture
def builder(podman: Podman) -> DockerBuilder:
    if registry.program() is None:
        pytest.skip("REGISTRIES ARE NOT TESTED: docker-registry cannot be had here")
    return DockerBuilder(podman.socket, installation="0badcafe")


@pytest.fixture
def open_to_all(podman: Podman, builder: DockerBuilder, tmp_path: Path) -> Iterator[str]:
    with registry.serving(tmp_path, podman.registry, signs_in=False):
        yield podman.registry


@pytest.fixture
def guarded(podman: Podman, builder: DockerBuilder, tmp_path: Path) -> Iterator[str]:
    with registry.serving(tmp_path, podman.registry, signs_in=True):
        yield podman.registry


def push(builder: DockerBuilder, name: str, *credentials: RegistryCredentials) -> str:
    image = builder.find(BUSYBOX)
    assert image is not None
    said: list[str] = []
    return builder.push(
        image.identifier,
        name,
        credentials=credentials,
        tell=said.extend,
        unwanted=lambda: False,
    )


def pull(builder: DockerBuilder, name: str, *credentials: RegistryCredentials) -> str:
    image = builder.pull(name, credentials=credentials, tell=lambda _: None, unwanted=lambda: False)
    return image.identifier


def forget(podman: Podman, *names: str) -> None:
    client = docker.DockerClient(base_url=podman.socket)
    try:
        for name in names:
            client.api.remove_image(name, noprune=True)
    finally:
        client.close()


def test_what_is_pushed_is_named_by_its_digest_and_comes_back_under_it(
    builder: DockerBuilder, podman: Podman, open_to_all: str
) -> None:
    named = push(builder, f"{open_to_all}/acme/shop/web:build-1")
    assert named.startswith(f"{open_to_all}/acme/shop/web@sha256:")
    forget(podman, f"{open_to_all}/acme/shop/web:build-1")
    identifier = pull(builder, named)
    assert builder.find(named) is not None
    assert pull(builder, f"{open_to_all}/acme/shop/web:build-1") == identifier


def test_an_image_that_the_registry_has_not_is_told(
    builder: DockerBuilder, open_to_all: str
) -> None:
    with pytest.raises(BuildError, match="there is none of this name and tag"):
        pull(builder, f"{open_to_all}/acme/none:1")


def test_a_guarded_registry_takes_and_gives_only_to_who_signs_in(
    builder: DockerBuilder, podman: Podman, guarded: str
) -> None:
    ana = RegistryCredentials(guarded, registry.USER, registry.PASSWORD)
    other = RegistryCredentials("registry.example.org", registry.USER, registry.PASSWORD)
    wrong = RegistryCredentials(guarded, registry.USER, "another phrase")
    name = f"{guarded}/acme/shop/web:build-1"
    for credentials in ((), (other,), (wrong,)):
        with pytest.raises(BuildError, match="Add a sign-in that may push") as refused:
            push(builder, name, *credentials)
        assert "another phrase" not in str(refused.value)
    named = push(builder, name, other, ana)
    forget(podman, name)
    for credentials in ((), (wrong,)):
        with pytest.raises(BuildError, match="add a sign-in for the registry") as refused:
            pull(builder, named, *credentials)
        assert "another phrase" not in str(refused.value)
    assert pull(builder, named, ana)


def test_a_registry_that_is_not_there_is_told(builder: DockerBuilder, podman: Podman) -> None:
    with pytest.raises(BuildError, match="its registry does not answer"):
        pull(builder, f"{podman.registry}/acme/shop/web:build-1")
    with pytest.raises(BuildError, match=f"could not be pushed to {podman.registry}/acme"):
        push(builder, f"{podman.registry}/acme/shop/web:build-1")
