"""Applications in real repositories, and deployments carried out in this process."""

import os
import subprocess
import time
from pathlib import Path

from benchmarks.measuring import own_data_folder

FOLDER = own_data_folder()
os.environ["RELEASECLONE_LOCAL_REPOSITORIES"] = "1"

import django  # noqa: E402 - the settings read the folder that was just made

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from environments import tasks  # noqa: E402
from environments.actions.applications import register_application  # noqa: E402
from environments.actions.asking import Actor  # noqa: E402
from environments.models import Deployment  # noqa: E402
from environments.services import running  # noqa: E402
from environments.services.running import Outcome  # noqa: E402


def prepare() -> None:
    """A database of its own; no queue and no ingress."""
    settings.INGRESS = ("benchmarks.queue.NoIngress", {})
    call_command("migrate", verbosity=0)
    tasks.run_deployment.delay = lambda *_: None  # type: ignore[method-assign]
    tasks.send = lambda pk: None


def register(actor: Actor, name: str, template: str) -> Path:
    """An application with a repository of its own; where that is."""
    folder = FOLDER / "repositories" / name
    (folder / ".release").mkdir(parents=True)
    (folder / ".release" / "application_template.yaml").write_text(template)
    _git(folder, "init", "-q", "-b", "main")
    commit(folder)
    register_application(actor, source=str(folder), name=name)
    return folder


def commit(folder: Path) -> None:
    """One commit more."""
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "--allow-empty", "-m", "next")


def _git(folder: Path, *words: str) -> None:
    author = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    subprocess.run(["git", *author, *words], cwd=folder, check=True)


def carried_out(deployment: Deployment) -> float:
    """Seconds until the deployment has ended well."""
    began = time.perf_counter()
    while True:
        fence = Deployment.objects.only("fence").get(pk=deployment.pk).fence
        if running.advance(deployment.pk, fence=fence) is not Outcome.AGAIN:
            break
    took = time.perf_counter() - began
    deployment.refresh_from_db()
    if deployment.status not in ("deployed", "removed"):
        raise SystemExit(f"the deployment {deployment.status}: {deployment.reason}")
    return took
