"""What a template says about its own parts: circles, volumes, folders, hosts and defaults."""

import re
from collections.abc import Iterator, Mapping
from operator import attrgetter
from posixpath import normpath

from environments.core.names import is_label
from environments.core.policy import OWN_ACCOUNTS
from environments.core.problems import Place, Problem, error, warning
from environments.core.template.fields import Entry, Word
from environments.core.template.suggesting import Known
from environments.core.template.workloads import amount

_WORKLOADS = ("services", "jobs", "cron_jobs")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_IN_HOSTS = ("env_id", "domain", "app_name", "env_name")


def reference_problems(root: Entry) -> Iterator[Problem]:
    """Everything that the rules of this module find in one template, already merged."""
    yield from _circles(root)
    yield from _hosts(root)
    for parameter in root.entries("parameters"):
        yield from _default(parameter)
    shared = Known(volume.name for volume in root.entries("shared_volumes"))
    for account in root.entries("service_accounts"):
        yield from _account(Word(account.name, account.place_of("name")))
    resources = root.entry("resources")
    yield from _limits(resources) if resources else ()
    for key in _WORKLOADS:
        for workload in root.entries(key):
            yield from _limits(workload)
            yield from _ports(workload)
            yield from _volumes(workload, shared)
            yield from _folders(workload)
            yield from _scale(workload)
            named = workload.text("service_account_name")
            if named:
                yield from _account(Word(named, workload.place_of("service_account_name")))


def on_circle(waits: Mapping[str, set[str]]) -> set[str]:
    """Those that wait for each other, without those that merely wait for them."""
    waiting = _without_ends(waits)
    waited_for: dict[str, set[str]] = {name: set() for name in waiting}
    for name, needs in waiting.items():
        for need in needs:
            waited_for[need].add(name)
    return set(_without_ends(waited_for))


def _without_ends(waits: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What is left when who waits for nobody is taken out, again and again."""
    waiting = {name: needs & waits.keys() for name, needs in waits.items()}
    waiters: dict[str, list[str]] = {name: [] for name in waiting}
    for name, needs in waiting.items():
        for need in needs:
            waiters[need].append(name)
    ready = [name for name, needs in waiting.items() if not needs]
    while ready:
        done = ready.pop()
        del waiting[done]
        for name in waiters[done]:
            waiting[name].discard(done)
            if not waiting[name]:
                ready.append(name)
    return waiting


def _circles(root: Entry) -> Iterator[Problem]:
    services = root.entries("services")
    circle = on_circle({service.name: set(service.texts("depends_on")) for service in services})
    for service in services:
        for word in service.words("depends_on"):
            if service.name in circle and word.text in circle:
                names = ", ".join(each.name for each in services if each.name in circle)
                yield warning("template.depends-circle", place=word.place, names=names)
                return


def _hosts(root: Entry) -> Iterator[Problem]:
    services = {service.name: service for service in root.entries("services")}
    known = Known(services)
    for service, patterns in _host_rules(root):
        named = services.get(service.text)
        if service.text not in known:
            hint = known.nearest(service.text, "Name one of its services.")
            yield warning(
                "template.host-unknown", place=service.place, service=service.text, hint=hint
            )
        if named is not None and not named.entries("ports") and named.flag("static") is not True:
            yield warning("template.host-port", place=service.place, service=service.text)
        for pattern in filter(attrgetter("text"), patterns):
            yield from _pattern(pattern)


def _host_rules(root: Entry) -> Iterator[tuple[Word, tuple[Word, ...]]]:
    """Each service that a host leads to, with its patterns."""
    for entry in root.entries("hostnames"):
        for service, pattern in entry.pairs():
            yield service, (Word(pattern, entry.place_of(service.text)),)
    for rule in root.entries("rules"):
        if rule.has("service"):
            yield Word(rule.text("service"), rule.place_of("service")), rule.words("hostnames")


def _pattern(pattern: Word) -> Iterator[Problem]:
    """A pattern that cannot become a host name, whatever is filled in."""
    known = Known(_IN_HOSTS)
    for name in dict.fromkeys(_PLACEHOLDER.findall(pattern.text)):
        if name not in known:
            hint = known.nearest(name, f"Use one of {', '.join(_IN_HOSTS)}.")
            yield warning("template.host-placeholder", place=pattern.place, name=name, hint=hint)
    parts = _PLACEHOLDER.sub("x", pattern.text).lower().split(".")
    wrong = next((part for part in parts if not is_label(part)), None)
    if wrong is not None:
        yield warning("template.host-name", place=pattern.place, pattern=pattern.text, part=wrong)


def _default(parameter: Entry) -> Iterator[Problem]:
    expected = wrong_type(parameter.text("type"), parameter.text("default"))
    if expected:
        yield error(
            "template.default-type",
            place=parameter.place_of("default"),
            name=parameter.name,
            expected=expected,
        )


def wrong_type(kind: str, value: str) -> str:
    """What the value of a parameter of this type must be; "" where it is that, or empty."""
    if kind == "integer" and value and not re.fullmatch(r"[+-]?\d+", value):
        return "a whole number"
    if kind == "boolean" and value and value.lower() not in ("true", "false"):
        return "true or false"
    return ""


def _account(name: Word) -> Iterator[Problem]:
    """A service account that no cluster takes, or that is not for templates."""
    if name.text.startswith(OWN_ACCOUNTS):
        yield error("template.account-ours", place=name.place, name=name.text)
    elif not all(map(is_label, name.text.split("."))):
        yield error("template.account-name", place=name.place, name=name.text)


def _limits(entry: Entry) -> Iterator[Problem]:
    for key in ("cpu", "memory"):
        amounts = entry.entry(key)
        limit = amounts.text("limits") if amounts else ""
        request = amounts.text("requests") if amounts else ""
        if amounts and limit and request and amount(request) > amount(limit):
            place = amounts.place_of("requests")
            yield warning("template.request-above-limit", place=place, request=request, limit=limit)


def _scale(service: Entry) -> Iterator[Problem]:
    scale = service.entry("autoscale")
    if scale is None:
        return
    least, most = scale.number("min_replicas", 1), scale.number("max_replicas", 0)
    if scale.has("max_replicas") and most < least:
        place = scale.place_of("max_replicas")
        yield warning("template.scale", place=place, name=service.name, least=least, most=most)


def _ports(workload: Entry) -> Iterator[Problem]:
    """One port that would have to lead to two places."""
    first: dict[int, tuple[int, Entry]] = {}
    for entry in workload.entries("ports"):
        port = entry.number("port", 0) or entry.number("target_port", 0)
        target = entry.number("target_port", 0) or port
        known, above = first.setdefault(port, (target, entry))
        if known != target:
            yield warning(
                "template.port-twice",
                place=entry.place,
                name=workload.name,
                port=port,
                line=above.line,
            )


def _volumes(workload: Entry, shared: Known) -> Iterator[Problem]:
    paths: dict[str, Place] = {}
    for volume in workload.entries("volumes"):
        path, place = volume.text("mount_path"), volume.place_of("mount_path")
        if path and path in paths:
            yield error(
                "template.mount-twice",
                place=place,
                name=workload.name,
                path=path,
                line=paths[path].line,
            )
        paths.setdefault(path, place)
        claim = volume.text("claim")
        if claim and claim not in shared:
            hint = shared.nearest(claim, "Add it to shared_volumes.")
            yield warning(
                "template.claim-unknown",
                place=volume.place_of("claim"),
                name=workload.name,
                claim=claim,
                hint=hint,
            )


def leads_out(path: str) -> bool:
    """Whether a normalised path is not below the repository's root."""
    return path == ".." or path.startswith(("/", "../"))


def _folders(workload: Entry) -> Iterator[Problem]:
    """Paths of the repository that lead out of it."""
    build = workload.entry("build")
    named = [(build, "context")] if build is not None else []
    named += [(file, "repo_path") for file in workload.entries("configmap")]
    for entry, key in named:
        path = normpath(entry.text(key, "."))
        if leads_out(path):
            place = entry.place_of(key)
            yield error("template.outside", place=place, key=key, name=workload.name, path=path)
