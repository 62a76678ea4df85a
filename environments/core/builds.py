"""Which images an application is built into, and from what: the product's own rules."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from environments.core.template.model import AppTemplate, Build, Job, Service, StaticSite, Workload

_ENVIRONMENT = re.compile(r"\$\{envs\.([^}]*)\}")
_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9_.-]")
_TAG_LIMIT = 128
_PARTS_OF_OWN = 3
"""``{org}/{repo}/{name}``: how a template refers to an image of ``builds``."""


class SourceKind(StrEnum):
    """Where in the template an image is described."""

    SERVICE = "service"
    JOB = "job"
    BUILD = "build"
    STATIC = "static"


@dataclass(frozen=True, slots=True)
class Source:
    """One image to be built. ``site``: of a static service alone."""

    kind: SourceKind
    name: str
    build: Build
    line: int
    site: StaticSite | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """A build argument and whether its value is a secret."""

    value: str
    secret: bool = False


def source_of(template: AppTemplate, workload: Workload) -> Source | None:
    """What the image of a service or job is built from; None where it is only named."""
    if isinstance(workload, Job) and workload.from_services and not workload.image:
        service = template.service(workload.from_services)
        return source_of(template, service) if service is not None else None
    if isinstance(workload, Service) and workload.site is not None:
        build = Build(context=workload.site.base or ".")
        return Source(SourceKind.STATIC, workload.name, build, workload.line, workload.site)
    if workload.build is not None:
        kind = SourceKind.JOB if isinstance(workload, Job) else SourceKind.SERVICE
        return Source(kind, workload.name, workload.build, workload.line)
    return _named(template, workload)


def _named(template: AppTemplate, workload: Workload) -> Source | None:
    """The image that another part of the template builds under this name."""
    if not workload.image:
        return None
    if workload.has_repo:
        for other in template.workloads:
            if other.build is not None and other.image == workload.image:
                return source_of(template, other)
    parts = workload.image.partition(":")[0].split("/")
    for one in template.builds:
        if one.name == parts[-1] and (workload.has_repo or len(parts) >= _PARTS_OF_OWN):
            return Source(SourceKind.BUILD, one.name, one.build, one.line)
    return None


def sources(template: AppTemplate) -> tuple[Source, ...]:
    """Everything that the template builds, each image once."""
    found = [
        *(source_of(template, one) for one in template.workloads),
        *(Source(SourceKind.BUILD, one.name, one.build, one.line) for one in template.builds),
    ]
    return tuple(dict.fromkeys(filter(None, found)))


def arguments(
    *layers: Mapping[str, Argument], own: Sequence[str], variables: Mapping[str, Argument]
) -> dict[str, Argument]:
    """The arguments of a build, later layers over earlier ones, its own (``K=V``) last.

    ``${envs.NAME}`` in one of its own is the variable of that name, and a secret where that is.
    """
    made: dict[str, Argument] = {}
    for layer in layers:
        made.update(layer)
    for word in own:
        name, _, text = word.partition("=")
        used = [variables.get(found) for found in _ENVIRONMENT.findall(text)]
        value = _ENVIRONMENT.sub(lambda found: _value(variables, found[1]), text)
        made[name] = Argument(value, any(one is not None and one.secret for one in used))
    return made


def _value(variables: Mapping[str, Argument], name: str) -> str:
    found = variables.get(name)
    return found.value if found is not None else ""


def image_key(
    *,
    content: str,
    dockerfile: str,
    target: str,
    arguments: Mapping[str, str],
    bases: Mapping[str, str],
    platform: str,
) -> str:
    """Digest of all that an image is made from: the same key, the same image.

    ``content``: digest of the context's files; ``arguments``: values, those of secrets as
    fingerprints; ``bases``: what each base image was, by name.
    """
    said = {
        "content": content,
        "dockerfile": dockerfile,
        "target": target,
        "arguments": dict(sorted(arguments.items())),
        "bases": dict(sorted(bases.items())),
        "platform": platform,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def tag_of(ref: str) -> str:
    """A branch as a tag: what a tag may not hold becomes a hyphen, a digest keeps two apart."""
    plain = _NOT_IN_TAGS.sub("-", ref).lstrip(".-")
    if plain == ref and len(plain) <= _TAG_LIMIT:
        return plain
    mark = hashlib.sha256(ref.encode()).hexdigest()[:8]
    return f"{plain[: _TAG_LIMIT - len(mark) - 1] or 'ref'}-{mark}"
