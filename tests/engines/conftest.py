"""Engines under test: each with the steps that it can carry out."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from environments.core.ports import Engine, EngineError, Manifest, Phase, Step
from environments.engines.docker.engine import DockerEngine
from environments.engines.memory import TRAITS, MemoryEngine, Outlook
from environments.engines.process.engine import ProcessEngine
from environments.engines.process.places import Places
from environments.engines.process.supervision import Daemon
from tests import cluster
from tests.containers import BUSYBOX, Podman
from tests.engines.steps import NAMESPACE, manifests, step


class DaemonProcess:
    """The real daemon, in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "environments.engines.process.daemon", str(self.folder)],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "CANARY_OF_THE_PRODUCT": "secret"},
        )
        self._wait_until_up()

    def _wait_until_up(self) -> None:
        daemon = Daemon(Places(self.folder).socket)
        until = time.monotonic() + 60
        while True:
            try:
                daemon.programs()
            except EngineError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        """As ``kill -9`` does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """As the product's own end does."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonProcess]:
    """A running daemon."""
    daemon = DaemonProcess(tmp_path / "process")
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture
def engine(daemon: DaemonProcess) -> ProcessEngine:
    """The engine on the running daemon."""
    return ProcessEngine(daemon.folder, path=os.environ["PATH"])


class Contender:
    """An engine that must keep the contract, and how to have it run something.

    What is run is given twice: as commands for engines that run processes, as outlooks for the
    one that only remembers.
    """

    def __init__(self, engine: Engine, folder: Path, image: str = BUSYBOX) -> None:
        self.engine, self._folder, self._image = engine, folder, image

    def service(self, name: str, *lines: str, namespace: str = NAMESPACE, **more: Any) -> Step:
        """A service that prints the lines and becomes ready."""
        said = "".join(f"echo {line}; " for line in lines)
        made = manifests(name, "sh", "-c", f"{said}exec sleep 600", **more)
        return self._applied(made, Outlook(Phase.RUNNING, True, "", lines), namespace)

    def running(self, name: str, script: str) -> Step:
        """A service that is this script, on engines that run something."""
        made = manifests(name, "sh", "-c", script)
        # What it writes into its folder is there after a restart.
        pod = made[-1]["spec"]["template"]["spec"]
        pod["volumes"] = [{"name": "kept", "emptyDir": {}}]
        (container,) = pod["containers"]
        if self._image != BUSYBOX:
            container |= {
                "workingDir": "/kept",
                "volumeMounts": [{"name": "kept", "mountPath": "/kept"}],
            }
        return self._applied(made, Outlook(Phase.RUNNING, True), NAMESPACE)

    def broken(self, name: str, *lines: str) -> Step:
        """A service that prints the lines and ends each time that it is started."""
        said = "".join(f"echo {line}; " for line in lines)
        outlook = Outlook(Phase.FAILED, False, "the process ended with status 7", lines)
        return self._applied(manifests(name, "sh", "-c", f"{said}exit 7"), outlook, NAMESPACE)

    def job(self, name: str, *lines: str, status: int = 0) -> Step:
        """A job that prints the lines and ends with the status."""
        said = "".join(f"echo {line}; " for line in lines)
        made = manifests(name, "sh", "-c", f"{said}exit {status}", kind="Job")
        outlook = Outlook(Phase.SUCCEEDED, True, "", lines)
        if status:
            outlook = Outlook(Phase.FAILED, False, f"ended with status {status}", lines)
        return self._applied(made, outlook, NAMESPACE)

    def cron_job(self, name: str, schedule: str, *lines: str) -> Step:
        """A cron job whose runs print the lines."""
        said = "".join(f"echo {line}; " for line in lines)
        secret, job = manifests(name, "sh", "-c", f"{said}exit 0", kind="Job")
        job["spec"]["template"]["spec"]["containers"][0]["image"] = self._image
        run = {"metadata": {"labels": job["metadata"]["labels"]}, "spec": job["spec"]}
        spec = {"schedule": schedule, "jobTemplate": run}
        given = step(self._folder, (secret, {**job, "kind": "CronJob", "spec": spec}))
        self.engine.apply(given)
        return given

    def _applied(self, made: tuple[Manifest, ...], outlook: Outlook, namespace: str) -> Step:
        if isinstance(self.engine, MemoryEngine):
            self.engine.expect(made[-1]["metadata"]["name"], outlook)
        made[-1]["spec"]["template"]["spec"]["containers"][0].setdefault("image", self._image)
        given = step(self._folder, made, namespace=namespace)
        self.engine.apply(given)
        return given


@pytest.fixture
def kubernetes_engine() -> Iterator[Engine]:
    """The engine on a real cluster, in namespaces of this test."""
    with cluster.engine() as engine:
        yield engine


@pytest.fixture
def docker_engine(podman: Podman) -> Iterator[DockerEngine]:
    """The engine on a real one; nothing of it is left afterwards."""
    engine = DockerEngine(podman.socket, installation=uuid.uuid4().hex[:8])
    yield engine
    engine.destroy_all()


REAL = (
    "process",
    "docker",
    *((pytest.param("kubernetes", marks=pytest.mark.kubernetes),) if cluster.is_there() else ()),
)
"""The engines that run something."""


@pytest.fixture(params=["memory", *REAL])
def contender(request: pytest.FixtureRequest, tmp_path: Path) -> Contender:
    """Each engine of this project in its turn."""
    if request.param == "memory":
        return Contender(MemoryEngine(replace(TRAITS, keeps_schedules=True)), tmp_path)
    return _real(request, tmp_path)


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest, tmp_path: Path) -> Contender:
    """Each engine that runs something."""
    return _real(request, tmp_path)


@pytest.fixture
def contender_of_process(engine: ProcessEngine, tmp_path: Path) -> Contender:
    """The engine process, which other fixtures may ask for, too."""
    return Contender(engine, tmp_path)


def _real(request: pytest.FixtureRequest, folder: Path) -> Contender:
    if request.param == "kubernetes":
        return Contender(request.getfixturevalue("kubernetes_engine"), folder, cluster.BUSYBOX)
    name = "docker_engine" if request.param == "docker" else "engine"
    return Contender(request.getfixturevalue(name), folder)
