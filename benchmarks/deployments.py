"""Deployments a second of one worker with the engine in memory, against empty tasks of that worker.

A deployment is not one task's worth of work: it asks git for the heads of its branches, writes
environments, versions, plan and log in transactions that each wait for the disk, and says what it
does. The line tells how much of it is the database's, so that the ratio can be read.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

from benchmarks.measuring import own_data_folder, seconds_of, tell

FOLDER = own_data_folder()
os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"

import django  # noqa: E402 - the settings read the folder that was just made

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from redis import Redis  # noqa: E402

from benchmarks.queue import nothing  # noqa: E402
from environments import wiring  # noqa: E402
from environments.actions.accounts import open_installation  # noqa: E402
from environments.actions.applications import register_application  # noqa: E402
from environments.actions.asking import operator  # noqa: E402
from environments.actions.deployments import deploy  # noqa: E402
from environments.actions.drafts import EnvironmentDraft  # noqa: E402
from environments.actions.environments import create_environment  # noqa: E402
from environments.models import (  # noqa: E402
    Account,
    Application,
    Deployment,
    DeploymentKind,
    Environment,
)
from environments.tasks import run_deployment  # noqa: E402
from releaseclone.run.parts import broker_command  # noqa: E402

ENVIRONMENTS = 40
EMPTY_TASKS = 2000
LIMIT_SECONDS = 120
_TEMPLATE = """services:
- name: {name}
  image: example/image:1
  ports:
  - {{type: node_port, target_port: 8080, port: 80}}
"""


def repository(name: str, more: str = "") -> Path:
    """A git repository with a template."""
    folder = FOLDER / "repositories" / name
    (folder / ".release").mkdir(parents=True)
    text = _TEMPLATE.format(name=name) + more
    (folder / ".release" / "application_template.yaml").write_text(text)
    author = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "begin")):
        subprocess.run(["git", *author, *command], cwd=folder, check=True)
    return folder


def fill() -> list[Environment]:
    """Environments of an application that imports another, their first setup in the queue."""
    open_installation(username="bench", password=token_hex(), account_name="bench")
    account = Account.objects.get()
    account.contexts.update(engine="memory")
    actor = operator(account)
    register_application(actor, source=str(repository("backend")))
    imports = "app_imports:\n- name: backend\n"
    frontend = register_application(actor, source=str(repository("frontend", imports)))
    return [
        create_environment(actor, EnvironmentDraft(frontend.application, name=f"env-{number}"))
        for number in range(ENVIRONMENTS)
    ]


def seconds_until(is_done: Callable[[], bool]) -> float:
    """How long it took from now."""
    begun = time.perf_counter()
    while not is_done():
        if time.perf_counter() - begun > LIMIT_SECONDS:
            raise SystemExit(f"deployments: not done within {LIMIT_SECONDS} s")
        time.sleep(0.02)
    return time.perf_counter() - begun


def started(command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """The process; its output is of no interest."""
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Print the ratio."""
    call_command("migrate", verbosity=0)
    sockets = settings.RELEASECLONE.sockets
    for folder in (FOLDER / "broker", sockets):
        folder.mkdir(parents=True, exist_ok=True)
    broker = started(broker_command(FOLDER, sockets))
    redis = Redis(unix_socket_path=str(sockets / "broker.sock"))
    running = [broker]
    try:
        seconds_until((sockets / "broker.sock").exists)
        environments = fill()
        share = share_of_one(environments)
        worker = ("--app", "benchmarks.queue", "worker", "--pool", "solo", "--loglevel", "error")
        running.append(started((sys.executable, "-m", "celery", "--quiet", *worker)))
        # The first setups are the warming up: environments and their imports are written.
        seconds_until(all_ended)
        taken = measured_deployments(environments)
        empty = measured_empty(redis)
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(timeout=20)
    deployments, tasks = ENVIRONMENTS / taken, EMPTY_TASKS / empty
    tell(
        "deployments of one worker / empty tasks of the same worker",
        deployments / tasks,
        ">= 0.5, or say what stands between",
        f"{deployments:.1f} deployments/s against {tasks:.0f} empty tasks/s; between them: {share}",
    )


def share_of_one(environments: list[Environment]) -> str:
    """What the first setup of the first environment spends its time on, in this process."""
    deployment = environments[0].deployments.get()
    with CaptureQueriesContext(connection) as queries:
        (whole,) = seconds_of(lambda: run_deployment(deployment.pk, deployment.fence), rounds=1)
    database = sum(float(query["time"]) for query in queries.captured_queries)
    host = wiring.git_host("git")
    urls = Application.objects.values_list("repository_url", flat=True)
    (asked,) = seconds_of(lambda: [host.refs(url) for url in urls], rounds=1)
    return (
        f"a first setup of two applications takes {whole * 1e3:.0f} ms, of it {database * 1e3:.0f} "
        f"ms in {len(queries)} queries, each step committed to disk, and {asked * 1e3:.0f} ms each "
        "time that git is asked for branches"
    )


def all_ended() -> bool:
    """Whether nothing waits or runs."""
    return not Deployment.objects.filter(status__in=("queued", "running")).exists()


def measured_deployments(environments: list[Environment]) -> float:
    """Seconds for one Deploy of each environment, while the queue stays full."""
    actor = operator(Account.objects.get())
    for environment in environments:
        environment.refresh_from_db()
        deploy(actor, environment, DeploymentKind.SETUP)
    left = Deployment.objects.filter(status__in=("queued", "running"), part_of__isnull=True)
    begun, waiting = time.perf_counter(), left.count()
    seconds_until(all_ended)
    failed = Deployment.objects.exclude(status="deployed").values_list("reason", flat=True)
    if failed:
        raise SystemExit(f"deployments: {failed[0]}")
    # The worker began while the rest was asked for: only what was left then is counted.
    return (time.perf_counter() - begun) * ENVIRONMENTS / max(waiting, 1)


def measured_empty(redis: "Redis") -> float:
    """Seconds for the empty tasks."""
    for _ in range(EMPTY_TASKS):
        nothing.delay()
    left = int(redis.llen("deployments"))
    taken = seconds_until(lambda: not redis.llen("deployments") and not redis.hlen("unacked"))
    return taken * EMPTY_TASKS / max(left, 1)


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
