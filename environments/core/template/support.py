"""What a template may say and the product does not carry out: named, never passed over."""

from collections.abc import Iterator

from environments.core.problems import Place, Problem, warning
from environments.core.template.fields import Entry
from environments.core.template.model import Unsupported

_MUST_RUN = ("infrastructure", "workspaces", "secrets", "s3_volumes")
_MUST_RUN_IN_WORKLOADS = ("workspaces", "secrets_from")
_ONLY_TUNES = (
    "custom_links",
    "development_environment",
    "git_fetch_depth",
    "ingress",
    "node_selector",
    "service_accounts",
)
_ONLY_TUNES_IN_WORKLOADS = ("autoscale", "node_selector", "registry", "service_account_name")
ON_KUBERNETES = (
    "autoscale",
    "ingress",
    "node_selector",
    "service_accounts",
    "service_account_name",
)
"""What one of the engines follows."""
_LISTS = ("services", "jobs", "cron_jobs")

Found = tuple[str, Place]
"""A key and where it is written first."""


def unsupported(root: Entry) -> tuple[Unsupported, ...]:
    """Keys that ask for something that would have to run."""
    return tuple(Unsupported(key, place.line) for key, place in _unsupported(root))


def tunes(root: Entry) -> tuple[Unsupported, ...]:
    """Keys without which everything runs all the same; each once, where it stands first."""
    return tuple(Unsupported(key, place.line) for key, place in _tunes(root))


def support_problems(root: Entry) -> Iterator[Problem]:
    """A warning for each of both, for when a template is saved."""
    for key, place in _unsupported(root):
        are = "is" if key == "infrastructure" else "are"
        yield warning("template.not-deployed", place=place, key=key, are=are)
    for _, place in _keys(root, ("charts",)):
        yield warning("template.charts", place=place)
    for key, place in (*_tunes(root), *_without_effect(root)):
        some = key in ON_KUBERNETES
        yield warning(
            "template.one-engine" if some else "template.not-followed", place=place, key=key
        )


def _unsupported(root: Entry) -> Iterator[Found]:
    yield from _keys(root, _MUST_RUN)
    yield from _keys_of_workloads(root, _MUST_RUN_IN_WORKLOADS)


def _tunes(root: Entry) -> Iterator[Found]:
    yield from _keys(root, _ONLY_TUNES)
    if root.text("execution_type") == "runnable":
        yield "execution_type", root.place_of_key("execution_type")
    yield from _keys_of_workloads(root, _ONLY_TUNES_IN_WORKLOADS)
    for rule in root.entries("rules"):
        if rule.text("visibility", "public") != "public":
            yield "visibility", rule.place_of_key("visibility")
            return


def _without_effect(root: Entry) -> Iterator[Found]:
    """What no engine is asked for yet: nothing balances load outside."""
    for service in root.entries("services"):
        for port in service.entries("ports"):
            if port.flag("loadbalancer") is True:
                yield "loadbalancer", port.place_of_key("loadbalancer")
                return


def _keys(entry: Entry, keys: tuple[str, ...]) -> Iterator[Found]:
    for key in keys:
        if _says_something(entry, key):
            yield key, entry.place_of_key(key)


def _keys_of_workloads(root: Entry, keys: tuple[str, ...]) -> Iterator[Found]:
    workloads = [entry for key in _LISTS for entry in root.entries(key)]
    for key in keys:
        place = next(
            (entry.place_of_key(key) for entry in workloads if _says_something(entry, key)), None
        )
        if place is not None:
            yield key, place


def _says_something(entry: Entry, key: str) -> bool:
    """Whether the key has a value that is not an empty list or mapping."""
    return entry.has(key) and not entry.is_empty(key)
