"""Step four of a deployment: the manifests of every task, sealed, and the checkouts they need."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from environments import wiring
from environments.core.masking import Masker, clean
from environments.core.plan import Act, Plan, PlannedMember
from environments.core.ports import LocalPort, Manifest
from environments.core.render import (
    chart_manifest,
    cron_job_manifests,
    ground_manifests,
    job_manifests,
    service_manifests,
    with_sign_ins,
)
from environments.models import Deployment, DeploymentKind, Environment, Namespace, PortClaim, Task
from environments.services.registries import credentials_of
from environments.services.resolving import Pin


@dataclass(frozen=True, slots=True)
class Box:
    """The opened box ``manifests``: those of each task, and every secret value in them."""

    tasks: dict[str, list[Manifest]]
    secrets: tuple[str, ...]
    ground: tuple[Manifest, ...] = ()
    """What the namespace itself shall be."""
    commits: Mapping[str, str] = field(default_factory=dict)
    """Of tasks that run another commit than their deployment says of itself."""


def render(deployment: Deployment, plans: Sequence[Plan]) -> bytes:
    """The manifests of all tasks that will run something, sealed."""
    by_handle = {
        planned.member.env_id: (plan, planned) for plan in plans for planned in plan.members
    }
    context = deployment.namespace.context
    pulls = wiring.engine_of(context).traits().pulls_images
    sign_ins = credentials_of(context) if pulls else []
    tasks: dict[str, list[Manifest]] = {}
    for task in tasks_of(deployment):
        plan, planned = by_handle[task.deployment.environment.env_id]
        target = task.name.partition(".")[2]
        if task.kind == "chart" and (chart := planned.planned_chart(target)):
            described = chart_manifest(plan, planned, chart)
            tasks[str(task.pk)] = list(with_sign_ins([described], sign_ins))
            continue
        workload = planned.workload(task.kind, target)
        if workload is None:
            continue
        provided = (deployment.images or {}).get(planned.member.env_id, {})
        workload = replace(workload, image=provided.get(task.name, workload.image))
        if task.kind == "job":
            made = job_manifests(plan, planned, workload, name=task.workload)
        elif task.kind == "cron_job":
            made = cron_job_manifests(plan, planned, workload)
        else:
            made = service_manifests(plan, planned, workload)
        tasks[str(task.pk)] = list(with_sign_ins(made, sign_ins))
    secrets = {text for plan in plans for text in secrets_of(plan)}
    secrets |= {one.password for one in sign_ins}
    ground = () if deployment.kind == DeploymentKind.TEARDOWN else _ground(deployment, plans[0])
    box = {"tasks": tasks, "secrets": sorted(secrets), "ground": ground}
    return wiring.seal(json.dumps(box), belongs_to=deployment.seal_name)


def _ground(deployment: Deployment, plan: Plan) -> Sequence[Manifest]:
    return ground_manifests(plan, account=deployment.namespace.context.account.name)


def secrets_of(plan: Plan) -> Iterator[str]:
    """Every secret value that a container of the plan will see."""
    for planned in plan.members:
        yield from secrets_of_member(planned)


def secrets_of_member(planned: PlannedMember) -> Iterator[str]:
    """Every secret value that a container of the member will see."""
    given = [one.variables for one in planned.workloads]
    for variables in (*given, *(one.variables for one in planned.charts)):
        for value in variables:
            if value.secret and value.text:
                yield value.text


def opened(deployment: Deployment) -> Box:
    """The box of a deployment that has been rendered; empty before."""
    if deployment.manifests is None:
        return Box({}, ())
    form = json.loads(wiring.unseal(deployment.manifests, belongs_to=deployment.seal_name))
    # A deployment that an older version of the product has rendered has none.
    ground, commits = tuple(form.get("ground", ())), form.get("commits", {})
    return Box(form["tasks"], tuple(form["secrets"]), ground, commits)


def masker_of(namespace: Namespace) -> Masker:
    """Hides every secret that a container of the namespace was given by what runs there now."""
    members = Environment.objects.filter(namespace=namespace, removed_at__isnull=True)
    runs = members.exclude(running=None).values_list("running", "running__part_of")
    roots = {part_of or running for running, part_of in runs}
    made = Deployment.objects.filter(pk__in=roots).only("manifests")
    return Masker({secret for deployment in made for secret in opened(deployment).secrets})


def tasks_of(deployment: Deployment) -> list[Task]:
    """The tasks of the whole run, the shares of its members included."""
    shares = [deployment.pk, *deployment.member_deployments.values_list("pk", flat=True)]
    rows = Task.objects.filter(deployment__in=shares)
    shared = rows.select_related("deployment__environment__application")
    return list(shared.defer(*(f"deployment__{box}" for box in ("pins", "plan", "manifests"))))


def folders_of(namespace: Namespace) -> Path:
    """Where the code of all members lies, in a folder for each: ``{env_id}/{commit}``."""
    root: Path = settings.RELEASECLONE.data / "checkouts"
    return root / namespace.name


def folder_of(environment: Environment, commit: str) -> Path:
    """Where the code of this member lies at this commit."""
    return folders_of(environment.namespace) / environment.env_id / commit


def check_out(deployment: Deployment, pins: list[Pin]) -> dict[int, str]:
    """Make the working folder of every member that will run; raises ``GitHostError``.

    The subject of each member's commit, by the key of its environment.
    """
    subjects: dict[int, str] = {}
    if wiring.engine_of(deployment.namespace.context).traits().runs_images:
        return subjects
    for pin in pins:
        if pin["act"] != Act.APPLY or pin["commit"] is None:
            continue
        member = Environment.objects.select_related("application", "namespace").get(
            pk=pin["environment_id"]
        )
        host = wiring.repositories_of(member.application)
        url, commit = member.application.repository_url, pin["commit"]
        host.checkout(url, commit=commit, folder=folder_of(member, commit))
        subjects[member.pk] = host.commit(url, commit).subject
    return subjects


def name_commits(deployment: Deployment, subjects: Mapping[int, str]) -> None:
    """Keep, with each share of the run, what its commit says of itself."""
    shares = Deployment.objects.filter(pk=deployment.pk) | Deployment.objects.filter(
        part_of=deployment
    )
    for environment, subject in subjects.items():
        shares.filter(environment=environment).update(commit_subject=clean(subject)[:300])


def ports_of(namespace_pk: int, workload: str) -> tuple[LocalPort, ...]:
    """The loopback ports of a workload, replica by replica, in the order they were given."""
    claims = PortClaim.objects.filter(namespace=namespace_pk, workload=workload)
    return tuple(
        LocalPort(claim.workload, claim.replica, claim.target_port, claim.number)
        for claim in claims.order_by("replica", "pk")
    )


def hosts_of(deployment: Deployment) -> list[str]:
    """All hosted names of the namespace, each once."""
    return list(dict.fromkeys(host["host"] for host in (deployment.plan or {}).get("hosts", ())))


def manifests_for(box: Box, task: Task) -> tuple[Any, ...]:
    """What applying this task sends to the engine."""
    return tuple(box.tasks.get(str(task.pk), ()))


def member_form(plan: Mapping[str, Any], env_id: str) -> Mapping[str, Any]:
    """One member of a plan as kept; empty where the plan does not have it."""
    members: list[Mapping[str, Any]] = [*plan.get("members", ()), *plan.get("leaving", ())]
    return next((member for member in members if member["env_id"] == env_id), {})
