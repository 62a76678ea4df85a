"""Charts that lie in registries and repositories, and those that depend on them.

Asked of the engine itself: a template may not name this machine, where these servers are.
"""

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from environments.core.ports import EngineRefused, RegistryCredentials, Step
from environments.core.render import with_sign_ins
from environments.engines.kubernetes import KubernetesEngine, charts
from tests import cluster, helm, registry
from tests.containers import Podman
from tests.kubernetes.conftest import kubectl

pytestmark = [pytest.mark.kubernetes, pytest.mark.usefixtures("with_helm")]

LABELS = {
    "releaseclone/application": "shop",
    "releaseclone/environment": "ted1",
    "releaseclone/workload": "cache",
    "releaseclone/kind": "Chart",
}
WORDS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-{{ .Chart.Name }}}
data: {word: {{ .Values.word | quote }}}
"""


@pytest.fixture
def namespace(engine: KubernetesEngine, installation: str) -> Iterator[str]:
    yield f"ted{installation}-charts"
    cluster.forget_all(engine)


def chart(folder: Path, name: str, described: str = "") -> Path:
    """A chart that brings a word."""
    place = folder / name
    (place / "templates").mkdir(parents=True)
    (place / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n{described}")
    (place / "values.yaml").write_text("word: none\n")
    (place / "templates/words.yaml").write_text(WORDS)
    return place


def helms(*arguments: str, into: Path) -> None:
    """What somebody does who publishes charts."""
    program = helm.program()
    assert program is not None
    subprocess.run([program, *arguments], cwd=into, check=True, capture_output=True)


def step(
    namespace: str,
    reference: str,
    *,
    repository: str = "",
    folder: Path | None = None,
    sign_ins: Sequence[RegistryCredentials] = (),
) -> Step:
    made: dict[str, Any] = {
        "apiVersion": "releaseclone/v1",
        "kind": "Chart",
        "metadata": {
            "name": "cache",
            "labels": LABELS,
            "annotations": {"releaseclone/revision": "1"},
        },
        "spec": {
            "reference": reference,
            "local": folder is not None,
            "repository": repository,
            "version": "",
            "values": [{"word": "ours"}],
        },
    }
    return Step(namespace, with_sign_ins([made], sign_ins), folder)


def words(namespace: str) -> dict[str, str]:
    told = json.loads(kubectl("-n", namespace, "get", "configmaps", "-o", "json"))
    return {
        one["metadata"]["name"]: one["data"]["word"]
        for one in told["items"]
        if one["metadata"]["name"].startswith("cache-")
    }


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A folder with a packed chart and its index."""
    folder = tmp_path / "packed"
    folder.mkdir()
    helms("package", str(chart(tmp_path, "store")), into=folder)
    return folder


@pytest.fixture
def served(packed: Path) -> Iterator[str]:
    """The address of a chart repository."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(packed))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    address = f"http://127.0.0.1:{server.server_port}"
    helms("repo", "index", ".", "--url", address, into=packed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()
    server.server_close()


def test_one_of_a_repository(namespace: str, engine: KubernetesEngine, served: str) -> None:
    engine.apply(step(namespace, "store", repository=served))
    assert words(namespace) == {"cache-store": "ours"}


def test_one_of_a_registry_that_wants_a_sign_in(
    namespace: str,
    engine: KubernetesEngine,
    podman: Podman,
    packed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over TLS: where there is none, helm does not sign in."""
    place = tmp_path / "registry"
    place.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(place / "certificate"))
    with registry.serving(place, podman.registry, signs_in=True, with_tls=True):
        sign_in = ("--username", registry.USER, "--password", registry.PASSWORD)
        known = f"--registry-config={tmp_path}/login.json"
        helms("registry", "login", podman.registry, *sign_in, known, into=packed)
        there = f"oci://{podman.registry}/charts"
        helms("push", "store-0.1.0.tgz", there, known, into=packed)
        with pytest.raises(EngineRefused, match=r"helm says: .*(401|basic credential)"):
            engine.apply(step(namespace, f"{there}/store"))
        own = RegistryCredentials(podman.registry, registry.USER, registry.PASSWORD)
        engine.apply(step(namespace, f"{there}/store", sign_ins=[own]))
    assert words(namespace) == {"cache-store": "ours"}


def test_what_a_chart_of_the_repository_depends_on_is_fetched(
    namespace: str,
    engine: KubernetesEngine,
    served: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(charts, "leads_to_this_machine", lambda host: False)
    checkout = tmp_path / "checkout"
    wanted = f"dependencies:\n- {{name: store, version: 0.1.0, repository: '{served}'}}\n"
    more = "- {name: beside, version: 0.1.0, repository: 'file://../beside'}\n"
    chart(checkout, "beside")
    chart(checkout, "own", wanted + more)
    engine.apply(step(namespace, "own", folder=checkout))
    assert words(namespace) == {
        "cache-own": "ours",
        "cache-store": "none",
        "cache-beside": "none",
    }


@pytest.mark.parametrize("file", ["Chart.yaml", "Chart.lock", "requirements.yaml"])
@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("file://../../beside", "leads out of the repository"),
        ("http://127.0.0.1:1/charts", "leads to this machine"),
        ("oci://localhost/charts", "leads to this machine"),
    ],
)
def test_what_it_may_not_depend_on(
    namespace: str, engine: KubernetesEngine, tmp_path: Path, source: str, why: str, file: str
) -> None:
    chart(tmp_path, "beside")
    wanted = f"dependencies:\n- {{name: beside, version: 0.1.0, repository: '{source}'}}\n"
    own = chart(tmp_path / "checkout", "own", wanted if file == "Chart.yaml" else "")
    if file != "Chart.yaml":
        (own / file).write_text(wanted)
    with pytest.raises(EngineRefused, match=why):
        engine.apply(step(namespace, "own", folder=tmp_path / "checkout"))


def test_a_link_out_of_what_it_depends_on_is_refused(
    namespace: str, engine: KubernetesEngine, tmp_path: Path
) -> None:
    wanted = "dependencies:\n- {name: beside, version: 0.1.0, repository: 'file://../beside'}\n"
    chart(tmp_path / "checkout", "own", wanted)
    beside = chart(tmp_path / "checkout", "beside")
    (beside / "secret").symlink_to("/etc/hostname")
    with pytest.raises(EngineRefused, match="a link that leads out of it: secret"):
        engine.apply(step(namespace, "own", folder=tmp_path / "checkout"))
