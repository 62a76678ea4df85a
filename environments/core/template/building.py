"""From a file that holds to its schema to plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from environments.core.template.charts import chart_of
from environments.core.template.fields import Entry, root_of
from environments.core.template.model import (
    AppTemplate,
    HostRule,
    ImportEntry,
    Parameter,
    ServiceAccount,
    Volume,
    Workflow,
    WorkflowStep,
    Workload,
)
from environments.core.template.support import tunes, unsupported
from environments.core.template.workloads import (
    cron_job_of,
    job_of,
    named_build_of,
    node_selector_of,
    resources_of,
    service_of,
)
from environments.core.yamlfile import Document

_Any = TypeVar("_Any", bound=Workload)


def template_of(document: Document) -> AppTemplate:
    """The template. The file must have no errors."""
    root = root_of(document)
    resources = root.entry("resources")
    defaults = resources_of(root.entry("resources"))
    replicas = resources.number("replicas", 1) if resources else 1
    nodes = node_selector_of(root)
    return AppTemplate(
        file=document.file,
        app=root.text("app"),
        context=root.text("context"),
        domain=root.text("domain"),
        tracking_branch=root.text("tracking_branch"),
        tracking_tag=root.text("tracking_tag"),
        auto_deploy=root.flag("auto_deploy") is not False,
        parallelize_app_imports=root.flag("parallelize_app_imports") is True,
        app_imports=tuple(map(_import, root.entries("app_imports"))),
        services=tuple(
            _placed(service_of(entry, defaults, replicas), nodes)
            for entry in root.entries("services")
        ),
        jobs=tuple(_placed(job_of(entry, defaults), nodes) for entry in root.entries("jobs")),
        cron_jobs=tuple(
            _placed(cron_job_of(entry, defaults), nodes) for entry in root.entries("cron_jobs")
        ),
        builds=tuple(map(named_build_of, root.entries("builds"))),
        charts=tuple(map(chart_of, root.entries("charts"))),
        infrastructure=tuple(entry.name for entry in root.entries("infrastructure")),
        shared_volumes=tuple(map(_shared_volume, root.entries("shared_volumes"))),
        service_accounts=tuple(map(_service_account, root.entries("service_accounts"))),
        ingress=_ingress(root.entry("ingress")),
        host_rules=_host_rules(root),
        workflows=tuple(map(_workflow, root.entries("workflows"))),
        parameters=tuple(map(_parameter, root.entries("parameters"))),
        tunes=tunes(root),
        unsupported=unsupported(root),
        lines={pair.key.text: document.place(pair.key.start).line for pair in root.node.pairs},
    )


def _placed(workload: _Any, nodes: Mapping[str, str]) -> _Any:
    """A workload that does not say on which nodes it runs follows the template."""
    return workload if workload.node_selector else replace(workload, node_selector=nodes)


def _ingress(entry: Entry | None) -> dict[str, str]:
    """Each setting as text; a flag as the ingress writes it."""
    if entry is None:
        return {}
    flags: dict[bool | None, str] = {True: "on", False: "off"}
    rows = entry.pairs()
    return {key.text: flags.get(entry.flag(key.text), text) for key, text in rows if text}


def _import(entry: Entry) -> ImportEntry:
    return ImportEntry(
        name=entry.name,
        line=entry.line,
        branch=entry.text("branch"),
        exclude_services=tuple(service.name for service in entry.entries("exclude_services")),
        ignore_deployment_refs=entry.texts("ignore_deployment_refs"),
        pull_request_labels=entry.texts("pull_request_labels"),
    )


def _service_account(entry: Entry) -> ServiceAccount:
    return ServiceAccount(entry.name, entry.text("cloud_role"), entry.line)


def _shared_volume(entry: Entry) -> Volume:
    return Volume(
        name=entry.name,
        type=entry.text("type", "persistent"),
        mount_path="",
        size=entry.text("size"),
        line=entry.line,
    )


def _host_rules(root: Entry) -> tuple[HostRule, ...] | None:
    """None where the file has neither key; an empty list says "nothing is exposed"."""
    if not root.has("hostnames") and not root.has("rules"):
        return None
    return (*_hostnames(root), *map(_rule, root.entries("rules")))


def _hostnames(root: Entry) -> Iterator[HostRule]:
    for entry in root.entries("hostnames"):
        for service, pattern in entry.pairs():
            yield HostRule(service=service.text, hostnames=(pattern,), line=service.place.line)


def _rule(entry: Entry) -> HostRule:
    return HostRule(
        service=entry.text("service"),
        hostnames=entry.texts("hostnames"),
        path=entry.text("path", "/"),
        visibility=entry.text("visibility", "public"),
        line=entry.line,
    )


def _workflow(entry: Entry) -> Workflow:
    steps = tuple(map(_step, entry.entries("parallelize")))
    serial = tuple(
        WorkflowStep(name=task.text, tasks=(task.text,), halt_on_error=True, line=task.place.line)
        for task in entry.words("order_from")
    )
    return Workflow(name=entry.name, steps=serial or steps, line=entry.line)


def _step(entry: Entry) -> WorkflowStep:
    return WorkflowStep(
        name=entry.text("step"),
        tasks=entry.texts("tasks"),
        halt_on_error=entry.flag("halt_on_error") is True,
        wait_for_finish=entry.flag("wait_for_finish") is not False,
        line=entry.line,
    )


def _parameter(entry: Entry) -> Parameter:
    return Parameter(
        name=entry.name,
        type=entry.text("type", "string"),
        description=entry.text("description"),
        default=entry.text("default") if entry.has("default") else None,
        optional=entry.flag("optional") is True,
        advanced=entry.flag("advanced") is True,
        line=entry.line,
    )
