"""Builds that people ask for: begun, reused, cancelled, built anew, deployed."""

from collections import deque
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from environments import tasks, wiring
from environments.actions import builds as asks
from environments.actions.asking import Actor, NotAllowed, Refused
from environments.builders.docker.builder import DockerBuilder
from environments.core.ports import BuildOrder, Telling, Unwanted
from environments.models import (
    Application,
    Build,
    BuildArgument,
    BuildStep,
    Deployment,
    Image,
    ImageClaim,
    Role,
)
from environments.queries.builds import taken_in
from environments.services import refs
from environments.services.builds import cleaning, making, running
from environments.services.builds.orders import folder_of
from tests.containers import BUSYBOX
from tests.deploying.deaths import Killed
from tests.docker.test_environments import DOCKERFILE, TEMPLATE
from tests.world import World


@pytest.fixture
def queue(yard: World, monkeypatch: pytest.MonkeyPatch) -> deque[tuple[int, int]]:
    """The builds that were sent; nothing reaches a broker."""
    sent: deque[tuple[int, int]] = deque()
    monkeypatch.setattr(tasks.run_build, "delay", lambda pk, fence: sent.append((pk, fence)))
    return sent


@pytest.fixture
def shop(yard: World, queue: deque[tuple[int, int]]) -> Application:
    return yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})


def built(queue: deque[tuple[int, int]], build: Build) -> Build:
    while queue:
        tasks.run_build(*queue.popleft())
    build.refresh_from_db()
    return build


def test_a_build_is_there_already_when_its_commit_is_deployed(
    yard: World, shop: Application, queue: deque[tuple[int, int]]
) -> None:
    build = built(queue, asks.ask_build(yard.operator, shop, branch="main"))
    assert (build.state, build.reason) == ("done", "")
    assert [(one.name, one.reused) for one in build.steps.all()] == [("web", False)]
    environment = yard.deployed(shop)
    assert environment.status == "deployed"
    assert [one.reused for one in environment.builds.get().steps.all()] == [True]


def test_rebuild_builds_whatever_there_was(
    yard: World, shop: Application, queue: deque[tuple[int, int]]
) -> None:
    first = built(queue, asks.ask_build(yard.operator, shop, branch="main"))
    again = built(queue, asks.rebuild(yard.operator, first))
    assert again.state == "done"
    assert [one.reused for one in again.steps.all()] == [False]
    assert again.commit == first.commit


def claimed(build: Build, other: Build, *, seconds: float = 15) -> None:
    """Let the other build be at work on the image of this one, which was built before."""
    key = build.steps.get().key
    Image.objects.all().delete()
    step = BuildStep.objects.create(build=other, number=1, kind="service", name="web")
    until = timezone.now() + timedelta(seconds=seconds)
    ImageClaim.objects.create(context=build.context, key=key, step=step, until=until)


def test_what_another_build_is_making_is_waited_for_and_used(
    yard: World,
    shop: Application,
    queue: deque[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built(queue, asks.ask_build(yard.operator, shop, branch="main"))
    one, two = (asks.ask_build(yard.operator, shop, branch="main") for _ in range(2))
    claimed(Build.objects.earliest("pk"), one)
    first, second = queue.popleft(), queue.popleft()
    waited: list[int] = []

    def wait(seconds: float) -> None:
        waited.append(Image.objects.count())
        if len(waited) == 2:
            tasks.run_build(*first)

    monkeypatch.setattr(making, "_wait", wait)
    tasks.run_build(*second)
    assert waited == [0, 0]
    assert [one.steps.get().reused, two.steps.get().reused] == [False, True]
    assert one.steps.get().image == two.steps.get().image
    texts = list(two.lines.values_list("text", flat=True))
    assert texts[0] == f"web: build {one.pk} makes the same image, which is waited for"
    assert not ImageClaim.objects.exists()


def test_a_build_that_waits_for_another_one_is_cancelled(
    yard: World,
    shop: Application,
    queue: deque[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = built(queue, asks.ask_build(yard.operator, shop, branch="main"))
    one, two = (asks.ask_build(yard.operator, shop, branch="main") for _ in range(2))
    claimed(first, one)
    monkeypatch.setattr(making, "_wait", lambda seconds: asks.cancel(yard.operator, two))
    tasks.run_build(*queue.pop())
    two.refresh_from_db()
    assert two.state == "cancelled"


def test_whoever_died_over_an_image_is_not_waited_for(
    yard: World, shop: Application, queue: deque[tuple[int, int]]
) -> None:
    first = built(queue, asks.ask_build(yard.operator, shop, branch="main"))
    one, two = (asks.ask_build(yard.operator, shop, branch="main") for _ in range(2))
    claimed(first, one, seconds=-1)
    tasks.run_build(*queue.pop())
    two.refresh_from_db()
    assert (two.state, two.steps.get().reused) == ("done", False)


def test_the_commit_of_a_finished_build_is_deployed_in_place_of_the_newest(
    yard: World, shop: Application, queue: deque[tuple[int, int]]
) -> None:
    environment = yard.deployed(shop)
    first = environment.builds.get()
    yard.repositories["shop"].commit({"Dockerfile": DOCKERFILE.replace("$GREETING", "other")})
    yard.work()
    deployment = asks.deploy_build(yard.operator, first)
    yard.work()
    deployment.refresh_from_db()
    assert (deployment.status, deployment.kind) == ("deployed", "patch")
    assert deployment.commit == first.commit


def test_a_build_that_waits_is_cancelled_at_once(
    yard: World, shop: Application, queue: deque[tuple[int, int]]
) -> None:
    build = asks.ask_build(yard.operator, shop, branch="main")
    asks.cancel(yard.operator, build)
    assert built(queue, build).state == "cancelled"
    assert build.reason == "cancelled by operator"
    with pytest.raises(Refused, match="has ended already: cancelled"):
        asks.cancel(yard.operator, build)


def test_a_build_that_runs_is_cancelled_soon(
    yard: World,
    shop: Application,
    queue: deque[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = f"FROM {BUSYBOX}\nRUN echo begun; sleep 5\n"
    yard.repositories["shop"].commit({"Dockerfile": slow})
    build = asks.ask_build(yard.operator, shop, branch="main")
    looks: list[bool] = []

    def cancelled(asked: Build) -> bool:
        looks.append(True)
        if asked.lines.filter(text="begun").exists():
            asks.cancel(yard.operator, Build.objects.get(pk=asked.pk))
            return True
        return False

    monkeypatch.setattr(running, "_is_cancelled", cancelled)
    assert built(queue, build).state == "cancelled"
    assert looks


@pytest.mark.parametrize("branch", ["nothing", "", "--upload-pack=x"])
def test_a_branch_that_is_not_there_is_named(yard: World, shop: Application, branch: str) -> None:
    with pytest.raises(Refused, match="has no branch or tag"):
        asks.ask_build(yard.operator, shop, branch=branch)


def test_an_application_without_anything_to_build_says_so(yard: World) -> None:
    store = yard.application("store", f"services:\n- name: store\n  image: {BUSYBOX}\n")
    with pytest.raises(Refused, match="store has nothing to build"):
        asks.ask_build(yard.operator, store, branch="main")


def test_whoever_follows_a_worker_that_died_in_mid_build_ends_the_same_build(
    yard: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = yard.create(shop)
    original = DockerBuilder.build

    def dies(self: DockerBuilder, order: BuildOrder, *, tell: Telling, unwanted: Unwanted) -> None:
        original(self, order, tell=tell, unwanted=unwanted)
        monkeypatch.setattr(DockerBuilder, "build", original)
        raise Killed

    monkeypatch.setattr(DockerBuilder, "build", dies)
    with pytest.raises(Killed):
        yard.work()
    assert (environment.builds.get().state, yard.last(environment).status) == ("running", "running")
    Deployment.objects.update(lease_until=None, sent_at=None)
    tasks.sweep()
    yard.work()
    build = environment.builds.get()
    assert (build.state, yard.last(environment).status) == ("done", "deployed")
    assert [(one.name, one.state) for one in build.steps.all()] == [("web", "done")]
    assert not folder_of(build).exists()


def test_a_secret_argument_of_the_account_reaches_the_build_and_nothing_that_is_kept(
    yard: World, queue: deque[tuple[int, int]]
) -> None:
    dockerfile = f'FROM {BUSYBOX}\nARG TOKEN\nRUN test "$TOKEN" = canary-9f3 && echo right\n'
    shop = yard.application("shop", TEMPLATE, files={"Dockerfile": dockerfile})
    asks.save_argument(
        yard.operator, yard.account, None, name="TOKEN", value="canary-9f3", secret=True
    )
    build = built(queue, asks.ask_build(yard.operator, shop, branch="main"))
    assert build.state == "done"
    texts = list(build.lines.values_list("text", flat=True))
    assert "right" in texts
    assert "canary-9f3" not in "\n".join(texts)
    assert b"canary" not in bytes(BuildArgument.objects.get().value)
    image = build.steps.get().image
    assert image is not None
    builder = wiring.builder_of(build.context)
    assert builder is not None
    found = builder.find(image.digest)
    assert found is not None
    assert "canary" not in str(found)


def test_arguments_are_the_owners_and_a_secret_keeps_its_value(yard: World) -> None:
    member = yard.person("max", Role.MEMBER)
    save = asks.save_argument
    with pytest.raises(NotAllowed):
        save(member, yard.account, None, name="A", value="1", secret=False)
    owner: Actor = yard.person("ana")
    save(owner, yard.account, None, name="A", value="first", secret=True)
    save(owner, yard.account, None, name="A", value="", secret=True)
    row = BuildArgument.objects.get()
    assert wiring.unseal(row.value, belongs_to=row.seal_name) == "first"
    for name, value, secret, says in (
        ("A", "", False, "no value yet"),
        ("B", "", True, "no value yet"),
        ("1x", "1", False, "cannot be the name"),
    ):
        with pytest.raises(Refused, match=says):
            save(owner, yard.account, None, name=name, value=value, secret=secret)
    asks.remove_argument(owner, yard.account, None, "A")
    with pytest.raises(Refused, match="no build argument A"):
        asks.remove_argument(owner, yard.account, None, "A")


def test_the_pages_of_builds_tell_what_was_built(
    yard: World, shop: Application, queue: deque[tuple[int, int]], client: Client
) -> None:
    client.force_login(yard.person("ana").user)  # type: ignore[arg-type]
    page = client.get("/acme/applications/shop/builds").content.decode()
    assert "Nothing has been built yet" in page
    answer = client.post("/acme/applications/shop/builds", {"branch": "main"})
    build = Build.objects.get()
    assert answer["Location"] == f"/acme/builds/{build.pk}/"
    assert "Cancel" in client.get(answer["Location"]).content.decode()
    built(queue, build)
    page = client.get(answer["Location"]).content.decode()
    assert "Rebuild" in page
    assert "RUN mkdir /site" in page
    listed = client.get("/acme/applications/shop/builds").content.decode()
    assert f"build {build.pk}" in listed
    assert b"STEP" in b"".join(client.get(f"{answer['Location']}log.txt").streaming_content)  # type: ignore[arg-type]
    wrong = client.post("/acme/applications/shop/builds", {"branch": "nothing"})
    assert wrong.status_code == 422
    assert "has no branch or tag" in wrong.content.decode()


def test_a_build_that_failed_shows_the_line_of_its_dockerfile(
    yard: World, shop: Application, queue: deque[tuple[int, int]], client: Client
) -> None:
    yard.repositories["shop"].commit({"Dockerfile": f"FROM {BUSYBOX}\nRUN echo so far && exit 4\n"})
    build = built(queue, asks.ask_build(yard.operator, shop, branch="main"))
    assert build.state == "errored"
    client.force_login(yard.person("ana").user)  # type: ignore[arg-type]
    page = client.get(f"/acme/builds/{build.pk}/").content.decode()
    assert "Line 2 of" in page
    assert "RUN echo so far &amp;&amp; exit 4" in page


def test_images_that_nobody_runs_go_but_for_the_newest(
    yard: World, shop: Application, queue: deque[tuple[int, int]], settings: Settings
) -> None:
    settings.RELEASECLONE = replace(settings.RELEASECLONE, images_kept=1)
    environment = yard.deployed(shop)
    runs = environment.builds.get().steps.get().image
    assert runs is not None
    made = []
    for word in ("second", "third"):
        changed = DOCKERFILE.replace("echo $GREETING", f"echo {word}")
        yard.repositories["shop"].commit({"Dockerfile": changed})
        refs.forget()
        build = built(queue, asks.ask_build(yard.operator, shop, branch="main"))
        image = build.steps.get().image
        assert image is not None
        made.append(image.digest)
    context = environment.namespace.context
    assert cleaning.clean(context) == 1
    builder = wiring.builder_of(context)
    assert builder is not None
    assert builder.find(made[0]) is None
    assert all(builder.find(digest) for digest in (made[1], runs.digest))
    assert taken_in(context).count == 2
    assert cleaning.clean(context) == 0
