"""Many environments at once in a cluster: 200, then 1,000, of five services each, on one worker.

Of the cluster of ``KUBECONFIG``, which has to have room for the pods: one whose nodes are pretended
(kwok) measures the product and the API server alone. All are asked for before the worker starts.
Told are environments a minute, the memory of the worker's processes, and whether the queue was
drained. The peer is what Flux published for 1,000 objects of its own on 16 cores: 253 s.
``COUNTS`` gives other numbers.
"""

import os
import subprocess
import sys
import time
from threading import Event, Thread

import psutil

# isort: split
from benchmarks.measuring import tell

KUBECONFIG = os.environ.get("KUBECONFIG", "")
os.environ.update(
    RELEASECLONE_KUBECONFIG=KUBECONFIG,
    RELEASECLONE_PROCESS_ENGINE="0",
    RELEASECLONE_DOCKER_ENGINE="0",
)

from benchmarks.deploying import FOLDER, register  # noqa: E402 - settings are read there

# isort: split
import json  # noqa: E402

from django.core.management import call_command  # noqa: E402
from django.db.models import Count  # noqa: E402
from redis import Redis  # noqa: E402

from environments.actions.accounts import open_account  # noqa: E402
from environments.actions.asking import operator  # noqa: E402
from environments.actions.drafts import EnvironmentDraft  # noqa: E402
from environments.actions.environments import create_environment  # noqa: E402
from environments.engines.kubernetes import KubernetesEngine  # noqa: E402
from environments.models import Deployment  # noqa: E402
from releaseclone.configuration import sockets_of  # noqa: E402
from tests import cluster  # noqa: E402

COUNTS = tuple(map(int, os.environ.get("COUNTS", "200 1000").split()))
SERVICES = 5
OBJECTS = 3 + 3 * SERVICES
"""Of an environment: namespace, policy, quota; of a service: its workload, its Service and
its secret."""
_FLUX_SECONDS = 253.0
_LIMIT_SECONDS = 5400.0
_MB = 2**20


def template() -> str:
    """An application of services that are only images."""
    services = [
        {
            "name": f"web{number}",
            "image": cluster.BUSYBOX,
            "command": ["httpd", "-f", "-p", "8080", "-h", "/"],
            "ports": [{"type": "container_port", "port": 80, "target_port": 8080}],
            "cpu": {"limits": "100m", "requests": "1m"},
            "memory": {"limits": "32Mi", "requests": "4Mi"},
        }
        for number in range(SERVICES)
    ]
    return json.dumps({"services": services})


class Watched:
    """The most memory that a process and its children had together, in bytes."""

    def __init__(self, pid: int) -> None:
        self.most = 0
        self._top = psutil.Process(pid)
        self._ended = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(1):
            try:
                every = [self._top, *self._top.children(recursive=True)]
                used = sum(one.memory_info().rss for one in every if "celery" in _words(one))
            except psutil.NoSuchProcess:
                continue
            self.most = max(self.most, used)


def _words(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


def measured(count: int, number: int) -> None:
    """So many environments of a new account, from the start of the worker until all are ready."""
    account = open_account(f"bench{number}")
    actor = operator(account)
    register(actor, f"shop{number}", template())
    shop = account.applications.get()
    for one in range(count):
        create_environment(actor, EnvironmentDraft(shop, name=f"env-{one}"))
    worker = subprocess.Popen(
        [sys.executable, "-m", "releaseclone.run", "--parts", "worker"], stdout=subprocess.DEVNULL
    )
    began = time.perf_counter()
    try:
        with Watched(worker.pid) as watched:
            while _waiting(account.name):
                if time.perf_counter() - began > _LIMIT_SECONDS:
                    raise SystemExit(f"not done within {_LIMIT_SECONDS:.0f} s")
                time.sleep(0.5)
            took = time.perf_counter() - began
    finally:
        worker.terminate()
        worker.wait()
    ended = Deployment.objects.filter(environment__application__account=account)
    counts = dict(ended.values_list("status").annotate(Count("pk")))
    with Redis(unix_socket_path=str(sockets_of(FOLDER) / "broker.sock")) as broker:
        left = int(broker.llen("deployments"))
    tell(
        f"{count} environments: seconds for 1,000 objects, beside Flux's {_FLUX_SECONDS:.0f} s",
        took / (count * OBJECTS / 1000) / _FLUX_SECONDS,
        "at most 1.0",
        f"{took:.0f} s, {count / took * 60:.0f} environments a minute, worker "
        f"{watched.most / _MB:.0f} MB, {counts}, {left} messages left in the queue",
    )
    if counts != {"deployed": count}:
        reason = ended.exclude(status="deployed").values_list("reason", flat=True).first()
        raise SystemExit(f"not all are deployed: {reason}")


def _waiting(account: str) -> bool:
    open_ones = Deployment.objects.filter(status__in=("queued", "running"))
    return open_ones.filter(environment__application__account__name=account).exists()


def main() -> int:
    """Print a line for each number."""
    if not KUBECONFIG:
        print("many environments: not measured, since it needs KUBECONFIG")
        return 0
    call_command("migrate", verbosity=0)
    broker = subprocess.Popen(
        [sys.executable, "-m", "releaseclone.run", "--parts", "broker"], stdout=subprocess.DEVNULL
    )
    try:
        while not (sockets_of(FOLDER) / "broker.sock").exists():
            time.sleep(0.1)
        for number, count in enumerate(COUNTS):
            measured(count, number)
    finally:
        broker.terminate()
        broker.wait()
        installation = (FOLDER / "installation").read_text().strip()
        cluster.forget_all(KubernetesEngine(KUBECONFIG, installation=installation))
    return 0


if __name__ == "__main__":
    sys.exit(main())
