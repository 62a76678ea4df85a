"""A broker that is gone, mute or emptied costs a person a sentence, and no deployment."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from celery.app.task import Task
from django.test import Client

from environments import tasks
from environments.models import Deployment, Environment
from releaseclone.celery import queue
from releaseclone.run.parts import broker_command
from tests.world import World, services


class Broker:
    """A real one, on a unix socket of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "broker").mkdir()
        self.socket = folder / "broker.sock"
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        """Run it, until it answers."""
        self.process = subprocess.Popen(
            broker_command(self.folder, self.folder), stdout=subprocess.DEVNULL
        )
        until(lambda: self.ask("PING") == "+PONG")
        return self.process

    def stop(self) -> None:
        """End it for good."""
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)

    def ask(self, command: str) -> str:
        """The first line of its answer; "" where nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX) as wire:
                wire.settimeout(5)
                wire.connect(str(self.socket))
                wire.sendall(f"{command}\r\n".encode())
                return wire.recv(1000).decode().splitlines()[0]
        except OSError:
            return ""

    def waiting(self) -> int:
        """How many messages nobody has taken yet."""
        return int(self.ask("LLEN deployments").lstrip(":"))


def until(look: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not look():
        assert time.monotonic() < give_up, "it did not come"
        time.sleep(0.02)


@pytest.fixture
def broker(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """The queue of this test is a real one."""
    with tempfile.TemporaryDirectory(prefix="rc-") as folder:
        broker = Broker(Path(folder))
        url = f"redis+socket://{quote(str(broker.socket))}"
        monkeypatch.setattr(queue.conf, "broker_url", url)
        monkeypatch.setattr(queue.conf, "broker_write_url", url)
        real = Task.delay.__get__(tasks.run_deployment)
        monkeypatch.setattr(tasks.run_deployment, "delay", real)
        queue._after_fork()
        yield broker
        broker.stop()
    queue._after_fork()


@pytest.fixture
def environment(world: World) -> Environment:
    return world.create(world.application("shop", services("web")))


@pytest.fixture
def browser(world: World) -> Client:
    """An owner's, to whom a page that breaks is an answer of 500."""
    client = Client(raise_request_exception=False)
    ana = world.person("ana")
    assert ana.user is not None
    client.force_login(ana.user)
    return client


def worked_off(world: World) -> None:
    """What a worker would do with every deployment that was sent."""
    for deployment in Deployment.objects.filter(status="queued", part_of=None).order_by("pk"):
        tasks.run_deployment(deployment.pk, deployment.fence)


def test_a_deployment_that_is_asked_for_is_in_the_queue_after_the_commit(
    broker: Broker, world: World, environment: Environment
) -> None:
    deployment = world.last(environment)
    assert deployment.sent_at is not None
    assert broker.waiting() == 1


@pytest.mark.parametrize("how", ["gone", "mute"])
def test_a_broker_that_does_not_answer_costs_a_sentence(
    broker: Broker, world: World, environment: Environment, browser: Client, how: str
) -> None:
    worked_off(world)
    if how == "gone":
        broker.stop()
    else:
        os.kill(broker.process.pid, signal.SIGSTOP)
    at = f"/acme/environments/{environment.env_id}/deploy/setup"
    answer = browser.post(at, {"digest": ""})
    assert answer.status_code == 303
    deployment = world.last(environment)
    assert (deployment.status, deployment.sent_at) == ("queued", None)
    page = browser.get(answer["Location"]).content.decode()
    assert "</strong>, waiting for the queue, which does not answer." in page
    if how == "gone":
        broker.start()
    else:
        os.kill(broker.process.pid, signal.SIGCONT)
    tasks.sweep()
    until(lambda: broker.waiting() >= 1)
    deployment.refresh_from_db()
    assert deployment.sent_at is not None
    page = browser.get(answer["Location"]).content.decode()
    assert "</strong>, waiting for a worker to take it." in page
    worked_off(world)
    deployment.refresh_from_db()
    assert deployment.status == "deployed"


def test_a_sweep_without_a_broker_ends_and_the_next_one_sends(
    broker: Broker, world: World, environment: Environment
) -> None:
    broker.stop()
    Deployment.objects.update(sent_at=None)
    with pytest.raises(tasks.BROKER_ERRORS):
        tasks.sweep()
    broker.start()
    Deployment.objects.update(sent_at=None)
    tasks.sweep()
    until(lambda: broker.waiting() >= 1)


def test_a_broker_that_was_emptied_gets_it_again(
    broker: Broker, world: World, environment: Environment
) -> None:
    assert broker.ask("FLUSHALL") == "+OK"
    assert broker.waiting() == 0
    Deployment.objects.update(sent_at=None)
    tasks.sweep()
    assert broker.waiting() == 1


def test_a_broker_that_was_started_again_still_has_it(
    broker: Broker, world: World, environment: Environment
) -> None:
    until(lambda: broker.waiting() == 1)
    broker.process.terminate()
    broker.process.wait()
    broker.start()
    assert broker.waiting() == 1
