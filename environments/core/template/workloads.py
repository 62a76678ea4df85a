"""Services and jobs as values."""

import re
from decimal import Decimal
from typing import Any

from environments.core.template.fields import Entry
from environments.core.template.model import (
    JOB_TIMEOUT,
    Autoscale,
    Build,
    ConfigFile,
    CronJob,
    EnvironmentVariable,
    Job,
    NamedBuild,
    Port,
    Probe,
    ProbeKind,
    Reach,
    Resources,
    Service,
    StaticSite,
    Volume,
)

_AMOUNT = re.compile(r"([-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?)([A-Za-z]*)")
_UNITS = {
    "m": Decimal("0.001"),
    "": Decimal(1),
    **{
        unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)
    },
    **{
        unit: Decimal(1024) ** power
        for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
    },
}
_STANDARD = Resources()


def resources_of(entry: Entry | None, defaults: Resources = _STANDARD) -> Resources:
    """``cpu`` and ``memory`` of the entry over the defaults.

    A limit without a request of its own pulls a greater default request down to itself:
    no engine takes a request above its limit.
    """
    cpu = entry.entry("cpu") if entry else None
    memory = entry.entry("memory") if entry else None
    cpu_limits, cpu_requests = _limits(cpu, defaults.cpu_limits, defaults.cpu_requests)
    limits, requests = _limits(memory, defaults.memory_limits, defaults.memory_requests)
    return Resources(cpu_limits, cpu_requests, limits, requests)


def _limits(entry: Entry | None, limits: str, requests: str) -> tuple[str, str]:
    if entry is None:
        return limits, requests
    limit = _quantity(entry, "limits", limits)
    request = _quantity(entry, "requests", requests)
    if amount(request) <= amount(limit):
        return limit, request
    return (
        (limit, limit) if not entry.has("requests") else (max(limit, request, key=amount), request)
    )


def _quantity(entry: Entry, key: str, default: str) -> str:
    """As written, but a hexadecimal or octal number: a quantity is none."""
    text = entry.text(key, default)
    return str(entry.number(key, 0)) if text.startswith(("0x", "0o")) else text


def amount(quantity: str) -> Decimal:
    """How much a quantity is; 0 where it is none."""
    found = _AMOUNT.fullmatch(quantity)
    return Decimal(found[1]) * _UNITS.get(found[2], Decimal(0)) if found else Decimal(0)


def service_of(entry: Entry, defaults: Resources, replicas: int) -> Service:
    """One entry of ``services``; ``defaults`` and ``replicas`` where it says nothing."""
    storage = entry.entry("storage")
    return Service(
        name=entry.name,
        line=entry.line,
        image=entry.text("image"),
        has_repo=_has_repo(entry),
        build=_build(entry.entry("build")),
        command=entry.texts("command"),
        args=entry.texts("args"),
        envs=_envs(entry),
        resources=resources_of(entry, defaults),
        volumes=_volumes(entry, storage.text("size") if storage else ""),
        node_selector=node_selector_of(entry),
        service_account_name=entry.text("service_account_name"),
        ports=tuple(map(_port, entry.entries("ports"))),
        depends_on=entry.texts("depends_on"),
        replicas=entry.number("replicas", replicas),
        autoscale=_autoscale(entry.entry("autoscale")),
        configmap=tuple(map(_config_file, entry.entries("configmap"))),
        readiness_probe=_probe(entry.entry("readiness_probe")),
        liveness_probe=_probe(entry.entry("liveness_probe")),
        static=entry.flag("static") is True,
        site=_site(entry) if entry.flag("static") is True else None,
    )


def _autoscale(entry: Entry | None) -> Autoscale | None:
    if entry is None:
        return None
    least = entry.number("min_replicas", 1)
    given = entry.plain("metrics")
    metrics = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return Autoscale(
        min_replicas=least,
        max_replicas=max(entry.number("max_replicas", least), least),
        metrics=tuple(map(_camel_case, metrics)),
    )


def _camel_case(value: Any) -> Any:
    """Keys as Kubernetes spells them, where they are spelled as in the rest of a template."""
    if isinstance(value, dict):
        return {_of_key(key): _camel_case(one) for key, one in value.items()}
    return [_camel_case(one) for one in value] if isinstance(value, list) else value


def _of_key(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(map(str.capitalize, others))


def _site(entry: Entry) -> StaticSite:
    return StaticSite(
        base=entry.text("build_base", "."),
        image=entry.text("image"),
        install=entry.text("build_package_install_command"),
        command=entry.text("build_command"),
        output=entry.text("build_output_directory", "."),
    )


def named_build_of(entry: Entry) -> NamedBuild:
    """One entry of ``builds``."""
    return NamedBuild(entry.name, _read_build(entry), entry.line)


def job_of(entry: Entry, defaults: Resources) -> Job:
    """One entry of ``jobs``."""
    return Job(**_job(entry, defaults))


def cron_job_of(entry: Entry, defaults: Resources) -> CronJob:
    """One entry of ``cron_jobs``."""
    return CronJob(**_job(entry, defaults), schedule=entry.text("schedule"))


def _job(entry: Entry, defaults: Resources) -> dict[str, Any]:
    has_repo = entry.flag("has_repo")
    return {
        "name": entry.name,
        "line": entry.line,
        "image": entry.text("image"),
        "has_repo": entry.has("build") if has_repo is None else has_repo,
        "build": _build(entry.entry("build")),
        "command": entry.texts("command"),
        "args": entry.texts("args"),
        "envs": _envs(entry),
        "resources": resources_of(entry, defaults),
        "volumes": _volumes(entry, ""),
        "node_selector": node_selector_of(entry),
        "service_account_name": entry.text("service_account_name"),
        "from_services": entry.text("from_services"),
        "completed_timeout": entry.number("completed_timeout", JOB_TIMEOUT),
        "halt_on_error": entry.flag("halt_on_error") is True,
    }


def _has_repo(entry: Entry) -> bool:
    said = entry.flag("has_repo")
    return said if said is not None else entry.has("build") or not entry.has("image")


def _build(entry: Entry | None) -> Build | None:
    return None if entry is None else _read_build(entry)


def _read_build(entry: Entry) -> Build:
    return Build(
        context=entry.text("context", "."),
        dockerfile=entry.text("dockerfile", "Dockerfile"),
        target=entry.text("target"),
        args=entry.texts("args"),
    )


def _envs(entry: Entry) -> tuple[EnvironmentVariable, ...]:
    return tuple(
        EnvironmentVariable(env.text("key"), env.text("value"), env.line)
        for env in entry.entries("envs")
    )


def _volumes(entry: Entry, size: str) -> tuple[Volume, ...]:
    return tuple(_volume(volume, size) for volume in entry.entries("volumes"))


def _volume(entry: Entry, size: str) -> Volume:
    storage = entry.entry("storage")
    own_size = entry.text("size") or (storage.text("size") if storage else "")
    claim = entry.text("claim")
    return Volume(
        name=entry.text("name", claim),
        type=entry.text("type", "persistent"),
        mount_path=entry.text("mount_path"),
        size=own_size or ("" if claim else size),
        line=entry.line,
        claim=claim,
        bucket=entry.text("bucket"),
    )


def node_selector_of(entry: Entry) -> dict[str, str]:
    """Labels of the nodes that may run it; of a whole template, where a workload has none."""
    return {pair.text("key"): pair.text("value") for pair in entry.entries("node_selector")}


def _port(entry: Entry) -> Port:
    target_port = entry.number("target_port", 0)
    port = entry.number("port", 0)
    return Port(
        target_port=target_port or port,
        port=port or target_port,
        reach=Reach(entry.text("type")),
        line=entry.line,
    )


def _config_file(entry: Entry) -> ConfigFile:
    return ConfigFile(
        name=entry.text("name"),
        repo_path=entry.text("repo_path"),
        mount_path=entry.text("mount_path"),
        line=entry.line,
    )


def _probe(entry: Entry | None) -> Probe | None:
    kind = next((kind for kind in ProbeKind if entry is not None and entry.has(kind)), None)
    how = entry.entry(kind) if entry is not None and kind is not None else None
    if entry is None or kind is None or how is None:
        return None
    return Probe(
        kind=kind,
        command=how.texts("command"),
        path=f"/{how.text('path').removeprefix('/')}",
        port=how.number("port", 0),
        initial_delay_seconds=entry.number("initial_delay_seconds", 0),
        period_seconds=entry.number("period_seconds", 10),
        timeout_seconds=entry.number("timeout_seconds", 1),
        failure_threshold=entry.number("failure_threshold", 3),
    )
