"""What tasks ask of the engine: several side by side, where it likes that."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from environments import wiring
from environments.core.ports import (
    Engine,
    EngineError,
    GitHostError,
    ObjectName,
    Step,
    workloads,
)
from environments.models import Deployment, Task
from environments.services import rendering
from environments.services.rendering import Box

Order = Callable[[], None]


def portions(deployment: Deployment, tasks: Sequence[Task]) -> list[Sequence[Task]]:
    """The tasks as they are sent: all together, or one after the other."""
    try:
        traits = wiring.engine_of(deployment.namespace.context).traits()
    except EngineError:  # it is told when they are sent
        return [[task] for task in tasks]
    if traits.applies_at_once == 1 or not tasks:
        return [[task] for task in tasks]
    return [tasks]


def send(deployment: Deployment, tasks: Sequence[Task], box: Box) -> list[EngineError | None]:
    """Ask the engine for all of these tasks; what went wrong, task by task."""
    try:
        engine = wiring.engine_of(deployment.namespace.context)
        at_once = engine.traits().applies_at_once
        orders = [_order(engine, deployment, task, box) for task in tasks]
    except EngineError as away:
        return [away] * len(tasks)
    if len(orders) == 1:
        return [_outcome(orders[0])]
    with ThreadPoolExecutor(min(at_once, len(orders))) as pool:
        return list(pool.map(_outcome, orders))


def _outcome(order: Order) -> EngineError | None:
    try:
        order()
    except EngineError as wrong:
        return wrong
    return None


def _order(engine: Engine, deployment: Deployment, task: Task, box: Box) -> Order:
    """All that is read from the database is read now: it may be carried out by any thread."""
    namespace, member = deployment.namespace.name, task.deployment.environment
    if task.kind == "removal":
        env_id = member.env_id
        return lambda: engine.remove(namespace, _objects_of(engine, namespace, env_id))
    if task.kind == "cron_job" and not engine.traits().keeps_schedules:
        return lambda: None  # ``services.schedules`` applies its runs
    folder = None
    if not engine.traits().runs_images:
        commit = box.commits.get(str(task.pk), task.deployment.commit)
        folder = rendering.folder_of(member, commit)
    manifests = rendering.manifests_for(box, task)
    step = Step(
        namespace=namespace,
        manifests=manifests,
        folder=folder,
        ports=rendering.ports_of(deployment.namespace_id, task.workload),
        hosts=tuple(rendering.hosts_of(deployment)),
        ground=box.ground,
    )
    if task.kind == "chart" and next(workloads(manifests))["spec"]["local"]:
        fetch = _fetched(task)
        return lambda: engine.apply(replace(step, folder=fetch()))
    return lambda: engine.apply(step)


def _fetched(task: Task) -> Callable[[], Path]:
    """Makes the checkout that a chart of the repository lies in, where it is not there: as on
    another machine than that of the worker before."""
    member, commit = task.deployment.environment, task.deployment.commit
    folder = rendering.folder_of(member, commit)
    host, url = wiring.repositories_of(member.application), member.application.repository_url

    def fetch() -> Path:
        try:
            host.checkout(url, commit=commit, folder=folder)
        except GitHostError as wrong:
            raise EngineError(f"The chart could not be checked out: {wrong}") from wrong
        return folder

    return fetch


def _objects_of(engine: Engine, namespace: str, env_id: str) -> list[ObjectName]:
    """What the engine has of this member alone, by its label."""
    own = (one for one in engine.applied(namespace) if one.environment == env_id)
    return [one.object_name for one in own if one.kind != "ServiceAccount"]
