"""The plan as plain values: what a deployment will do, shown before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from environments.core.ports import EngineTraits
from environments.core.problems import Problem
from environments.core.resolve import BranchChoice
from environments.core.template.model import (
    AppTemplate,
    Autoscale,
    Chart,
    ImportEntry,
    Port,
    Probe,
    Resources,
    Volume,
)
from environments.core.variables.model import Value, VariablesFile
from environments.core.workflow import PlannedStep


class Act(StrEnum):
    """What a deployment does with a member."""

    APPLY = "apply"
    KEEP = "keep"
    """It runs already and stays as it is; its hosts and variables count."""
    LEAVE_OUT = "leave-out"
    """An ignored import that never ran: nothing of it counts."""


@dataclass(frozen=True, slots=True)
class Member:
    """One environment of the namespace as it goes into the plan.

    ``entry`` is None for the environment itself; ``files`` holds the text of the repository's
    files that ``configmap`` names, by path; ``template_name`` and ``variables_name`` are what
    problems call the two texts.
    """

    application: str
    template: AppTemplate
    variables: VariablesFile
    choice: BranchChoice
    env_id: str
    environment_name: str
    environment_type: str
    version: str = ""
    entry: ImportEntry | None = None
    act: Act = Act.APPLY
    ignored_by: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    excluded: tuple[str, ...] = ()
    comes: bool = False
    """True: this environment does not exist yet."""
    deployment_id: str = ""
    """What ``RELEASE_BUILD_ID`` holds."""

    @property
    def is_imported(self) -> bool:
        """Whether another environment brought it here."""
        return self.entry is not None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the namespace is, and what else is there.

    ``held_hosts``: host name to a sentence on its holder, of other namespaces only.
    ``local_ports``: loopback port by (workload, target port), of replica 0, where given yet.
    ``processes_elsewhere``: instances that other namespaces of this machine run.
    """

    account_id: str
    namespace: str
    context: str
    domains: tuple[str, ...]
    domain: str
    engine: EngineTraits
    ingress_scheme: str
    ingress_port: int
    known_applications: frozenset[str]
    held_hosts: Mapping[str, str] = field(default_factory=dict)
    local_ports: Mapping[tuple[str, int], int] = field(default_factory=dict)
    processes_elsewhere: int = 0
    process_limit: int = 100
    has_registry: bool = False
    """Whether built images are pushed somewhere."""
    names_resolve: bool = True
    """Whether a hosted name resolves for a process on this machine."""


@dataclass(frozen=True, slots=True)
class PlannedWorkload:
    """A service, job or cron job with everything that decides how it runs; texts are final."""

    name: str
    workload: str
    """The label that it has in the engine; a job's gets a suffix for each run."""
    kind: str
    line: int
    has_repo: bool
    image: str
    folder: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    variables: tuple[Value, ...]
    resources: Resources
    replicas: int = 1
    autoscale: Autoscale | None = None
    """On engines that follow it; ``replicas`` are the least of it, then."""
    ports: tuple[Port, ...] = ()
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    files: tuple[tuple[str, str], ...] = ()
    """(mount path, text)"""
    volumes: tuple[Volume, ...] = ()
    node_selector: tuple[tuple[str, str], ...] = ()
    service_account_name: str = ""
    completed_timeout: int = 0
    schedule: str = ""
    """Of a cron job: when it runs, in UTC."""


@dataclass(frozen=True, slots=True)
class PlannedChart:
    """A chart with the values that it is given, later ones win; ``variables`` may be in them."""

    chart: Chart
    workload: str
    """The name of the release."""
    variables: tuple[Value, ...]
    values: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class PlannedHost:
    """One host and path of an exposed service, and the pattern that it came from."""

    application: str
    env_id: str
    service: str
    workload: str
    host: str
    path: str
    url: str
    pattern: str
    target_port: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class PlannedMember:
    """One member of the plan; ``services`` and ``jobs`` are those that the run will have."""

    member: Member
    services: tuple[PlannedWorkload, ...]
    jobs: tuple[PlannedWorkload, ...]
    steps: tuple[PlannedStep, ...]
    cron_jobs: tuple[PlannedWorkload, ...] = ()
    charts: tuple[PlannedChart, ...] = ()

    @property
    def workloads(self) -> tuple[PlannedWorkload, ...]:
        """Everything that it runs itself; what charts bring is theirs."""
        return (*self.services, *self.jobs, *self.cron_jobs)

    def workload(self, kind: str, name: str) -> PlannedWorkload | None:
        """The service, job or cron job of this name."""
        among = [planned for planned in self.workloads if planned.kind == kind]
        return next((planned for planned in among if planned.name == name), None)

    def planned_chart(self, name: str) -> PlannedChart | None:
        """The chart of this name."""
        return next((planned for planned in self.charts if planned.chart.name == name), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """Members in the order of the run, the environment's own last."""

    kind: str
    namespace: str
    members: tuple[PlannedMember, ...]
    hosts: tuple[PlannedHost, ...]
    problems: tuple[Problem, ...]
    digest: str
