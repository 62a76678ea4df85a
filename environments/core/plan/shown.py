"""The plan as JSON: how pages, commands and the database hold it, secrets as fingerprints."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from environments.core.plan.model import Plan, PlannedHost, PlannedMember, PlannedWorkload
from environments.core.problems import Problem
from environments.core.variables.model import Value

UNKNOWN_HANDLE = "ted????"
_OF_THE_MOMENT = ("repository.stale",)
"""Problems that tell of when something was asked, not of what would be deployed."""


def shown(plan: Plan, *, fingerprint: Callable[[str], str]) -> dict[str, Any]:
    """The whole plan; handles of environments that do not exist yet read ``ted????``."""
    form: dict[str, Any] = {
        "kind": plan.kind,
        "digest": plan.digest,
        "namespace": plan.namespace,
        "members": [_member(member, fingerprint) for member in plan.members],
        "hosts": [_host(host) for host in plan.hosts],
        "problems": [problem_form(problem) for problem in plan.problems],
    }
    coming = [one.member.env_id for one in plan.members if one.member.comes]
    return _without_handles(form, coming) if coming else form


def _without_handles(form: dict[str, Any], env_ids: Sequence[str]) -> dict[str, Any]:
    text = json.dumps(form, ensure_ascii=False)
    for env_id in env_ids:
        text = text.replace(env_id, UNKNOWN_HANDLE)
    without: dict[str, Any] = json.loads(text)
    return without


def _member(planned: PlannedMember, fingerprint: Callable[[str], str]) -> dict[str, Any]:
    member = planned.member
    choice = member.choice
    return {
        "application": member.application,
        "env_id": member.env_id,
        "environment": member.environment_name,
        "version": member.version,
        "branch": choice.ref,
        "is_tag": choice.is_tag,
        "commit": choice.commit,
        "rule": str(choice.rule),
        "trace": [
            {
                "rule": str(attempt.rule),
                "looked_for": attempt.looked_for,
                "found": attempt.found,
                "note": attempt.note,
            }
            for attempt in choice.trace
        ],
        "act": str(member.act),
        "ignored_by": member.ignored_by or None,
        "imported": member.is_imported,
        "comes": member.comes,
        "excluded": list(member.excluded),
        "services": [_workload(service, fingerprint) for service in planned.services],
        "jobs": [_workload(job, fingerprint) for job in planned.jobs],
        "cron_jobs": [_cron_job(job, fingerprint) for job in planned.cron_jobs],
        "charts": [
            {"name": one.chart.name, "workload": one.workload, "reference": one.chart.reference}
            for one in planned.charts
        ],
        "steps": [
            {
                "name": step.name,
                "halts": step.halt_on_error,
                "waits": step.wait_for_finish,
                "tasks": [
                    {
                        "name": task.name,
                        "kind": task.kind,
                        "target": task.target,
                        "skipped": task.skipped,
                    }
                    for task in step.tasks
                ],
            }
            for step in planned.steps
        ],
    }


def _workload(workload: PlannedWorkload, fingerprint: Callable[[str], str]) -> dict[str, Any]:
    return {
        "name": workload.name,
        "workload": workload.workload,
        "has_repo": workload.has_repo,
        "image": workload.image,
        "replicas": workload.replicas,
        "ports": [port.target_port for port in workload.ports],
        "command": [*workload.command, *workload.args],
        "service_account": workload.service_account_name,
        "volumes": {volume.mount_path: volume.claim or volume.name for volume in workload.volumes},
        "variables": [_variable(value, fingerprint) for value in workload.variables],
    }


def _cron_job(job: PlannedWorkload, fingerprint: Callable[[str], str]) -> dict[str, Any]:
    return {**_workload(job, fingerprint), "schedule": job.schedule}


def _variable(value: Value, fingerprint: Callable[[str], str]) -> dict[str, Any]:
    return {
        "name": value.name,
        "text": fingerprint(value.text) if value.secret else value.text,
        "secret": value.secret,
        "source": value.source,
    }


def _host(host: PlannedHost) -> dict[str, Any]:
    return {
        "application": host.application,
        "env_id": host.env_id,
        "service": host.service,
        "workload": host.workload,
        "host": host.host,
        "path": host.path,
        "url": host.url,
        "target_port": host.target_port,
    }


def problem_form(problem: Problem) -> dict[str, Any]:
    """One problem as JSON."""
    place = problem.place
    return {
        "id": problem.id,
        "level": str(problem.level),
        "message": problem.message,
        "application": problem.application,
        "file": place.file if place else "",
        "line": place.line if place else 0,
        "column": place.column if place else 0,
        "fixes": [
            {
                "act": fix.act,
                "application": fix.application,
                "service": fix.service,
                "to": fix.to,
            }
            for fix in problem.fixes
        ],
    }


def digest_of(plan: Plan) -> str:
    """Sixteen hexadecimal digits that change with anything a person would want to look at.

    Members, branches, commits, rules, ignore patterns, versions, parameters, services, host
    patterns and problems count; handles and times do not. ``chosen`` and ``fixed`` count as one.
    """
    parts = {
        "kind": plan.kind,
        "members": [_digested(planned) for planned in plan.members],
        "hosts": [[host.application, host.service, host.pattern, host.path] for host in plan.hosts],
        "problems": sorted(
            [problem.id, str(problem.level), problem.application]
            for problem in plan.problems
            if problem.id not in _OF_THE_MOMENT
        ),
    }
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _digested(planned: PlannedMember) -> list[Any]:
    member = planned.member
    rule = "fixed" if member.choice.rule == "chosen" else str(member.choice.rule)
    return [
        member.application,
        member.choice.ref,
        member.choice.commit,
        rule,
        str(member.act),
        member.ignored_by,
        member.version,
        sorted(member.parameters.items()),
        sorted(member.excluded),
        [service.name for service in planned.services],
        [job.name for job in planned.jobs],
        [[job.name, job.schedule] for job in planned.cron_jobs],
        [one.chart.name for one in planned.charts],
    ]
