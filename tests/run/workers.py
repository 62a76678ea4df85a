"""The workers of a running product: stood still at a moment of a deployment, and killed there."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

from tests.run.product import CHECKOUT, Product, lives, until

_DEPLOYMENT = """
select d.id, d.status, d.fence, d.pins is not null, d.plan is not null, d.manifests is not null
from environments_deployment d join environments_environment e on e.id = d.environment_id
where e.name = ? and d.part_of_id is null order by d.id desc limit 1
"""
_TASKS = """
select t.name, t.state from environments_task t
join environments_deployment d on d.id = t.deployment_id where d.id = ? or d.part_of_id = ?
"""


class Seen:
    """The newest deployment of an environment, as the database has it at this moment."""

    def __init__(self, product: Product, name: str, *, patience: float = 60) -> None:
        found = product.rows(_DEPLOYMENT, name, patience=patience)
        none = (0, "", 0, False, False, False)
        self.pk, self.status, self.fence, *boxes = found[0] if found else none
        self.boxes = sum(map(bool, boxes))
        self.tasks = dict(product.rows(_TASKS, self.pk, self.pk, patience=patience))

    @property
    def is_begun(self) -> bool:
        """Whether it runs, and nothing of it was applied yet."""
        return self.status == "running" and set(self.tasks.values()) <= {"waiting"}


def stand_still(product: Product, name: str, at: Callable[[Seen], bool]) -> None:
    """Let the worker go on in small paces, and stand still when the deployment is as wanted."""
    group = product.part("worker").pid
    give_up = time.monotonic() + 180
    while True:
        os.killpg(group, signal.SIGSTOP)
        # Who stands still while it closes the database lets nobody read it.
        with suppress(sqlite3.OperationalError):
            if at(Seen(product, name, patience=1)):
                return
        os.killpg(group, signal.SIGCONT)
        assert time.monotonic() < give_up, vars(Seen(product, name))
        time.sleep(0.002)


def kill(product: Product) -> None:
    """``kill -9`` of the worker with all its processes; then wait until it was started again."""
    workers = [product.part("worker"), *product.part("worker").children(recursive=True)]
    for worker in workers:
        worker.kill()
    until(lambda: not any(map(lives, workers)))


@contextmanager
def another(product: Product) -> Iterator[psutil.Process]:
    """A second worker beside the product's own; it is ended as Ctrl-C does."""
    runner = subprocess.Popen(
        [sys.executable, "-m", "releaseclone.run", "--parts", "worker"],
        cwd=CHECKOUT,
        env=product.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert runner.stdout is not None
        assert "up: worker" in runner.stdout.readline()
        yield psutil.Process(runner.pid)
    finally:
        runner.send_signal(signal.SIGINT)
        runner.wait(120)
