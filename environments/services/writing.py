"""Step two of a deployment: the rows that it needs, the claims, the plan, the tasks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from environments import wiring
from environments.core.names import label
from environments.core.plan import Act, Member, Plan, PlannedMember, leaving_first
from environments.core.ports import EngineError, GitHostError, LocalPorts
from environments.core.problems import Problem, error
from environments.core.schedules import workload_of
from environments.core.template import merged_text
from environments.core.template.model import AppTemplate
from environments.core.workflow import PlannedTask
from environments.loopback import free_ports
from environments.models import (
    Application,
    ApplicationVersion,
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    Environment,
    EnvironmentStatus,
    EnvironmentVersion,
    HostClaim,
    PortClaim,
    Task,
    TaskState,
)
from environments.services import members
from environments.services.handles import free_name, new_env_id
from environments.services.planning import form_of, member_of, plan_for, setting_of
from environments.services.resolving import Pin, choice_of, entry_of


@dataclass(frozen=True, slots=True)
class Made:
    """A plan and everything that was wrong while making it."""

    plan: Plan | None
    problems: tuple[Problem, ...]


def create_members(deployment: Deployment, pins: list[Pin]) -> list[Pin]:
    """Make the environments that come, each from the version that was pinned."""
    importer = deployment.environment
    handed = _import_parameters(importer, pins)
    filled: list[Pin] = []
    for position, pin in enumerate(pins):
        if pin["environment_id"] is None:
            member = _create_member(deployment, pin, position, handed)
            pin = {
                **pin,
                "environment_id": member.pk,
                "env_id": member.env_id,
                "name": member.name,
                "version_id": member.versions.get(number=member.number).pk,
            }
        elif pin["environment_id"] != importer.pk and not pin["leaves"]:
            Environment.objects.filter(pk=pin["environment_id"]).update(
                position=position, branch=pin["branch"], is_tag=pin["is_tag"], rule=pin["rule"]
            )
        filled.append(pin)
    return filled


def _import_parameters(importer: Environment, pins: list[Pin]) -> Mapping[str, dict[str, str]]:
    """Values of imports that do not exist yet, as the pinned version of the importer has them."""
    own = next((pin for pin in pins if pin["environment_id"] == importer.pk), None)
    if own is None:
        return {}
    kept: dict[str, dict[str, str]] = EnvironmentVersion.objects.get(
        pk=own["version_id"]
    ).import_parameters
    return kept


def _create_member(
    deployment: Deployment, pin: Pin, position: int, handed: Mapping[str, dict[str, str]]
) -> Environment:
    importer = deployment.environment
    application = Application.objects.get(pk=pin["application_id"])
    made_from = ApplicationVersion.objects.get(
        application=application, number=pin["application_number"]
    )
    member = Environment.objects.create(
        application=application,
        namespace=importer.namespace,
        importer=importer,
        position=position,
        name=free_name(application, importer.name),
        env_id=new_env_id(),
        type=importer.type,
        is_production=importer.is_production,
        branch=pin["branch"],
        is_tag=pin["is_tag"],
        rule=pin["rule"],
        owner=importer.owner,
        owner_name=importer.owner_name,
        application_number=made_from.number,
        status=EnvironmentStatus.DEPLOYING,
        own_status=EnvironmentStatus.NEW,
    )
    EnvironmentVersion.objects.create(
        environment=member,
        number=1,
        template=merged_text(made_from.template, environment_type=importer.type),
        variables=wiring.seal(members.unsealed(made_from), belongs_to=f"environment {member.pk}"),
        parameters=handed.get(application.name, {}),
        change=f"made by deployment {deployment.pk} of {importer.name}",
        saved_by=deployment.asked_by,
        saved_by_name=deployment.asked_by_name,
    )
    return member


def make(deployment: Deployment, pins: list[Pin], *, kind: str) -> Made:
    """The plan of the pinned members (all exist by now)."""
    planned: list[Member] = []
    problems: list[Problem] = []
    environments = Environment.objects.select_related("application", "running").in_bulk(
        [pin["environment_id"] for pin in pins]
    )
    versions = EnvironmentVersion.objects.in_bulk([pin["version_id"] for pin in pins])
    for pin in pins:
        environment = environments[pin["environment_id"]]
        source, wrong = members.of_environment(
            environment, version=versions[pin["version_id"]], entry=entry_of(pin)
        )
        problems += wrong
        if source is None:
            continue
        files: dict[str, str] = {}
        if kind != DeploymentKind.TEARDOWN:  # what goes needs nothing of its repository any more
            files, unread = _files(environment.application, pin, source.template)
            problems += unread
        planned.append(
            member_of(
                source,
                choice_of(pin),
                act=Act(pin["act"]),
                ignored_by=pin["ignored_by"],
                files=files,
                deployment_id=str(deployment.pk),
            )
        )
    if problems:
        return Made(None, tuple(problems))
    try:
        plan = plan_for(kind, planned, setting_of(deployment.namespace))
    except EngineError as wrong:
        return Made(None, (error("engine.off", reason=str(wrong)),))
    return Made(plan, plan.problems)


def in_order(pins: list[Pin], plan: Plan, leaving: Plan | None) -> list[Pin]:
    """The order of the run: what leaves goes last, but where another takes its names."""
    met = leaving_first(leaving, plan) if leaving else {}
    ahead = [pin for pin in pins if pin["leaves"] and pin["env_id"] in met]
    return [*ahead, *(pin for pin in pins if pin not in ahead)]


def _files(
    application: Application, pin: Pin, template: AppTemplate
) -> tuple[dict[str, str], list[Problem]]:
    """The text of each file of the repository that a service mounts, or a chart is given."""
    files: dict[str, str] = {}
    problems: list[Problem] = []
    if pin["act"] != Act.APPLY or pin["commit"] is None:
        return files, problems
    mounted = {file.repo_path for service in template.services for file in service.configmap}
    given = {path for chart in template.charts for path in chart.values_files}
    for path in sorted(mounted | given):
        try:
            content = wiring.repositories_of(application).read_file(
                application.repository_url, commit=pin["commit"], path=path
            )
            if content is None:
                raise GitHostError(f"there is no {path} at {pin['commit'][:7]}")
            files[path] = content.decode()
        except (GitHostError, UnicodeDecodeError) as wrong:
            problems.append(
                error("deploy.file", application=application.name, path=path, reason=str(wrong))
            )
    return files, problems


@dataclass(frozen=True, slots=True)
class NeededPort:
    """A loopback port that no row gives yet."""

    workload: str
    replica: int
    target_port: int


def ports_needed(deployment: Deployment, plan: Plan) -> tuple[NeededPort, ...]:
    """Every port that this engine leads to over this machine's loopback and that has none."""
    wanted = wiring.engine_of(deployment.namespace.context).traits().local_ports
    if wanted is LocalPorts.NONE:
        return ()
    exposed = {(host.workload, host.target_port) for host in plan.hosts}
    given = set(
        PortClaim.objects.filter(namespace=deployment.namespace).values_list(
            "workload", "replica", "target_port"
        )
    )
    return tuple(
        need
        for need in _all_ports(plan)
        if _key(need) not in given
        and (wanted is LocalPorts.EVERY or (need.workload, need.target_port) in exposed)
    )


def _key(need: NeededPort) -> tuple[str, int, int]:
    return need.workload, need.replica, need.target_port


def _all_ports(plan: Plan) -> Iterator[NeededPort]:
    for planned in plan.members:
        if planned.member.act is Act.APPLY:
            for service in planned.services:
                for replica in range(service.replicas):
                    for port in service.ports:
                        yield NeededPort(service.workload, replica, port.target_port)


def claim_ports(deployment: Deployment, plan: Plan) -> None:
    """Keep a free loopback port for everything that needs one."""
    needed = ports_needed(deployment, plan)
    if not needed:
        return
    taken = frozenset(PortClaim.objects.values_list("number", flat=True))
    numbers = free_ports(len(needed), taken=taken, near=str(settings.RELEASECLONE.data))
    PortClaim.objects.bulk_create(
        PortClaim(
            namespace=deployment.namespace,
            workload=need.workload,
            replica=need.replica,
            target_port=need.target_port,
            number=number,
        )
        for need, number in zip(needed, numbers, strict=True)
    )


def claim_hosts(deployment: Deployment, plan: Plan) -> None:
    """Keep the host names of the plan; ``IntegrityError`` where another namespace has one."""
    wanted = {host.host for host in plan.hosts}
    held = set(
        HostClaim.objects.filter(namespace=deployment.namespace).values_list("host", flat=True)
    )
    HostClaim.objects.bulk_create(
        HostClaim(namespace=deployment.namespace, host=host) for host in sorted(wanted - held)
    )


def write_tasks(deployment: Deployment, pins: list[Pin], plan: Plan, leaving: Plan | None) -> None:
    """One member deployment for each import, and a task for each box of each workflow."""
    forms = {member.member.env_id: member for member in plan.members}
    going = {member.member.env_id: member for member in leaving.members} if leaving else {}
    for position, pin in enumerate(pins):
        own = pin["environment_id"] == deployment.environment_id
        if not own and pin["act"] == Act.KEEP and not pin["ignored_by"]:
            continue
        share = deployment if own else _member_deployment(deployment, pin, position)
        if own:
            _fill_share(share, pin, position)
        planned = (going if pin["leaves"] else forms)[pin["env_id"]]
        _keep_what_runs(share, plan, planned)
        if share.status != DeploymentStatus.ABORTED and planned.member.act is not Act.KEEP:
            Task.objects.bulk_create(_tasks(share, planned))


def _tasks(share: Deployment, planned: PlannedMember) -> Iterator[Task]:
    boxes = ((step, task) for step in enumerate(planned.steps) for task in step[1].tasks)
    for number, ((step_number, step), task) in enumerate(boxes, 1):
        yield Task(
            deployment=share,
            number=number,
            step=step_number,
            step_name=step.name,
            name=task.name,
            kind=task.kind,
            workload=_workload_name(share, task.kind, task.target, number),
            halts=step.halt_on_error or _job_halts(planned.member.template, task),
            waits=step.wait_for_finish,
            state=TaskState.SKIPPED if task.skipped else TaskState.WAITING,
            reason=task.skipped,
            schedule=_schedule(planned, task),
        )


def _schedule(planned: PlannedMember, task: PlannedTask) -> str:
    workload = planned.workload(task.kind, task.target)
    return workload.schedule if workload is not None else ""


def _job_halts(template: AppTemplate, task: PlannedTask) -> bool:
    job = template.job(task.target) if task.kind == "job" else None
    return job is not None and job.halt_on_error


def _workload_name(share: Deployment, kind: str, target: str, number: int) -> str:
    if kind == "job":
        return label(target, str(share.pk), str(number))
    if kind == "cron_job":
        return workload_of(target)
    return label(target) if kind in ("service", "chart") else ""


def _member_deployment(deployment: Deployment, pin: Pin, position: int) -> Deployment:
    """The member's share of this run; an ignored one ends at once."""
    share, _ = Deployment.objects.get_or_create(
        part_of=deployment,
        environment_id=pin["environment_id"],
        defaults={
            "namespace": deployment.namespace,
            "kind": DeploymentKind.TEARDOWN if pin["leaves"] else deployment.kind,
            "asked_by": deployment.asked_by,
            "asked_by_name": deployment.asked_by_name,
            "started_at": deployment.started_at,
        },
    )
    _fill_share(share, pin, position)
    return share


def _fill_share(share: Deployment, pin: Pin, position: int) -> None:
    share.position = position
    share.version_id = pin["version_id"]
    share.application_number = pin["application_number"]
    share.branch = pin["branch"]
    share.commit = pin["commit"] or ""
    share.rule = pin["rule"]
    share.ignored_by = pin["ignored_by"][:300]
    fields = ["position", "version", "application_number", "branch", "commit", "rule", "ignored_by"]
    if share.part_of_id is not None:
        share.status = DeploymentStatus.RUNNING
        fields += ["status"]
        if pin["ignored_by"] and not pin["leaves"]:
            share.status = DeploymentStatus.ABORTED
            share.started_at = None
            if share.branch != pin["ignored_ref"]:
                share.branch, share.commit = pin["ignored_ref"], ""
            share.reason = f"ignored: {pin['ignored_ref']} matches {pin['ignored_by']}"
            share.ended_at = timezone.now()
            fields += ["started_at", "reason", "ended_at"]
    share.save(update_fields=fields)


def _keep_what_runs(share: Deployment, plan: Plan, planned: PlannedMember) -> None:
    """Hosts and processes beside the plan: all routes, and how far the limit of a machine is
    used, are read without reading all plans."""
    share.hosts = [
        {
            "host": host.host,
            "path": host.path,
            "workload": host.workload,
            "target_port": host.target_port,
        }
        for host in plan.hosts
        if host.env_id == planned.member.env_id
    ]
    share.processes = sum(service.replicas for service in planned.services)
    share.save(update_fields=["hosts", "processes"])


def form_with_leaving(plan: Plan, leaving: Plan | None) -> dict[str, Any]:
    """The plan as kept: ``leaving`` holds the members that go, ``parallel`` how imports run."""
    importer = plan.members[-1].member.template if plan.members else None
    return {
        **form_of(plan),
        "parallel": importer is not None and importer.parallelize_app_imports,
        "leaving": form_of(leaving)["members"] if leaving else [],
    }
