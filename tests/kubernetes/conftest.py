"""An account whose environments run in a real cluster, from images built here."""

import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from pytest_django.fixtures import Settings

from environments import wiring
from environments.engines.kubernetes import KubernetesEngine
from environments.models import Environment
from tests import cluster, helm
from tests.containers import Podman
from tests.world import World

DOMAIN = "env.test"


@pytest.fixture(autouse=True, scope="module")
def _needs_a_cluster() -> None:  # before what a module makes in it
    if why := cluster.missing():
        pytest.skip(f"KUBERNETES IS NOT TESTED: {why}")


@pytest.fixture
def installation() -> str:
    """Tells what one test makes from what others make."""
    return uuid.uuid4().hex[:8]


@pytest.fixture
def engine(installation: str) -> KubernetesEngine:
    """The engine of the account, to look at."""
    return KubernetesEngine(os.environ["KUBECONFIG"], installation=installation)


@pytest.fixture
def yard(
    world: World,
    podman: Podman,
    installation: str,
    engine: KubernetesEngine,
    settings: Settings,
    tmp_path: Path,
) -> Iterator[World]:
    """The world, with a context on the cluster and a data folder of its own; no namespace of it
    stays."""
    settings.RELEASECLONE = replace(settings.RELEASECLONE, data=tmp_path / "data")
    made_with = {"installation": installation}
    settings.ENGINES = {
        "kubernetes": (
            "environments.engines.kubernetes.KubernetesEngine",
            {"kubeconfig": os.environ["KUBECONFIG"], **made_with},
        ),
    }
    settings.BUILDERS = {
        "kubernetes": (
            "environments.builders.docker.builder.DockerBuilder",
            {"socket": podman.socket, **made_with},
            (),
        ),
    }
    wiring.engine.cache_clear()
    wiring._builder.cache_clear()
    _, _, port = os.environ.get("INGRESS", "").rpartition(":")
    world.account.contexts.update(
        engine="kubernetes",
        configuration={"cluster": ""},
        domains=[DOMAIN],
        pushes_to=f"{os.environ.get('REGISTRY', 'registry.test')}/{installation}",
        public_scheme="http",
        public_port=int(port or 80),
    )
    yield world
    cluster.forget_all(KubernetesEngine(os.environ["KUBECONFIG"], installation=installation))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who opens the hosted pages of environments, through the cluster's ingress."""

    def sees(self, environment: Environment, text: str, service: str = "web") -> bool:
        """Whether the page of a service says this, as soon as the ingress leads to it."""
        environment.refresh_from_db()
        assert environment.running is not None
        host = next(one["host"] for one in environment.running.hosts if one["workload"] == service)
        return bool(until(lambda: text in self._asked(host) and text))

    @staticmethod
    def _asked(host: str) -> str:
        address = f"http://{os.environ['INGRESS']}/"
        answer = httpx2.get(address, headers={"Host": host}, timeout=5)
        return answer.text if answer.is_success else ""


@pytest.fixture
def with_helm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program on the PATH, and the documented roles in the cluster."""
    program = helm.program()
    if program is None:
        pytest.skip("CHARTS ARE NOT TESTED: there is neither helm nor a Go that builds it")
    roles = Path(__file__).parents[2] / "docs/kubernetes/rbac-charts.yaml"
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(roles))
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


def until(look: Callable[[], str | bool], seconds: float = 30) -> str | bool:
    """What it says, as soon as it says something."""
    give_up = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        assert time.monotonic() < give_up
        time.sleep(0.1)


def kubectl(*arguments: str, given: str = "") -> str:
    """What this command prints."""
    done = subprocess.run(
        ["kubectl", *arguments], input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
