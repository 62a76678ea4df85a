"""Reading what runs: instances from the engine, hosts from the plans that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from environments import wiring
from environments.core.masking import Masker, clean
from environments.core.ports import EngineError, Instance
from environments.models import Deployment, Environment
from environments.queries.accounts import Unseen

LOG_LINES = 500


@dataclass(frozen=True, slots=True)
class Group:
    """The instances of one member."""

    environment: Environment
    instances: Sequence[Instance]


@dataclass(frozen=True, slots=True)
class Instances:
    """All instances of a namespace; ``error``: why the engine could not be asked."""

    groups: Sequence[Group]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """The last lines of an instance; ``error``: why there are none."""

    lines: Sequence[str]
    error: str = ""


def plan_of(environment: Environment) -> Mapping[str, Any]:
    """The plan that made what the environment runs; empty before the first."""
    running: Deployment | None = environment.running
    root = (running.part_of or running) if running else None
    return (root.plan or {}) if root else {}


def hosts_of(members: Sequence[Environment]) -> list[Mapping[str, Any]]:
    """The hosted URLs of the members, those of the first first."""
    return [
        host
        for member in members
        for host in plan_of(member).get("hosts", ())
        if host["env_id"] == member.env_id
    ]


def link_of(environment: Environment) -> str:
    """The URL that Open leads to, "" where nothing is exposed."""
    hosts = hosts_of([environment])
    return str(hosts[0]["url"]) if hosts else ""


def instances_of(environment: Environment, members: Sequence[Environment]) -> Instances:
    """What the engine runs for the members now."""
    namespace = environment.namespace
    try:
        seen = wiring.engine(namespace.context.engine).observe(namespace.name)
    except EngineError as wrong:
        return Instances((), str(wrong))
    groups = []
    for member in members:
        own = [one for one in seen if one.environment == member.env_id]
        groups.append(Group(member, sorted(own, key=lambda one: one.name)))
    return Instances(groups)


def log_of(environment: Environment, instance: str, *, masker: Masker) -> Log:
    """The last lines of one instance of the environment's namespace; raises ``Unseen``."""
    namespace = environment.namespace
    engine = wiring.engine(namespace.context.engine)
    try:
        if instance not in {one.name for one in engine.observe(namespace.name)}:
            raise Unseen
        lines = engine.read_log(namespace.name, instance, lines=LOG_LINES)
    except EngineError as wrong:
        return Log((), str(wrong))
    return Log([clean(masker.masked(line)) for line in lines])
