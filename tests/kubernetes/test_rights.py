"""The account that the documentation shows can do all that is done, and nothing more."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from environments.core.ports import EngineRefused
from environments.engines.kubernetes import KubernetesEngine
from environments.models import DeploymentKind
from tests.deploying.acts import run
from tests.kubernetes.conftest import kubectl, until
from tests.kubernetes.test_charts import CHART, VARIABLES
from tests.kubernetes.test_charts import TEMPLATE as CHARTED
from tests.kubernetes.test_environments import DOCKERFILE, TEMPLATE, kept
from tests.world import World

pytestmark = pytest.mark.kubernetes

FOLDER = Path(__file__).parents[2] / "docs/kubernetes"
NAMED = f"releaseclone-{os.urandom(3).hex()}"
"""What the account is called in this run."""


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A kubeconfig of that account."""
    role = renamed("rbac.yaml")
    kubectl("apply", "-f", "-", given=role)
    own = yaml.safe_load(kubectl("config", "view", "--raw", "--minify", "--flatten"))
    sealed = until(
        lambda: (
            json.loads(kubectl("-n", NAMED, "get", "secret", f"{NAMED}-token", "-o", "json"))
            .get("data", {})
            .get("token", "")
        )
    )
    user = own["contexts"][0]["context"]["user"]
    token = base64.b64decode(sealed).decode()
    own["users"] = [{"name": user, "user": {"token": token}}]
    place = tmp_path_factory.mktemp("account") / "kubeconfig"
    place.write_text(yaml.safe_dump(own))
    yield place
    kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", given=role)


def charts_for_account() -> str:
    """The documented roles for charts, their one binding for the account of this run."""
    *roles, binding = (FOLDER / "rbac-charts.yaml").read_text().split("---\n")
    binding = binding.replace("name: releaseclone\n", f"name: {NAMED}\n", 1)
    binding = binding.replace("namespace: releaseclone\n", f"namespace: {NAMED}\n")
    named = binding.replace("metadata:\n  name: releaseclone-", f"metadata:\n  name: {NAMED}-")
    return "---\n".join([*roles, named])


def renamed(file: str) -> str:
    """The file of the documentation, for the account of this run."""
    return (
        (FOLDER / file)
        .read_text()
        .replace("name: releaseclone", f"name: {NAMED}")
        .replace("namespace: releaseclone", f"namespace: {NAMED}")
    )


@pytest.fixture
def engine(account: Path, installation: str) -> KubernetesEngine:
    """The engine, as that account."""
    return KubernetesEngine(str(account), installation=installation)


@pytest.fixture
def limited(yard: World, account: Path, monkeypatch: pytest.MonkeyPatch, settings: object) -> World:
    """The account's world in the cluster, by those rights alone."""
    path, arguments = settings.ENGINES["kubernetes"]  # type: ignore[attr-defined]
    given = {**arguments, "kubeconfig": str(account)}
    settings.ENGINES = {"kubernetes": (path, given)}  # type: ignore[attr-defined]
    return yard


def test_an_environment_comes_changes_and_goes_by_these_rights_alone(
    limited: World, engine: KubernetesEngine
) -> None:
    application = limited.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})
    environment = limited.deployed(application)
    assert limited.last(environment).reason == ""
    name = environment.namespace.name
    assert {one.workload for one in engine.observe(name) if one.ready} == {"web", "store"}
    assert kept(engine, environment)
    assert run(limited, environment, DeploymentKind.SETUP).status == "deployed"
    ended = run(limited, environment, DeploymentKind.TEARDOWN)
    assert (ended.status, ended.reason) == ("removed", "")
    assert engine.remains(name) == ()


def test_a_chart_comes_and_goes_by_the_rights_for_charts(
    limited: World, engine: KubernetesEngine, with_helm: None
) -> None:
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=charts_for_account())
    environment = limited.deployed(
        limited.application("shop", CHARTED, variables=VARIABLES, files=CHART)
    )
    assert limited.last(environment).reason == ""
    ended = run(limited, environment, DeploymentKind.TEARDOWN)
    assert (ended.status, ended.reason) == ("removed", "")
    kubectl("delete", "clusterrolebinding", f"{NAMED}-charts-accounts")


def test_what_is_not_allowed_is_told_with_the_next_step(engine: KubernetesEngine) -> None:
    with pytest.raises(EngineRefused, match="Give its account the role"):
        engine._connection.ask("GET", "/api/v1/nodes")


def test_who_is_not_known_is_told_to_renew(account: Path, tmp_path: Path) -> None:
    written = yaml.safe_load(account.read_text())
    written["users"][0]["user"] = {"token": "nonsense"}
    place = tmp_path / "kubeconfig"
    place.write_text(yaml.safe_dump(written))
    engine = KubernetesEngine(str(place), installation=os.urandom(4).hex())
    with pytest.raises(Exception, match="credentials of the kubeconfig are wrong or have expired"):
        engine.observe("default")
