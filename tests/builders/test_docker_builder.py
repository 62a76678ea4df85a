"""Images built by a real engine."""

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import docker
import pytest

from environments.builders.docker.builder import DockerBuilder
from environments.core.ports import BuildError, BuildOrder, Stopped
from tests.containers import BUSYBOX, Podman

FROM = f"FROM {BUSYBOX}\n"
Repository = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def builder(podman: Podman) -> DockerBuilder:
    return DockerBuilder(podman.socket, installation="0badcafe")


@pytest.fixture
def checkout(tmp_path: Path) -> Repository:
    """A folder with these files."""

    def made(files: Mapping[str, str]) -> Path:
        folder = tmp_path / uuid.uuid4().hex[:8]
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return folder

    return made


def wanted() -> bool:
    return False


def printed(podman: Podman, image: str, *command: str) -> str:
    client = docker.DockerClient(base_url=podman.socket)
    try:
        return bytes(client.containers.run(image, list(command), remove=True)).decode()
    finally:
        client.close()


def test_an_image_is_built_from_a_checkout_with_its_log(
    builder: DockerBuilder, podman: Podman, checkout: Repository
) -> None:
    folder = checkout(
        {
            "app/Dockerfile": f"{FROM}ARG NAME\nRUN echo hello $NAME > /said\nCOPY a.txt /a\n",
            "app/a.txt": "a file",
        }
    )
    said: list[str] = []
    order = BuildOrder(
        folder,
        "app",
        "Dockerfile",
        arguments={"NAME": "Ana"},
        labels={"commit": "abc"},
        tags=("local.test/app:build-1", "local.test/app:main"),
    )
    image = builder.build(order, tell=said.extend, unwanted=wanted)
    assert image.size > 0
    assert image.labels["commit"] == "abc"
    assert any("echo hello $NAME" in line for line in said)
    assert printed(podman, image.identifier, "cat", "/said", "/a") == "hello Ana\na file"
    for tag in order.tags:
        found = builder.find(tag)
        assert found is not None
        assert found.identifier == image.identifier
    builder.remove(image.identifier)
    assert builder.find(image.identifier) is None
    builder.remove(image.identifier)


def test_a_step_that_fails_is_named_with_its_line(
    builder: DockerBuilder, checkout: Repository
) -> None:
    folder = checkout({"Dockerfile": f"# first\n{FROM}RUN echo a && \\\n    exit 3\n"})
    said: list[str] = []
    with pytest.raises(BuildError, match="exit status 3") as failed:
        builder.build(BuildOrder(folder, ".", "Dockerfile"), tell=said.extend, unwanted=wanted)
    assert (failed.value.line, failed.value.instruction) == (3, "RUN echo a && exit 3")
    assert "a" in said


@pytest.mark.parametrize(
    ("files", "context", "dockerfile", "says"),
    [
        ({"x": ""}, ".", "Dockerfile", "There is no Dockerfile at this commit"),
        ({"x": ""}, "app", "Dockerfile", "no folder app"),
        ({"Dockerfile": FROM}, "../..", "Dockerfile", "leads out of the repository"),
        ({"Dockerfile": FROM}, ".", "../../etc/passwd", "There is no|leads out"),
    ],
)
def test_what_cannot_be_sent_is_said_before_anything_is_built(
    builder: DockerBuilder,
    checkout: Repository,
    files: Mapping[str, str],
    context: str,
    dockerfile: str,
    says: str,
) -> None:
    order = BuildOrder(checkout(files), context, dockerfile)
    with pytest.raises(BuildError, match=says):
        builder.build(order, tell=lambda lines: None, unwanted=wanted)


def test_the_digest_follows_the_files_that_are_sent_and_nothing_else(
    builder: DockerBuilder, checkout: Repository
) -> None:
    files = {"Dockerfile": f"{FROM}COPY . /\n", ".dockerignore": "*.log\n", "a": "1", "b.log": "1"}

    def digest(changed: Mapping[str, str]) -> str:
        order = BuildOrder(checkout({**files, **changed}), ".", "Dockerfile")
        found = builder.look_into(order)
        assert found.bases == (BUSYBOX,)
        return found.digest

    assert digest({}) == digest({}) == digest({"b.log": "2"})
    assert digest({}) != digest({"a": "2"})


@pytest.mark.parametrize(
    ("ignored", "kept"),
    [
        ({}, ["a", "b.log", "c"]),
        ({".dockerignore": "# all\n*\n!a\n"}, ["a"]),
        ({".dockerignore": "a\nDockerfile*\n", "Dockerfile.dockerignore": "*.log\n"}, ["a", "c"]),
    ],
)
def test_a_list_of_the_dockerfiles_own_goes_before_the_contexts(
    builder: DockerBuilder,
    podman: Podman,
    checkout: Repository,
    ignored: Mapping[str, str],
    kept: list[str],
) -> None:
    files = {"Dockerfile": f"{FROM}COPY . /sent/\n", "a": "", "b.log": "", "c": "", **ignored}
    order = BuildOrder(checkout(files), ".", "Dockerfile")
    image = builder.build(order, tell=lambda lines: None, unwanted=wanted)
    found = printed(podman, image.identifier, "ls", "/sent").split()
    assert [name for name in found if not name.startswith("Dockerfile")] == kept


def test_a_secret_argument_is_nowhere_to_be_read(
    builder: DockerBuilder, podman: Podman, checkout: Repository
) -> None:
    canary = f"canary-{uuid.uuid4().hex}"
    folder = checkout(
        {"Dockerfile": f'{FROM}ARG TOKEN\nRUN test -n "$TOKEN" && echo used > /said\nCMD ["sh"]\n'}
    )
    said: list[str] = []
    order = BuildOrder(
        folder, ".", "Dockerfile", secret_arguments={"TOKEN": canary}, tags=("local.test/s:1",)
    )
    image = builder.build(order, tell=said.extend, unwanted=wanted)
    assert printed(podman, image.identifier, "cat", "/said") == "used\n"
    client = docker.DockerClient(base_url=podman.socket)
    try:
        for one in client.api.images(all=True):
            told = (client.api.inspect_image(one["Id"]), client.api.history(one["Id"]))
            assert canary not in str(told)
        saved = b"".join(client.api.get_image(image.identifier))
    finally:
        client.close()
    assert canary.encode() not in saved
    assert canary not in "\n".join(said)
    assert any("***" in layer for layer in image.history)


def test_a_build_that_is_not_wanted_any_more_ends_and_keeps_nothing(
    builder: DockerBuilder, checkout: Repository
) -> None:
    folder = checkout({"Dockerfile": f"{FROM}RUN echo begun; sleep 20\n"})
    said: list[str] = []
    order = BuildOrder(folder, ".", "Dockerfile", tags=("local.test/cancelled:1",))
    with pytest.raises(Stopped):
        builder.build(order, tell=said.extend, unwanted=lambda: "begun" in said)
    assert builder.find("local.test/cancelled:1") is None


def test_an_image_that_cannot_be_fetched_says_so(builder: DockerBuilder) -> None:
    with pytest.raises(BuildError, match=r"The image 127\.0\.0\.1:1/nope:1 could not be fetched"):
        builder.pull("127.0.0.1:1/nope:1", credentials=(), tell=lambda lines: None, unwanted=wanted)


def test_an_engine_that_is_away_is_named(tmp_path: Path, checkout: Repository) -> None:
    away = DockerBuilder(f"unix://{tmp_path}/none.sock", installation="0badcafe")
    with pytest.raises(BuildError, match=r"none\.sock does not answer"):
        away.find("x")
