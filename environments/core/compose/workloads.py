"""One Compose service as a service or a job of a template."""

import re
import shlex
from collections.abc import Collection

from environments.core.compose.amounts import cpus, memory, seconds
from environments.core.compose.model import (
    ComposeFile,
    ComposeService,
    Form,
    assignments,
    each,
    named,
    value_of,
)
from environments.core.compose.mounts import mounts_of
from environments.core.compose.paths import dockerfile, inside
from environments.core.compose.ports import Calls, ports_of
from environments.core.template.fields import Entry
from environments.core.yamlfile import Items, Mapping, Plain, Scalar

_REFERENCE = re.compile(r"\$\(")
_WHOLE = re.compile(r"\d{1,4}")
_REPLICAS_LIMIT = 1000
_PROBE_TIMEOUT = 30
"""Seconds: what Compose has where a healthcheck says nothing, and a template 1."""


def service_form(
    service: ComposeService, file: ComposeFile, shared: Collection[str], calls: Calls
) -> Form:
    """An entry of ``services``."""
    form: Form = {"name": service.called, **_what_runs(service, file)}
    mounts = mounts_of(service, file, shared)
    form |= {
        "ports": ports_of(service, file, calls),
        "depends_on": _dependencies(service, file),
        "replicas": _replicas(service),
        **_resources(service),
        "volumes": mounts.volumes,
        "configmap": mounts.files,
        "readiness_probe": _probe(service),
    }
    return {key: value for key, value in form.items() if value not in (None, [], {})}


def job_form(service: ComposeService, file: ComposeFile, shared: Collection[str]) -> Form:
    """An entry of ``jobs``. A job's variables stand with it."""
    mounts = mounts_of(service, file, shared)
    for one in mounts.files:
        service.leave_out(f"file {one['repo_path']} at {one['mount_path']}")
    service.warn("compose.job")
    form: Form = {
        "name": service.called,
        **_what_runs(service, file),
        "envs": [{"key": name, "value": value} for name, value in service.variables.items()],
        **_resources(service),
        "volumes": mounts.volumes,
        "halt_on_error": True,
    }
    return {key: value for key, value in form.items() if value not in (None, [], {})}


def _what_runs(service: ComposeService, file: ComposeFile) -> Form:
    image = service.entry.text("image")
    form: Form = {}
    if service.entry.has("build"):
        form = {**({"image": image} if image in file.taken else {}), **_build(service)}
    elif image:
        form = {"image": image, **({"has_repo": True} if image in file.built else {})}
    else:
        service.refuse("compose.no-source")
    entrypoint, command = (_words(service, key) for key in ("entrypoint", "command"))
    return {**form, "command": entrypoint, "args": command}


def _build(service: ComposeService) -> Form:
    entry = service.entry.entry("build")
    given = entry.text("context", ".") if entry else service.entry.text("build")
    context = "" if "://" in given or given.startswith("git@") else inside(given)
    if not context:
        service.refuse("compose.outside", "build", context=given)
        return {}
    form: Form = {"context": context}
    if entry is None:
        return {"has_repo": True, "build": form}
    path = entry.text("dockerfile", "Dockerfile")
    form["dockerfile"] = dockerfile(context, path)
    if not form["dockerfile"]:
        service.refuse("compose.outside", "build", context=path)
    elif form["dockerfile"] == "Dockerfile":
        del form["dockerfile"]
    form["target"] = entry.text("target")
    args = dict(assignments(entry, "args"))
    for name in [name for name, value in args.items() if value is None]:
        service.leave_out(f"build.args.{name}", "It has no value.", at=entry.place_of_key("args"))
    form["args"] = [f"{name}={value}" for name, value in args.items() if value is not None]
    for key in sorted({*entry.keys()} - {"context", "dockerfile", "target", "args", "tags"}):
        service.leave_out(f"build.{key}", at=entry.place_of_key(key))
    return {"has_repo": True, "build": {key: value for key, value in form.items() if value}}


def _words(service: ComposeService, key: str) -> list[Plain]:
    """The words of a command; ``$(`` of a shell is kept from being a reference."""
    value = value_of(service.entry, key)
    if isinstance(value, Items):
        words = [text for _, text in each(service.entry, key) if isinstance(text, str)]
    elif isinstance(value, Scalar):
        try:
            words = shlex.split(value.text)
        except ValueError:
            service.unreadable(key, value.text, "command (a quote is not closed)")
            return []
    else:
        return []
    if not words:
        place = service.entry.place_of_key(key)
        service.leave_out(f"an empty {key}", "The image's own is run.", at=place)
    return [_REFERENCE.sub("$$(", word) for word in words]


def _dependencies(service: ComposeService, file: ComposeFile) -> list[Plain]:
    found: list[Plain] = []
    for name in service.needs:
        needed = file.by_name.get(name)
        if needed is None:
            service.warn("compose.depends-unknown", "depends_on", needed=name)
        elif name not in file.jobs:
            found.append(needed.called)
    return found


def needs_of(service: ComposeService) -> dict[str, str]:
    """What it depends on, each with its condition."""
    listed = {text: "" for _, text in each(service.entry, "depends_on") if isinstance(text, str)}
    long = {
        name: entry.text("condition") if entry else ""
        for name, _, entry in named(service.entry, "depends_on")
    }
    return {**listed, **long}


def _replicas(service: ComposeService) -> int | None:
    deploy = service.entry.entry("deploy")
    key = "scale" if service.entry.has("scale") else "deploy.replicas"
    text = service.entry.text("scale") or (deploy.text("replicas") if deploy else "")
    found = service.read(key, text, _whole, "whole number")
    return found if found != 1 else None


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) and int(text) <= _REPLICAS_LIMIT else None


def _resources(service: ComposeService) -> Form:
    entry = service.entry
    deploy = entry.entry("deploy")
    resources = deploy.entry("resources") if deploy else None
    limits = resources.entry("limits") if resources else None
    reserved = resources.entry("reservations") if resources else None
    read = service.read
    amounts: dict[str, Form] = {
        "cpu": {
            "limits": read("cpus", _first(limits, "cpus", entry.text("cpus")), cpus, "number"),
            "requests": read("deploy.reservations", _first(reserved, "cpus"), cpus, "number"),
        },
        "memory": {
            "limits": read(
                "mem_limit", _first(limits, "memory", entry.text("mem_limit")), memory, "size"
            ),
            "requests": read(
                "mem_reservation",
                _first(reserved, "memory", entry.text("mem_reservation")),
                memory,
                "size",
            ),
        },
    }
    return {
        kind: given
        for kind, pair in amounts.items()
        if (given := {key: value for key, value in pair.items() if value is not None})
    }


def _first(entry: Entry | None, key: str, otherwise: str = "") -> str:
    return (entry.text(key) if entry else "") or otherwise


def _test(test: Scalar | Mapping | Items | None, words: list[str]) -> list[str]:
    """The command that the healthcheck runs; none where it says none."""
    if isinstance(test, Scalar):
        return ["sh", "-c", test.text]
    if words[:1] == ["CMD-SHELL"] and words[1:]:
        return ["sh", "-c", " ".join(words[1:])]
    return words[1:] if words[:1] == ["CMD"] else []


def _probe(service: ComposeService) -> Form | None:
    entry = service.entry.entry("healthcheck")
    if entry is None or entry.flag("disable") is True:
        return None
    words = [text for _, text in each(entry, "test") if isinstance(text, str)]
    if words[:1] == ["NONE"]:
        return None
    command = _test(value_of(entry, "test"), words)
    if not command:
        hint = "Give it a test: text, or a list that begins with CMD or CMD-SHELL."
        service.leave_out("healthcheck", hint)
        return None
    for key in sorted({*entry.keys()} - {"test", "interval", "timeout", "retries", "disable"}):
        hint = "A service may take ten minutes to become ready."
        service.leave_out(f"healthcheck.{key}", hint, at=entry.place_of_key(key))
    times = {
        "period_seconds": service.read("interval", entry.text("interval"), seconds, "time"),
        "timeout_seconds": service.read("timeout", entry.text("timeout"), seconds, "time")
        or _PROBE_TIMEOUT,
        "failure_threshold": service.read("retries", entry.text("retries"), _whole, "number")
        or None,
    }
    given = {key: value for key, value in times.items() if value is not None}
    return {"exec": {"command": command}, **given}
