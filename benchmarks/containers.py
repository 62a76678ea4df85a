"""Three applications with ten services in containers, beside Docker Compose with the same ones.

From the moment that a worker takes the deployment until every service is ready; the images are
there, every service has a probe (there a health check) of the same period. Then a new commit of
one service, beside the same one made anew there. Compose is found on the PATH (``docker-compose``)
or by ``COMPOSE``; without it only our own times are told.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.deploying import FOLDER, carried_out, commit, prepare, register

# isort: split
from environments import wiring
from environments.actions.accounts import open_account
from environments.actions.asking import operator
from environments.actions.deployments import deploy
from environments.actions.drafts import EnvironmentDraft
from environments.actions.environments import create_environment
from environments.models import DeploymentKind, Environment
from tests import containers

ROUNDS = 3
SERVICES = {"shop": 4, "backend": 3, "accounts": 3}
COMMAND = ["sh", "-c", "mkdir -p /up && echo > /up/yes && exec sleep 1000"]
PROBE = ["cat", "/up/yes"]
HEALTH_CHECKS = Path("/run/systemd/system").exists()
"""Podman runs them by timers of systemd; without it, Compose waits for running alone."""


def template(name: str, count: int) -> str:
    """An application of so many services; the first one brings the others with it."""
    services = [
        {
            "name": f"{name}{number}",
            "image": containers.BUSYBOX,
            "has_repo": True,
            "command": COMMAND,
            "cpu": {"limits": "2"},
            "readiness_probe": {"exec": {"command": PROBE}, "period_seconds": 1},
        }
        for number in range(count)
    ]
    imports = [{"name": other} for other in SERVICES if other != "shop"]
    form = {"services": services, "parallelize_app_imports": True}
    return json.dumps({**form, "app_imports": imports} if name == "shop" else form)


def compose_file() -> str:
    """The same ten services for Compose."""
    probe = {"test": ["CMD", *PROBE], "interval": "1s"}
    names = [f"{name}{number}" for name, count in SERVICES.items() for number in range(count)]
    one = {"image": containers.BUSYBOX, "entrypoint": COMMAND, "init": True}
    if HEALTH_CHECKS:
        one["healthcheck"] = probe
    return json.dumps({"services": dict.fromkeys(names, one)})


def ours(socket: str) -> tuple[list[float], list[float]]:
    """Setups and patches."""
    account = open_account("bench")
    account.contexts.update(engine="docker", configuration={"socket": socket})
    actor = operator(account)
    folders = {
        name: register(actor, name, template(name, count)) for name, count in SERVICES.items()
    }
    shop = account.applications.get(name="shop")
    setups, patches = [], []
    for _ in range(ROUNDS):
        environment: Environment = create_environment(actor, EnvironmentDraft(shop))
        setups.append(carried_out(environment.deployments.latest("pk")))
        member = environment.imported.get(application__name="accounts")
        commit(folders["accounts"])
        patches.append(carried_out(deploy(actor, member, DeploymentKind.PATCH)))
        carried_out(deploy(actor, environment, DeploymentKind.TEARDOWN))
    wiring.engine_of(account.contexts.get()).tend({})
    return setups, patches


def theirs(compose: str, socket: str) -> tuple[list[float], list[float]]:
    """The same by Compose; three services are made anew, as a patch of accounts does."""
    folder = FOLDER / "compose"
    folder.mkdir()
    (folder / "compose.yaml").write_text(compose_file())
    environment = {**os.environ, "DOCKER_HOST": socket}

    def run(*words: str) -> float:
        began = time.perf_counter()
        done = subprocess.run(
            [compose, *words], cwd=folder, env=environment, capture_output=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"compose {words[0]} failed: {done.stderr.decode()[-500:]}")
        return time.perf_counter() - began

    changed = [f"accounts{number}" for number in range(SERVICES["accounts"])]
    setups, patches = [], []
    for _ in range(ROUNDS):
        setups.append(run("up", "-d", "--wait"))
        patches.append(run("up", "-d", "--wait", "--force-recreate", "--no-deps", *changed))
        run("down", "-t", "1")
    return setups, patches


def tell(what: str, own: list[float], peer: list[float]) -> None:
    """One line."""
    said = f"{what}: {median(own):.2f} s"
    if peer:
        said += f", Compose {median(peer):.2f} s: {median(own) / median(peer):.2f} (goal 1.0)"
    print(said, flush=True)


def main() -> int:
    """Print both lines."""
    if why := containers.missing():
        print(f"containers: not measured, since {why}")
        return 0
    prepare()
    with containers.engine() as podman:
        compose = os.environ.get("COMPOSE") or shutil.which("docker-compose")
        peer: Callable[[], tuple[list[float], list[float]]] = lambda: ([], [])  # noqa: E731
        if compose:
            peer = lambda: theirs(str(compose), podman.socket)  # noqa: E731
        else:
            print("there is no docker-compose on the PATH: nothing to compare with")
        own, other = ours(podman.socket), peer()
        if compose and not HEALTH_CHECKS:
            print("Compose is spared its health checks: there is no systemd to run them")
        tell("3 applications, 10 services, until all are ready", own[0], other[0])
        tell("a new commit of one application with 3 services", own[1], other[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
