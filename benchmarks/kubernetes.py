"""Six applications with thirty services in a cluster, beside kubectl with the very same objects.

Of the cluster of ``KUBECONFIG``; the image of the services (``RELEASECLONE_TEST_BUSYBOX``) is one
that it can pull. One environment imports five applications, so the objects are applied in two
parts, with a wait between them until the imports are ready; kubectl does the same. Told are the
time in which everything is applied (the waits for pods left out, on both sides), and the time until
all pods are ready. Both sides alternate.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from benchmarks.deploying import FOLDER, carried_out, prepare, register
from benchmarks.measuring import tell

# isort: split
from django.conf import settings
from django.utils import timezone

from environments import wiring
from environments.actions.accounts import open_account
from environments.actions.asking import Actor, operator
from environments.actions.deployments import deploy
from environments.actions.drafts import EnvironmentDraft
from environments.actions.environments import create_environment
from environments.engines.kubernetes.cluster import Cluster
from environments.models import Application, Deployment, DeploymentKind, Task
from tests import cluster

ROUNDS = 5
APPLICATIONS = ("backend", "accounts", "search", "mail", "files", "shop")
SERVICES = 5
OWNER = APPLICATIONS[-1]
Object = Mapping[str, Any]


def template(name: str) -> str:
    """An application of so many services; the last one brings the others with it."""
    services = [
        {
            "name": f"{name}{number}",
            "image": cluster.BUSYBOX,
            "command": ["httpd", "-f", "-p", "8080", "-h", "/"],
            "ports": [{"type": "container_port", "port": 80, "target_port": 8080}],
            "cpu": {"limits": "500m", "requests": "5m"},
            "memory": {"limits": "32Mi", "requests": "4Mi"},
            "readiness_probe": {"tcp_socket": {"port": 8080}, "period_seconds": 1},
        }
        for number in range(SERVICES)
    ]
    imports = [{"name": other} for other in APPLICATIONS if other != OWNER]
    form = {"services": services, "parallelize_app_imports": True}
    return json.dumps({**form, "app_imports": imports} if name == OWNER else form)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds: until all was applied, and until all was ready."""

    applied: float
    ready: float


class Recorder:
    """Every object that the engine applies, in order."""

    def __init__(self) -> None:
        self.objects: list[Object] = []
        self._apply = Cluster.apply

    def __enter__(self) -> "Recorder":
        recorded, apply = self.objects, self._apply

        def recording(own: Cluster, wanted: Object) -> dict[str, Any]:
            recorded.append(wanted)
            return apply(own, wanted)

        Cluster.apply = recording  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        Cluster.apply = self._apply  # type: ignore[method-assign]

    def parts(self) -> tuple[list[Object], list[Object]]:
        """What comes before the wait, and what comes after it."""
        own = [one for one in self.objects if _application(one) == OWNER]
        own = [one for one in own if one["kind"] != "Namespace"]
        return [one for one in self.objects if one not in own], own


def _application(one: Object) -> str:
    return str(one["metadata"]["labels"].get("releaseclone/application", ""))


def ours(actor: Actor, shop: Application) -> tuple[Took, tuple[list[Object], list[Object]]]:
    """One Deploy Setup from nothing, and its objects."""
    environment = create_environment(actor, EnvironmentDraft(shop))
    setup = environment.deployments.latest("pk")
    began = timezone.now()
    with Recorder() as recorder:
        ready = carried_out(setup)
    applied = _applied(setup, began)
    carried_out(deploy(actor, environment, DeploymentKind.TEARDOWN))
    return Took(applied, ready), recorder.parts()


def _applied(setup: Deployment, began: datetime) -> float:
    """Until all imports were applied, and from when they were ready until all the rest was."""
    tasks = Task.objects.filter(deployment__part_of=setup) | Task.objects.filter(deployment=setup)
    rows = list(tasks.values_list("deployment", "applied_at", "ended_at"))
    imports = [row for row in rows if row[0] != setup.pk]
    first = max(applied for _, applied, _ in imports if applied) - began
    again = max(ended for _, _, ended in imports if ended)
    second = max(applied for of, applied, _ in rows if of == setup.pk and applied) - again
    return (first + second).total_seconds()


def theirs(parts: tuple[list[Object], list[Object]], number: int) -> Took:
    """The same objects in a namespace of another name."""
    (old,) = {one["metadata"]["namespace"] for part in parts for one in part if _is_inside(one)}
    namespace = f"bench-{number}-{os.getpid()}"
    applying = waiting = 0.0
    for place, part in enumerate(parts):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": part})
        path = FOLDER / f"part-{place}.json"
        path.write_text(text.replace(old, namespace))
        applying += _kubectl("apply", "--server-side", "--force-conflicts", "-f", str(path))
        waiting += _kubectl("-n", namespace, "rollout", "status", "deployment", "--timeout=120s")
    _kubectl("delete", "namespace", namespace)
    return Took(applying, applying + waiting)


def _is_inside(one: Object) -> bool:
    return "namespace" in one["metadata"]


def _kubectl(*words: str) -> float:
    """Seconds that it took."""
    began = time.perf_counter()
    done = subprocess.run(["kubectl", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"kubectl {words[0]} failed: {done.stderr[-500:]}")
    return time.perf_counter() - began


def _told(name: str, own: list[float], peer: list[float], limit: str) -> None:
    ratio = median(one / other for one, other in zip(own, peer, strict=True))
    detail = f"{median(own):.2f} s, kubectl {median(peer):.2f} s, {len(own)} rounds"
    tell(name, ratio, limit, detail)


def main() -> int:
    """Print both lines."""
    kubeconfig = os.environ.get("KUBECONFIG")
    if not kubeconfig or shutil.which("kubectl") is None:
        print("kubernetes: not measured, since it needs KUBECONFIG and kubectl")
        return 0
    prepare()
    installation = {"installation": f"bench{os.getpid()}"}
    settings.ENGINES = {
        "kubernetes": (
            "environments.engines.kubernetes.KubernetesEngine",
            {"kubeconfig": kubeconfig, **installation},
        )
    }
    wiring.engine.cache_clear()
    account = open_account("bench")
    account.contexts.update(
        engine="kubernetes", configuration={"cluster": ""}, pushes_to="registry.test/bench"
    )
    actor = operator(account)
    for name in APPLICATIONS:
        register(actor, name, template(name))
    shop = account.applications.get(name=OWNER)
    own, peer = [], []
    for number in range(ROUNDS):
        took, parts = ours(actor, shop)
        own.append(took)
        peer.append(theirs(parts, number))
    count = sum(map(len, parts))
    services = len(APPLICATIONS) * SERVICES
    print(f"{len(APPLICATIONS)} applications, {services} services, {count} objects")
    applied = [one.applied for one in own], [one.applied for one in peer]
    ready = [one.ready for one in own], [one.ready for one in peer]
    _told("from queued until all is applied", *applied, limit="at most 1.0")
    _told("from queued until all pods are ready", *ready, limit="at most 1.1")
    return 0


if __name__ == "__main__":
    sys.exit(main())
