"""Reading what runs: instances from the engine, hosts from the plans that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from environments import wiring
from environments.core.masking import Masker
from environments.core.ports import Engine, EngineError, Instance, Phase
from environments.models import Environment, EnvironmentStatus
from environments.queries.accounts import Unseen

LOG_LINES = 500


@dataclass(frozen=True, slots=True)
class Group:
    """The instances of one member; ``missing``: the services that were deployed and are gone."""

    environment: Environment
    instances: Sequence[Instance]
    missing: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Instances:
    """All instances of a namespace; ``error``: why the engine could not be asked."""

    groups: Sequence[Group]
    error: str = ""

    @property
    def unmeasured(self) -> str:
        """Why memory and CPU of something that runs are not known."""
        every = (one for group in self.groups for one in group.instances)
        return next((one.unmeasured for one in every if one.unmeasured), "")


@dataclass(frozen=True, slots=True)
class HostedUrl:
    """One hosted URL and what stands behind it: ``state`` is ``ready``, ``failed``, ``running``
    (not yet ready) or "" where the engine was not asked; ``message`` says why it is not ready."""

    url: str
    service: str
    application: str
    state: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """Lines of an instance; ``error``: why there are none. ``position``: where the next ones
    begin; ``left_out``: how many there were between the position asked for and these."""

    lines: Sequence[str]
    error: str = ""
    position: str = ""
    left_out: int = 0


def hosts_of(members: Sequence[Environment]) -> list[Mapping[str, Any]]:
    """The hosted URLs of the members, those of the first first."""
    return [
        host
        for member in members
        for host in member.running_plan.get("hosts", ())
        if host["env_id"] == member.env_id
    ]


def link_of(environment: Environment) -> str:
    """The URL that Open leads to, "" where nothing is exposed."""
    hosts = hosts_of([environment])
    return str(hosts[0]["url"]) if hosts else ""


def hosted_urls(members: Sequence[Environment], seen: Instances) -> list[HostedUrl]:
    """The hosted URLs of the members, each with what the engine says of its service now."""
    running: dict[tuple[str, str], list[Instance]] = {}
    for group in seen.groups:
        for one in group.instances:
            running.setdefault((one.environment, one.workload), []).append(one)
    return [
        HostedUrl(
            host["url"],
            host["service"],
            host["application"],
            *(("", "") if seen.error else _state(running.get((host["env_id"], host["workload"])))),
        )
        for host in hosts_of(members)
    ]


def _state(instances: Sequence[Instance] | None) -> tuple[str, str]:
    if not instances:
        return "failed", "nothing runs behind it"
    wanting = next((one for one in instances if not one.ready), None)
    if wanting is None:
        return "ready", ""
    return ("failed" if wanting.phase is Phase.FAILED else "running"), wanting.message


def instances_of(
    environment: Environment, members: Sequence[Environment], *, masker: Masker
) -> Instances:
    """What the engine runs for the members now; what it says of them without secrets."""
    namespace = environment.namespace
    try:
        observed = wiring.engine_of(namespace.context).observe(namespace.name)
    except EngineError as wrong:
        return Instances((), masker.line(str(wrong)))
    seen = [replace(one, message=masker.line(one.message)) for one in observed]
    groups = []
    for member in members:
        own = [one for one in seen if one.environment == member.env_id]
        missing = _missing(member, {one.workload for one in own})
        groups.append(Group(member, sorted(own, key=lambda one: one.name), missing))
    return Instances(groups)


def _missing(member: Environment, seen: set[str]) -> list[str]:
    """Names of services that the member has by what was deployed last, and nobody runs."""
    if member.status != EnvironmentStatus.DEPLOYED:
        return []
    forms = member.running_plan.get("members", ())
    form = next((one for one in forms if one["env_id"] == member.env_id), None)
    if form is None or form["ignored_by"]:
        return []
    tasks = [task for step in form["steps"] for task in step["tasks"] if not task["skipped"]]
    started = {task["target"] for task in tasks if task["kind"] == "service"}
    return [
        service["name"]
        for service in form["services"]
        if service["name"] in started and service["replicas"] and service["workload"] not in seen
    ]


def volumes_of(environment: Environment) -> tuple[str, ...]:
    """Names of the volumes whose data ends with the environment; none where its engine does not
    say."""
    namespace = environment.namespace
    try:
        found = wiring.engine_of(namespace.context).applied(namespace.name)
    except EngineError:
        return ()
    return tuple(one.name for one in found if one.kind == "PersistentVolumeClaim")


def log_of(environment: Environment, instance: str, *, masker: Masker, after: str) -> Log:
    """What one instance of the environment's namespace printed from a position on, at most its
    last lines; raises ``Unseen``."""
    namespace = environment.namespace
    try:
        engine = _engine_with(environment, instance)
        printed = engine.follow_log(namespace.name, instance, position=after, lines=LOG_LINES)
    except EngineError as wrong:
        return Log((), masker.line(str(wrong)), after)
    lines = [masker.line(line) for line in printed.lines]
    return Log(lines, "", printed.position, printed.left_out)


def previous_log_of(environment: Environment, instance: str, *, masker: Masker) -> Log:
    """The last lines of the run before the last start of the instance; raises ``Unseen``."""
    namespace = environment.namespace
    try:
        engine = _engine_with(environment, instance)
        lines = engine.read_previous_log(namespace.name, instance, lines=LOG_LINES)
    except EngineError as wrong:
        return Log((), masker.line(str(wrong)))
    return Log([masker.line(line) for line in lines])


def _engine_with(environment: Environment, instance: str) -> Engine:
    """The engine, if it has this instance; raises ``Unseen``."""
    engine = wiring.engine_of(environment.namespace.context)
    if instance not in {one.name for one in engine.observe(environment.namespace.name)}:
        raise Unseen
    return engine


def has_terminals(environment: Environment) -> bool:
    """Whether the engine of the environment can open terminals in instances."""
    try:
        return wiring.engine_of(environment.namespace.context).traits().has_terminal
    except EngineError:
        return False


def terminal_error(environment: Environment, instance: str, *, masker: Masker) -> str:
    """Why no terminal can be opened in the instance now, "" where one can; raises ``Unseen``
    where there is no such instance, or the engine has no terminals."""
    try:
        traits = _engine_with(environment, instance).traits()
    except EngineError as wrong:
        return masker.line(str(wrong))
    if not traits.has_terminal:
        raise Unseen
    return ""
