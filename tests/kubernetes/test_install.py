"""The product's own objects for a cluster: what they promise, and that a server takes them."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from releaseclone import configuration
from releaseclone.run.parts import NAMES
from tests.kubernetes.conftest import kubectl

FOLDER = Path(__file__).parents[2] / "docs/kubernetes"
OPERATIONS = FOLDER.parent / "operations.md"
NAMED = f"releaseclone-{os.urandom(3).hex()}"
Objects = list[dict[str, Any]]

pytestmark = pytest.mark.kubernetes


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the documentation lets a person make it, with secrets of its command."""
    place = tmp_path_factory.mktemp("install")
    shutil.copytree(FOLDER, place / "kubernetes")
    names = re.findall(r"^([A-Z_]+)=", secrets_command(), re.MULTILINE)
    assert {"DATABASE_URL", "RELEASECLONE_VAULT_KEYS", "REDIS_PASSWORD"} < set(names)
    rows = [f"{name}={'ab' * 32}" for name in names if not name.endswith("_URL")]
    rows += ["DATABASE_URL=postgresql://releaseclone:abc@postgres:5432/releaseclone"]
    rows += ["REDIS_URL=redis://:abc@redis:6379/0"]
    (place / "kubernetes/secrets.env").write_text("\n".join(rows))
    return place


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    """One in which a server can look at objects."""
    kubectl("create", "namespace", NAMED)
    yield NAMED
    kubectl("delete", "namespace", NAMED, "--wait=false")


def secrets_command() -> str:
    """What the documentation says to make the secrets by."""
    found = re.search(r"cat > .*?secrets\.env <<END\n(.*?)\nEND", OPERATIONS.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def rendered(place: Path, *, namespace: str, builder: bool = False) -> str:
    """What kustomize makes of an overlay."""
    overlay = place / f"overlay-{builder}"
    overlay.mkdir(exist_ok=True)
    written: dict[str, Any] = {"namespace": namespace, "resources": ["../kubernetes"]}
    if builder:
        written["components"] = ["../kubernetes/builder"]
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(written))
    return kubectl("kustomize", str(overlay))


def of_kind(objects: Objects, *kinds: str) -> Objects:
    return [one for one in objects if one["kind"] in kinds]


def containers(objects: Objects) -> Objects:
    """Of all pods."""
    specs = [one["spec"]["template"]["spec"] for one in of_kind(objects, "Deployment")]
    return [one for spec in specs for one in spec.get("initContainers", []) + spec["containers"]]


@pytest.mark.parametrize("builder", [False, True])
def test_a_server_takes_every_object(place: Path, namespace: str, builder: bool) -> None:
    text = rendered(place, namespace=namespace, builder=builder)
    said = kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", given=text)
    taken = [line for line in said.splitlines() if "dry run" in line]
    assert len(taken) == len(list(yaml.safe_load_all(text)))


def test_the_parts_are_all_that_a_cluster_needs(place: Path, tmp_path: Path) -> None:
    objects = list(yaml.safe_load_all(rendered(place, namespace=NAMED)))
    commands = [one["command"] for one in containers(objects)]
    started = {one[-1] for one in commands if "--parts" in one}
    assert started == set(NAMES) - {"broker", "engine", "caddy", "routes"}
    (given,) = of_kind(objects, "ConfigMap")
    read = configuration.read({"RELEASECLONE_DATA": str(tmp_path), **given["data"]})
    assert (read.kubeconfig, read.own_ingress) == ("in-cluster", False)


def test_nothing_of_a_pod_is_kept_and_no_pod_has_more_than_it_needs(place: Path) -> None:
    objects = list(yaml.safe_load_all(rendered(place, namespace=NAMED)))
    for one in containers(objects):
        assert one["securityContext"]["readOnlyRootFilesystem"], one["name"]
        assert "memory" in one["resources"]["limits"], one["name"]
    for one in of_kind(objects, "Deployment", "StatefulSet"):
        spec = one["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        # Otherwise a service's name may become a setting of the product.
        assert spec["enableServiceLinks"] is False
        has_token = spec.get("automountServiceAccountToken", True)
        assert has_token == (one["metadata"]["name"] in ("web", "worker"))


def test_the_token_for_a_kubeconfig_is_left_out(place: Path) -> None:
    objects = list(yaml.safe_load_all(rendered(place, namespace=NAMED)))
    (secret,) = of_kind(objects, "Secret")
    assert secret["metadata"]["name"].startswith("secrets-")
