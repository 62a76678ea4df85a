"""What a schema cannot say of a template: names that must exist, once, and not be reserved."""

from collections.abc import Iterable, Iterator

from environments.core.problems import Problem, error, warning
from environments.core.schedules import wrong_schedule
from environments.core.template.fields import Entry
from environments.core.template.model import ProbeKind
from environments.core.template.suggesting import Known

RESERVED_PREFIX = "RELEASE_"
ALL = "all"
_NAMED_LISTS = (
    "services",
    "jobs",
    "cron_jobs",
    "parameters",
    "charts",
    "infrastructure",
    "shared_volumes",
    "workflows",
    "builds",
)
_WORKLOADS = ("services", "jobs", "cron_jobs")


def rule_problems(root: Entry, *, application: str) -> Iterator[Problem]:
    """Everything that the rules of this module find in one template, already merged."""
    for key in _NAMED_LISTS:
        yield from twice(key, root.entries(key))
    yield from _imports(root, application or root.text("app"))
    yield from _depends_on(root)
    yield from _jobs(root)
    for key in _WORKLOADS:
        for workload in root.entries(key):
            yield from _reserved_names(key, workload)
            yield from _variables(workload)
            yield from twice(f"the volumes of {workload.name}", workload.entries("volumes"))
            yield from _probes(workload)
    if root.has("mode"):
        yield warning("template.deprecated", place=root.place_of_key("mode"), key="mode")


def twice(key: str, entries: Iterable[Entry]) -> Iterator[Problem]:
    """An error for each entry whose name another one above it has."""
    lines: dict[str, int] = {}
    for entry in entries:
        if entry.name in lines:
            yield error(
                "template.twice",
                place=entry.place_of("name"),
                key=key,
                name=entry.name,
                line=lines[entry.name],
            )
        elif entry.name:
            lines[entry.name] = entry.line


def _imports(root: Entry, application: str) -> Iterator[Problem]:
    lines: dict[str, int] = {}
    for entry in root.entries("app_imports"):
        name = entry.name
        if name and name == application:
            yield error("template.self-import", place=entry.place_of("name"), name=name)
        elif name in lines:
            yield error(
                "template.import-twice", place=entry.place_of("name"), name=name, line=lines[name]
            )
        elif name:
            lines[name] = entry.line
        yield from twice("exclude_services", entry.entries("exclude_services"))


def _services(root: Entry) -> Known:
    return Known(entry.name for entry in root.entries("services"))


def _depends_on(root: Entry) -> Iterator[Problem]:
    known = _services(root)
    for service in root.entries("services"):
        for word in service.words("depends_on"):
            if word.text not in known:
                yield warning(
                    "template.depends-unknown",
                    place=word.place,
                    service=service.name,
                    needed=word.text,
                    hint=known.nearest(word.text, "An import has to bring it."),
                )


def _jobs(root: Entry) -> Iterator[Problem]:
    known = _services(root)
    for key in ("jobs", "cron_jobs"):
        for job in root.entries(key):
            source = job.text("from_services")
            if source and source not in known:
                yield error(
                    "template.job-service",
                    place=job.place_of("from_services"),
                    job=job.name,
                    service=source,
                    hint=known.nearest(source, "Name a service of this template."),
                )
            elif not _has_something_to_run(job):
                yield error("template.job-source", place=job.place, job=job.name)
    for job in root.entries("cron_jobs"):
        schedule = job.text("schedule")
        if job.has("schedule") and (wrong := wrong_schedule(schedule)):
            yield error(
                "template.schedule",
                place=job.place_of("schedule"),
                job=job.name,
                schedule=schedule,
                wrong=wrong,
            )


def _has_something_to_run(job: Entry) -> bool:
    return any(map(job.has, ("from_services", "image", "build"))) or job.flag("has_repo") is True


def _reserved_names(key: str, workload: Entry) -> Iterator[Problem]:
    if workload.name == ALL:
        yield error("template.name-all", place=workload.place_of("name"), key=key)


def _variables(workload: Entry) -> Iterator[Problem]:
    lines: dict[str, int] = {}
    for env in workload.entries("envs"):
        key = env.text("key")
        if key.startswith(RESERVED_PREFIX):
            yield error("variables.reserved", place=env.place_of("key"), key=key)
        elif key and key in lines:
            yield warning(
                "template.variable-twice",
                place=env.place_of("key"),
                key=key,
                name=workload.name,
                line=lines[key],
            )
        lines[key] = env.line


def _probes(workload: Entry) -> Iterator[Problem]:
    for key in ("readiness_probe", "liveness_probe"):
        probe = workload.entry(key)
        if probe is None:
            continue
        kinds = [kind for kind in ProbeKind if probe.has(kind)]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none"
            yield error(
                "template.probe", place=probe.place, key=key, name=workload.name, found=found
            )
